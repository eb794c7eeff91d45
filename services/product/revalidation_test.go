package product_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/product"
	"github.com/atlant-log/atlant/services/rpc"
)

// cached is what a cache has: answers with their tags, by procedure.
type cached struct {
	url, version string
	live         projections.LiveViews
	messages     map[string]string
	tags, bodies map[string]string
}

func (c *cached) serve(t testing.TB) {
	t.Helper()
	service := product.NewService(c.live, noLog{}, noLists{})
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewProductServiceHandler(service,
		append(rpc.Options(slog.New(slog.DiscardHandler)), connect.WithInterceptors(service.Revalidation(c.version)))...))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	c.url = srv.URL
}

// refresh asks whether all answers still hold, as a browser does, and takes the new ones. It returns how many did not hold.
func (c *cached) refresh(t testing.TB) int {
	t.Helper()
	renewed := 0
	for procedure, message := range c.messages {
		query := url.Values{"encoding": {"json"}, "connect": {"v1"}, "message": {message}}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+procedure+"?"+query.Encode(), nil)
		wantNoError(t, err)
		if tag := c.tags[procedure]; tag != "" {
			request.Header.Set("If-None-Match", tag)
		}
		response, err := http.DefaultClient.Do(request)
		wantNoError(t, err)
		body, err := io.ReadAll(response.Body)
		wantNoError(t, err)
		wantNoError(t, response.Body.Close())
		switch {
		case response.StatusCode == http.StatusOK && response.Header.Get("ETag") != "" && response.Header.Get("Cache-Control") == "no-cache":
			renewed++
			c.tags[procedure], c.bodies[procedure] = response.Header.Get("ETag"), string(body)
		case response.StatusCode != http.StatusNotModified || len(body) > 0:
			t.Fatalf("%s: %d %v %s", procedure, response.StatusCode, response.Header, body)
		}
	}
	return renewed
}

// What a cache has is asked for again when the views have moved, and only then.
func TestRevalidation(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 1, observe("default", "x", 1, 0))
	id := events.NewProductID("default", "x").String()
	c := &cached{
		version: "1", live: projections.Fixed{Views: store}, tags: map[string]string{}, bodies: map[string]string{},
		messages: map[string]string{
			atlantv1connect.ProductServiceListProcedure:        `{}`,
			atlantv1connect.ProductServiceGetProcedure:         `{"id":"` + id + `"}`,
			atlantv1connect.ProductServiceListChangesProcedure: `{"productId":"` + id + `"}`,
		},
	}
	c.serve(t)
	want := func(what string, renewed int) {
		t.Helper()
		if got := c.refresh(t); got != renewed {
			t.Errorf("%s: %d answers were renewed, want %d", what, got, renewed)
		}
	}
	all := len(c.messages)
	want("at first", all)
	want("nothing happened", 0)
	for n := range 5 {
		before := c.bodies[atlantv1connect.ProductServiceListChangesProcedure]
		project(t, store, uint64(2+n), observe("default", "x", int64(2+n), 1+n))
		want("a price changed", all)
		if c.bodies[atlantv1connect.ProductServiceListChangesProcedure] == before {
			t.Error("the change is not in what was renewed")
		}
		want("nothing happened since", 0)
	}
	c.version = "2"
	c.serve(t)
	want("another version of the program", all)
}

// Where the tag cannot be read nothing is answered.
func TestRevalidationOfBrokenStore(t *testing.T) {
	t.Parallel()
	c := &cached{version: "1", live: projections.Fixed{Views: broken{newViews(t)}}}
	c.serve(t)
	response, err := http.Get(c.url + atlantv1connect.ProductServiceListProcedure + "?encoding=json&message=%7B%7D&connect=v1")
	wantNoError(t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusInternalServerError || response.Header.Get("ETag") != "" {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
}
