package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// counter is a service that takes uploads of so many bytes, with clients over each protocol.
type counter struct {
	*plant
	server  *httptest.Server
	clients map[string]atlantv1connect.FetchServiceClient
}

func newCounter(tb testing.TB, maxListBytes int64) *counter {
	tb.Helper()
	c := &counter{plant: newPlant(tb), clients: map[string]atlantv1connect.FetchServiceClient{}}
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewFetchServiceHandler(NewService(c.log, c.views, maxListBytes), rpc.Options(quiet)...))
	c.server = httptest.NewUnstartedServer(mux)
	c.server.Config.Protocols = &http.Protocols{}
	c.server.Config.Protocols.SetHTTP1(true)
	c.server.Config.Protocols.SetUnencryptedHTTP2(true)
	c.server.Start()
	tb.Cleanup(c.server.Close)
	for name, over := range map[string]struct {
		http2   bool
		options []connect.ClientOption
	}{
		"connect":            {false, nil},
		"connect with JSON":  {false, []connect.ClientOption{connect.WithProtoJSON()}},
		"connect over HTTP2": {true, nil},
		"gRPC":               {true, []connect.ClientOption{connect.WithGRPC(), connect.WithSendGzip()}},
		"gRPC-web":           {false, []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		transport := &http.Transport{Protocols: &http.Protocols{}}
		transport.Protocols.SetHTTP1(!over.http2)
		transport.Protocols.SetUnencryptedHTTP2(over.http2)
		tb.Cleanup(transport.CloseIdleConnections)
		c.clients[name] = atlantv1connect.NewFetchServiceClient(&http.Client{Transport: transport}, c.server.URL, over.options...)
	}
	return c
}

// upload sends the messages one after the other.
func upload(
	ctx context.Context, client atlantv1connect.FetchServiceClient, all ...*atlantv1.UploadRequest,
) (*atlantv1.UploadResponse, error) {
	stream := client.Upload(ctx)
	for _, message := range all {
		if err := stream.Send(message); err != nil && !errors.Is(err, io.EOF) { // the answer says why it wants no more
			return nil, err
		}
	}
	response, err := stream.CloseAndReceive()
	if err != nil {
		return nil, err
	}
	return response.Msg, nil
}

// pieces cuts a list into messages.
func pieces(fileName string, list []byte, size int) []*atlantv1.UploadRequest {
	all := []*atlantv1.UploadRequest{{FileName: fileName}}
	for len(list) > 0 {
		n := min(size, len(list))
		all = append(all, &atlantv1.UploadRequest{Data: list[:n]})
		list = list[n:]
	}
	return all
}

func (c *counter) mustUpload(tb testing.TB, fileName, list string) string {
	tb.Helper()
	response, err := upload(tb.Context(), c.clients["connect"], pieces(fileName, []byte(list), 1000)...)
	if err != nil {
		tb.Fatal(err)
	}
	return response.GetUrl()
}

// wantKept checks whether a list is kept.
func (c *counter) wantKept(tb testing.TB, list []byte, want bool) {
	tb.Helper()
	var got bytes.Buffer
	_, err := c.log.Uploads().GetList(tb.Context(), events.ListSum(sha256.Sum256(list)).String(), &got)
	switch {
	case want && (err != nil || !bytes.Equal(got.Bytes(), list)):
		tb.Errorf("got %d bytes, %v; want %d", got.Len(), err, len(list))
	case !want && !errors.Is(err, events.ErrNoList):
		tb.Errorf("got %d bytes, %v; want none", got.Len(), err)
	}
}

func TestUpload(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 0)
	for name, client := range c.clients {
		for _, size := range []int{1, 1000, 1 << 20} { // a mebibyte is the most that a message may bring
			list := bytes.Repeat([]byte(name+";1.50\n"), size/len(name)+1)
			response, err := upload(t.Context(), client, pieces("my list.csv", list, size)...)
			if err != nil {
				t.Fatalf("%s, by %d bytes: %v", name, size, err)
			}
			sum := events.ListSum(sha256.Sum256(list))
			if response.GetUrl() != UploadURL(sum, "my list.csv") || response.GetSha256() != sum.String() || response.GetBytes() != int64(len(list)) {
				t.Errorf("%s: got %v", name, response)
			}
			c.wantKept(t, list, true)
		}
	}
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	const limit = 5000
	c := newCounter(t, limit)
	list := []byte(strings.Repeat("a;1\n", limit/4))
	for name, test := range map[string]struct {
		messages []*atlantv1.UploadRequest
		want     string
	}{
		"nothing at all":   {nil, "file_name"},
		"no name":          {[]*atlantv1.UploadRequest{{Data: list}}, "file_name"},
		"a name that lags": {[]*atlantv1.UploadRequest{{Data: list}, {FileName: "a.csv"}}, "file_name"},
		"another name":     {[]*atlantv1.UploadRequest{{FileName: "a.csv", Data: list}, {FileName: "b.csv"}}, "file_name"},
		"a folder":         {pieces("lists/a.csv", list, 100), "file_name"},
		"a Windows folder": {pieces(`lists\a.csv`, list, 100), "file_name"},
		"no file":          {pieces("..", list, 100), "file_name"},
		"a control":        {pieces("a\x00b.csv", list, 100), "file_name"},
		"another control":  {pieces("a\u0085b.csv", list, 100), "file_name"},
		"a long name":      {pieces(strings.Repeat("x", 256), list, 100), "file_name"},
		"an empty list":    {pieces("a.csv", nil, 100), "empty"},
		"a list too large": {pieces("a.csv", append(list, '\n'), 100), "larger than 5000 bytes"},
		"a large piece":    {pieces("a.csv", bytes.Repeat([]byte{'a'}, 1<<20+1), 2<<20), "data"},
		"a larger piece":   {pieces("a.csv", bytes.Repeat([]byte{'a'}, 4<<20), 8<<20), "larger than"},
	} {
		for protocol, client := range c.clients {
			_, err := upload(t.Context(), client, test.messages...)
			code := connect.CodeOf(err)
			if code != connect.CodeInvalidArgument && code != connect.CodeResourceExhausted || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %s: got %v, want %q", name, protocol, err, test.want)
			}
			var sent []byte
			for _, message := range test.messages {
				sent = append(sent, message.GetData()...)
			}
			c.wantKept(t, sent, false)
		}
	}
	for protocol, client := range c.clients {
		if _, err := upload(t.Context(), client, pieces("a.csv", list, 99)...); err != nil { // as long as a list may be
			t.Errorf("%s: %v", protocol, err)
		}
	}
}

