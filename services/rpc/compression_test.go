package rpc_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// echo answers with the page token asked for as the next one.
type echo struct {
	atlantv1connect.UnimplementedFetchServiceHandler
}

func (echo) ListFetches(
	_ context.Context, r *connect.Request[atlantv1.ListFetchesRequest],
) (*connect.Response[atlantv1.ListFetchesResponse], error) {
	return connect.NewResponse(&atlantv1.ListFetchesResponse{NextPageToken: r.Msg.GetPageToken()}), nil
}

func serveEcho(t testing.TB) (url string, http1, http2 *http.Client) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewFetchServiceHandler(echo{}, rpc.Options(slog.New(slog.DiscardHandler))...))
	return serve(t, mux)
}

func TestCompression(t *testing.T) {
	t.Parallel()
	url, _, _ := serveEcho(t)
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	for _, test := range []struct {
		size   int
		accept string
		want   string
	}{
		{10_000, "gzip", ""},
		{20_000, "gzip", "gzip"},
		{20_000, "gzip, deflate, br, zstd", "gzip"},
		{20_000, "", ""},
		{20_000, "identity", ""},
		{20_000, "zstd", ""},
	} {
		text := strings.Repeat("x", test.size)
		sent, err := protojson.Marshal(&atlantv1.ListFetchesRequest{PageToken: text})
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+atlantv1connect.FetchServiceListFetchesProcedure, bytes.NewReader(sent))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept-Encoding", test.accept)
		response, err := plain.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.Header.Get("Content-Encoding") != test.want {
			t.Fatalf("%+v: %v, %v", test, response.Header, err)
		}
		if test.want != "" {
			if len(body) > test.size/2 {
				t.Errorf("%+v: %d bytes", test, len(body))
			}
			unpacked, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(unpacked); err != nil {
				t.Fatal(err)
			}
		}
		var got atlantv1.ListFetchesResponse
		if err := protojson.Unmarshal(body, &got); err != nil || got.GetNextPageToken() != text {
			t.Errorf("%+v: %v, %v", test, &got, err)
		}
	}
}

// Generated clients accept gzip by themselves, and may send it, over each protocol.
func TestCompressionProtocols(t *testing.T) {
	t.Parallel()
	url, http1, http2 := serveEcho(t)
	text := strings.Repeat("some text ", 10_000)
	for name, client := range map[string]atlantv1connect.FetchServiceClient{
		"connect":  atlantv1connect.NewFetchServiceClient(http1, url, connect.WithSendGzip()),
		"json":     atlantv1connect.NewFetchServiceClient(http1, url, connect.WithSendGzip(), connect.WithProtoJSON()),
		"grpc":     atlantv1connect.NewFetchServiceClient(http2, url, connect.WithSendGzip(), connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewFetchServiceClient(http1, url, connect.WithSendGzip(), connect.WithGRPCWeb()),
		"none":     atlantv1connect.NewFetchServiceClient(http1, url, connect.WithAcceptCompression("gzip", nil, nil)),
	} {
		response, err := client.ListFetches(t.Context(), connect.NewRequest(&atlantv1.ListFetchesRequest{PageToken: text}))
		if err != nil || response.Msg.GetNextPageToken() != text {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// What unpacks to more than a request may hold is refused, however small it is packed.
func TestCompressedRequestsAreBounded(t *testing.T) {
	t.Parallel()
	url, http1, http2 := serveEcho(t)
	for name, client := range map[string]atlantv1connect.FetchServiceClient{
		"connect":  atlantv1connect.NewFetchServiceClient(http1, url, connect.WithSendGzip()),
		"grpc":     atlantv1connect.NewFetchServiceClient(http2, url, connect.WithSendGzip(), connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewFetchServiceClient(http1, url, connect.WithSendGzip(), connect.WithGRPCWeb()),
	} {
		request := connect.NewRequest(&atlantv1.ListFetchesRequest{PageToken: strings.Repeat("x", 50<<20)})
		if _, err := client.ListFetches(t.Context(), request); connect.CodeOf(err) != connect.CodeResourceExhausted {
			t.Errorf("%s: %v", name, err)
		}
	}
}
