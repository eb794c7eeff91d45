package rpc_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// readiness is what a handler asks.
type readiness struct{ failure atomic.Pointer[error] }

func (r *readiness) check(context.Context) error {
	if failure := r.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}

func (r *readiness) set(err error) { r.failure.Store(&err) }

func handler(ready func(context.Context) error) http.Handler {
	s := &service{answer: func(context.Context) error { return nil }}
	return rpc.NewHandler(ready, rpc.Mount(atlantv1connect.FetchServiceName)(
		atlantv1connect.NewFetchServiceHandler(s, rpc.Options(slog.New(slog.DiscardHandler))...)))
}

func ask(t testing.TB, client *http.Client, method, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSuffix(string(text), "\n")
}

func TestProbes(t *testing.T) {
	t.Parallel()
	var ready readiness
	url, http1, http2 := serve(t, handler(ready.check))
	for _, client := range []*http.Client{http1, http2} {
		want := func(path string, wantStatus int, wantBody string) {
			t.Helper()
			if status, body := ask(t, client, http.MethodGet, url+path); status != wantStatus || body != wantBody {
				t.Errorf("%s: %d %q, want %d %q", path, status, body, wantStatus, wantBody)
			}
		}
		ready.set(nil)
		want("/healthz", http.StatusOK, "ok")
		want("/readyz", http.StatusOK, "ok")
		ready.set(errors.New("the views cannot be read"))
		want("/healthz", http.StatusOK, "ok") // starting it again would not help
		want("/readyz", http.StatusServiceUnavailable, "the views cannot be read")
	}
	if status, _ := ask(t, http1, http.MethodPost, url+"/readyz"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
	if status, _ := ask(t, http1, http.MethodGet, url+"/nothing"); status != http.StatusNotFound {
		t.Errorf("/nothing: %d", status)
	}
}

// A readiness check that hangs is answered all the same.
func TestReadyzIsBounded(t *testing.T) {
	t.Parallel()
	url, client, _ := serve(t, handler(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
	began := time.Now()
	if status, _ := ask(t, client, http.MethodGet, url+"/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("%d", status)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestGRPCHealth(t *testing.T) {
	t.Parallel()
	var ready readiness
	url, _, client := serve(t, handler(ready.check))
	health := grpchealth.NewClient(client, url, connect.WithGRPC())
	for _, test := range []struct {
		service string
		failure error
		want    grpchealth.Status
		code    connect.Code
	}{
		{"", nil, grpchealth.StatusServing, 0},
		{atlantv1connect.FetchServiceName, nil, grpchealth.StatusServing, 0},
		{"", errors.New("down"), grpchealth.StatusNotServing, 0},
		{atlantv1connect.FetchServiceName, errors.New("down"), grpchealth.StatusNotServing, 0},
		{"no.such.Service", nil, 0, connect.CodeNotFound},
	} {
		ready.set(test.failure)
		got, err := health.Check(t.Context(), &grpchealth.CheckRequest{Service: test.service})
		switch {
		case test.code != 0:
			if connect.CodeOf(err) != test.code {
				t.Errorf("%q: %v", test.service, err)
			}
		case err != nil || got.Status != test.want:
			t.Errorf("%q while ready is %v: %v, %v", test.service, test.failure, got, err)
		}
	}
}

func TestReflection(t *testing.T) {
	t.Parallel()
	url, _, client := serve(t, handler(func(context.Context) error { return nil }))
	stream := grpcreflect.NewClient(client, url, connect.WithGRPC()).NewStream(t.Context())
	defer stream.Close()
	names, err := stream.ListServices()
	if err != nil || len(names) != 1 || string(names[0]) != atlantv1connect.FetchServiceName {
		t.Fatalf("%v, %v", names, err)
	}
	files, err := stream.FileContainingSymbol(names[0])
	if err != nil || !slices.ContainsFunc(files, func(f *descriptorpb.FileDescriptorProto) bool { return f.GetName() == "atlant/v1/fetch.proto" }) {
		t.Fatalf("%v, %v", files, err)
	}
}

// A request may not fill the memory.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(context.Context) error { return nil }}
	for name, call := range calls(t, s, slog.New(slog.DiscardHandler)) {
		if strings.HasPrefix(name, "get ") {
			continue // a URL is bounded by the server before
		}
		if err := call(t.Context(), strings.Repeat("x", 2<<20)); connect.CodeOf(err) != connect.CodeResourceExhausted {
			t.Errorf("%s: %v", name, err)
		}
	}
}