// A client that goes away leaves nothing, even if what it sent ends with a message.
func TestUploadThatBreaksOff(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 0)
	whole := []byte(strings.Repeat("a;1\n", 1<<20/4))
	for _, client := range c.clients {
		ctx, hangUp := context.WithCancel(t.Context())
		stream := client.Upload(ctx)
		for _, message := range pieces("a.csv", whole, 1<<18) {
			if err := stream.Send(message); err != nil {
				t.Fatal(err)
			}
		}
		hangUp()
	}
	c.server.Close() // waits until the server is done with them
	c.wantKept(t, whole, false)
	for n := 1 << 18; n < len(whole); n += 1 << 18 {
		c.wantKept(t, whole[:n], false)
	}
}

func TestFetchOfAnUpload(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 0)
	f := c.fetcher(t, "v1", quiet)
	request := &atlantv1.FetchRequest{Url: c.mustUpload(t, "prices.csv", "Tea;1.50\nMilk;2\nSalt;?\n")}
	got := c.fetch(t, f, request)
	if got.GetState() != completed || got.GetUrl() != request.GetUrl() || got.GetAccepted() != 2 || got.GetRejected() != 1 || got.GetBytes() != 23 {
		t.Errorf("got %v", got)
	}
	// The same list once more; it need not even be read.
	if again := c.mustUpload(t, "prices.csv", "Tea;1.50\nMilk;2\nSalt;?\n"); again != request.GetUrl() {
		t.Errorf("it is now %s", again)
	}
	sum, _, _ := ParseUploadURL(request.GetUrl())
	if err := c.log.Uploads().DeleteList(t.Context(), sum.String()); err != nil {
		t.Fatal(err)
	}
	if got := c.fetch(t, f, request); got.GetState() != notModified {
		t.Errorf("got %v", got)
	}
	request.Force = true
	got = c.fetch(t, f, request)
	if got.GetState() != failed || !strings.Contains(got.GetError(), "upload it again") {
		t.Errorf("got %v", got)
	}
	other := &atlantv1.FetchRequest{Url: c.mustUpload(t, "prices.csv", "Tea;1.75\n")}
	if got := c.fetch(t, f, other); got.GetState() != completed || got.GetPublished() != 1 {
		t.Errorf("got %v", got)
	}
}

func TestFetchOfAPackedUpload(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 0)
	f := c.fetcher(t, "v1", quiet)
	url := c.mustUpload(t, "prices.csv.gz", string(gzipped(t, "Tea;1.50\n")))
	if got := c.fetch(t, f, &atlantv1.FetchRequest{Url: url}); got.GetState() != completed || got.GetPublished() != 1 {
		t.Errorf("got %v", got)
	}
}

func TestFetchOfAnUploadThatCannotBeHad(t *testing.T) {
	t.Parallel()
	c := newCounter(t, 0)
	f := c.fetcher(t, "v1", quiet)
	f.downloader.maxBytes = 5000
	swapped := events.ListSum{1, 2, 3}
	if _, err := c.log.Uploads().PutList(t.Context(), swapped.String(), strings.NewReader("Tea;1.50\n")); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ url, want string }{
		"never uploaded": {UploadURL(events.ListSum{}, "a.csv"), "never was uploaded here: upload it again"},
		"too large":      {c.mustUpload(t, "large.csv", strings.Repeat("a;1\n", 5001)), "larger than 5000 bytes"},
		"another list":   {UploadURL(swapped, "a.csv"), "damaged where it is kept: upload it again"},
	} {
		got := c.fetch(t, f, &atlantv1.FetchRequest{Url: test.url})
		if got.GetState() != failed || !strings.Contains(got.GetError(), test.want) || got.GetPublished() != 0 {
			t.Errorf("%s: got %v", name, got)
		}
		if n := filesIn(t, f.spool); n != 0 {
			t.Errorf("%s: %d files are left in the spool", name, n)
		}
	}
}
