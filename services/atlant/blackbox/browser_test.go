package blackbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// askHTTP sends a request with headers, given as names and values, and returns what came back.
func askHTTP(tb testing.TB, method, address string, headers ...string) answer {
	tb.Helper()
	request, err := http.NewRequestWithContext(within(tb), method, address, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return exchangeRequest(tb, request)
}

// listURL is the address of a page of products, for GET.
func (a *atlant) listURL(message string) string {
	query := url.Values{"encoding": {"json"}, "message": {message}, "connect": {"v1"}}
	return a.url + "/atlant.v1.ProductService/List?" + query.Encode()
}

// TestCaches: what a browser keeps is asked for again once prices have moved, and only then.
func TestCaches(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", smallList)
	a.get(t, &atlantv1.FetchRequest{Url: url})
	page := a.listURL(`{"pageSize":2}`)
	first := httpGet(t, page)
	tag := first.header.Get("ETag")
	if tag == "" || first.header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("got %+v", first)
	}
	if got := askHTTP(t, http.MethodGet, page, "If-None-Match", tag); got.status != http.StatusNotModified || got.text != "" {
		t.Errorf("got %+v", got)
	}
	s.sell("/list.csv", strings.ReplaceAll(smallList, "2.25", "2.35"))
	a.get(t, &atlantv1.FetchRequest{Url: url})
	got := askHTTP(t, http.MethodGet, page, "If-None-Match", tag)
	if got.status != http.StatusOK || !strings.Contains(got.text, "2350000") || got.header.Get("ETag") == tag {
		t.Errorf("got %+v", got)
	}
	if status := httpGet(t, a.url+"/atlant.v1.ProjectionService/GetStatus?encoding=json&message=%7B%7D&connect=v1"); status.status != http.StatusOK ||
		status.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %+v", status)
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	const origin = "https://shop.example"
	closed := start(t, t.TempDir())
	open := launch(t, []string{"ATLANT_CORS_ORIGIN=https://a.example," + origin}, upArguments(t.TempDir())...)
	open.awaitUp(t)
	flagged := start(t, t.TempDir(), "--cors-origin", "https://a.example", "--cors-origin", "https://*.example")
	for _, a := range []*atlant{closed, open, flagged} {
		want := origin
		if a == closed {
			want = ""
		}
		preflight := askHTTP(t, http.MethodOptions, a.url+"/atlant.v1.ProductService/List", "Origin", origin,
			"Access-Control-Request-Method", http.MethodPost, "Access-Control-Request-Headers", "connect-protocol-version,content-type")
		call := askHTTP(t, http.MethodGet, a.listURL("{}"), "Origin", origin)
		for _, got := range []answer{preflight, call} {
			if got.header.Get("Access-Control-Allow-Origin") != want {
				t.Errorf("got %+v, want %q", got, want)
			}
		}
		if call.status != http.StatusOK {
			t.Errorf("got %+v", call)
		}
	}
	expectRefusal(t, run(t, upArguments(t.TempDir(), "--cors-origin", "shop.example")...), 2, "--cors-origin", `"shop.example"`)
}
