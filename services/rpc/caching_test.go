package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// tagged is a handler whose answers to GetFetch come with tags, and counts them.
type tagged struct {
	url          string
	http1, http2 *http.Client
	tag          func() (string, error)
	answered     atomic.Int64
	failure      error
}

func newTagged(t testing.TB) *tagged {
	t.Helper()
	g := &tagged{tag: func() (string, error) { return "one", nil }}
	s := &service{answer: func(context.Context) error { g.answered.Add(1); return g.failure }}
	revalidated := rpc.Revalidated(func(context.Context) (string, error) { return g.tag() }, atlantv1connect.FetchServiceGetFetchProcedure)
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewFetchServiceHandler(s,
		append(rpc.Options(slog.New(slog.DiscardHandler)), connect.WithInterceptors(revalidated))...))
	g.url, g.http1, g.http2 = serve(t, mux)
	return g
}

// head is an answer without its body.
type head struct {
	http.Header

	status int
}

// get asks by plain HTTP for a procedure of FetchService.
func (g *tagged) get(t testing.TB, procedure, message string, header ...string) head {
	t.Helper()
	query := url.Values{"encoding": {"json"}, "connect": {"v1"}, "message": {message}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+procedure+"?"+query.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := g.http1.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return head{response.Header, response.StatusCode}
}

const getFetch = `{"id":"` + id + `"}`

func TestRevalidated(t *testing.T) {
	t.Parallel()
	g := newTagged(t)
	first := g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch)
	if first.status != http.StatusOK || first.Get("ETag") != `W/"one"` || first.Get("Cache-Control") != "no-cache" ||
		!strings.Contains(strings.Join(first.Values("Vary"), ","), "Accept-Encoding") {
		t.Fatalf("%d %v", first.status, first.Header)
	}
	for list, status := range map[string]int{
		`W/"one"`: http.StatusNotModified, `"one"`: http.StatusNotModified, `"two", W/"one"`: http.StatusNotModified,
		`"two",W/"one" ,"three"`: http.StatusNotModified,
		`"two"`:                  http.StatusOK, `one`: http.StatusOK, `*`: http.StatusOK, `W/"on"`: http.StatusOK, `"`: http.StatusOK, ``: http.StatusOK,
	} {
		before := g.answered.Load()
		got := g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch, "If-None-Match", list)
		if got.status != status || got.Get("ETag") != `W/"one"` || got.Get("Cache-Control") != "no-cache" {
			t.Errorf("If-None-Match %s: %d %v, want %d", list, got.status, got.Header, status)
		}
		if ran := g.answered.Load() > before; ran != (status == http.StatusOK) {
			t.Errorf("If-None-Match %s: run: %t", list, ran)
		}
	}
	two := g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch, "If-None-Match", `"two"`, "If-None-Match", `"one"`)
	if two.status != http.StatusNotModified {
		t.Errorf("in two headers: %d", two.status)
	}
	g.tag = func() (string, error) { return "two", nil }
	if got := g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch, "If-None-Match", `W/"one"`); got.status != http.StatusOK {
		t.Errorf("after a change: %d", got.status)
	}
}

// The tag is of a moment before the answer is read.
func TestTagIsReadFirst(t *testing.T) {
	t.Parallel()
	g := newTagged(t)
	g.tag = func() (string, error) { return string('a' + rune(g.answered.Load())), nil }
	for _, want := range []string{`W/"a"`, `W/"b"`} {
		if got := g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch).Get("ETag"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestWhatIsNotStored(t *testing.T) {
	t.Parallel()
	g := newTagged(t)
	notStored := func(what string, got head, status int) {
		t.Helper()
		if got.status != status || got.Get("Cache-Control") != "no-store" || got.Get("ETag") != "" {
			t.Errorf("%s: %d %v, want %d", what, got.status, got.Header, status)
		}
	}
	notStored("bad request", g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, `{"id":"x"}`, "If-None-Match", `W/"one"`), http.StatusBadRequest)
	notStored("other procedure", g.get(t, atlantv1connect.FetchServiceListFetchesProcedure, `{}`), http.StatusNotImplemented)
	g.failure = rpc.NotFound("there is none")
	notStored("not found", g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch), http.StatusNotFound)
	g.failure = errors.New("broken")
	notStored("broken", g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch), http.StatusInternalServerError)
	g.tag = func() (string, error) { return "", projections.ErrUnavailable }
	notStored("no tag", g.get(t, atlantv1connect.FetchServiceGetFetchProcedure, getFetch), http.StatusServiceUnavailable)
}

// Generated clients meet tags where there are GET requests, and nowhere else.
func TestRevalidatedProtocols(t *testing.T) {
	t.Parallel()
	g := newTagged(t)
	for name, client := range map[string]atlantv1connect.FetchServiceClient{
		"connect":  atlantv1connect.NewFetchServiceClient(g.http1, g.url),
		"get":      atlantv1connect.NewFetchServiceClient(g.http1, g.url, connect.WithHTTPGet()),
		"grpc":     atlantv1connect.NewFetchServiceClient(g.http2, g.url, connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewFetchServiceClient(g.http1, g.url, connect.WithGRPCWeb()),
	} {
		request := connect.NewRequest(&atlantv1.GetFetchRequest{Id: id})
		response, err := client.GetFetch(t.Context(), request)
		if err != nil || (response.Header().Get("ETag") != "") != (name == "get") {
			t.Fatalf("%s: %v, %v", name, response, err)
		}
		request = connect.NewRequest(&atlantv1.GetFetchRequest{Id: id})
		request.Header().Set("If-None-Match", `W/"one"`)
		if _, err := client.GetFetch(t.Context(), request); connect.IsNotModifiedError(err) != (name == "get") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A message that is no base64 is the client's fault.
func TestGetBase64(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(context.Context) error { return nil }}
	handler := rpc.NewHandler(func(context.Context) error { return nil }, rpc.Mount(atlantv1connect.FetchServiceName)(
		atlantv1connect.NewFetchServiceHandler(s, rpc.Options(slog.New(slog.DiscardHandler))...)))
	address, client, _ := serve(t, handler)
	for message, status := range map[string]int{
		"eyJpZCI6IjAxOTlkM2EwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSJ9": http.StatusOK,
		"eyJpZCI6IngifQ==": http.StatusBadRequest, // no id
		"!!":               http.StatusBadRequest,
		"a":                http.StatusBadRequest,
	} {
		query := url.Values{"connect": {"v1"}, "encoding": {"json"}, "base64": {"1"}, "message": {message}}
		response, err := client.Get(address + atlantv1connect.FetchServiceGetFetchProcedure + "?" + query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		var refused struct{ Code, Message string }
		if status != http.StatusOK {
			err = json.NewDecoder(response.Body).Decode(&refused)
		}
		response.Body.Close()
		if err != nil || response.StatusCode != status || (status != http.StatusOK) != (refused.Code == "invalid_argument") {
			t.Errorf("%s: %d %+v, error %v", message, response.StatusCode, refused, err)
		}
	}
}
