package blackbox_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const tries = 3 // of a download that fails in a way that may pass

// badList is a list that cannot be had or read.
type badList struct {
	name  string
	serve http.HandlerFunc
	says  string // a part of the error
	asked int    // how often it is asked for; 0 if that does not matter
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(smallList)) // even if there is a list, it is not what was asked for
	}
}

// encoded serves bytes with a content encoding.
func encoded(encoding string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	}
}

func binary(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// shortBody announces more than it sends.
func shortBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(smallList))
}

// brokenOff ends the connection in the middle of a body of unknown length.
func brokenOff(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte(smallList))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// noise are bytes like those of /dev/urandom, the same in each run.
func noise(n int) []byte {
	chance := rand.NewChaCha8([32]byte{1})
	bytes := make([]byte, n)
	_, _ = chance.Read(bytes) // it never fails
	return bytes
}

func badLists(tb testing.TB) []badList {
	tb.Helper()
	packed := gzipped(tb, []byte(list(thousandRows())))
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-6] ^= 0xFF // in its checksum
	return []badList{
		{"not-found", status(http.StatusNotFound), "404 Not Found", 1},
		{"forbidden", status(http.StatusForbidden), "403 Forbidden", 1},
		{"no-content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "204 No Content", 1},
		{"partial", status(http.StatusPartialContent), "206 Partial Content", 1},
		{"server-error", status(http.StatusInternalServerError), "500 Internal Server Error", tries},
		{"too-many", status(http.StatusTooManyRequests), "429 Too Many Requests", tries},
		{"html", textList("<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>a;1</body></html>"), `HTML (its title is "Log in")`, 1},
		{"json", textList(`{"products": [{"name": "Milk", "price": 1.5}]}`), "JSON", 1},
		{"empty", textList(""), "the list is empty", 1},
		{"blank", textList("\r\n \n\n"), "the list is empty", 1},
		{"header-only", textList(header), "a header but no rows", 1},
		{"short-body", shortBody, fmt.Sprintf("cut off: the connection ended after %d of 1000 bytes", len(smallList)), tries},
		{"broken-off", brokenOff, "cut off", tries},
		{"gzip-cut-off", encoded("gzip", packed[:len(packed)/2]), "cut off", tries},
		{"gzip-head-cut-off", encoded("gzip", packed[:5]), "cut off", tries},
		{"gzip-damaged", encoded("gzip", damaged), "damaged", tries},
		{"gzip-not", encoded("gzip", []byte(smallList)), "calls the list gzip, but it is not", 1},
		{"gzip-file-cut-off", binary(packed[:len(packed)/2]), "this is gzip, and cut off", 1},
		{"gzip-file-bomb", binary(gzipped(tb, make([]byte, 40<<20))), "a bomb", 1},
		{"gzip-bomb", encoded("gzip", gzipped(tb, make([]byte, 40<<20))), "compression bomb", 1},
		{"brotli", encoded("br", []byte(smallList)), `content encoding "br"`, 1},
		{"noise", binary(noise(100_000)), "binary data", 1},
		{"png", binary(append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), noise(1000)...)), "image/png", 1},
		{"zip", binary(append([]byte("PK\x03\x04\x14\x00\x00\x00\x08\x00"), noise(1000)...)), "ZIP archive", 1},
		{"zipped-page", binary(zipped(tb, "list.csv", "<!DOCTYPE html><title>Log in</title>")), `HTML (its title is "Log in")`, 1},
		{"zip-of-two", binary(zipped(tb, "a.csv", smallList, "b.csv", smallList)), `like #a.csv; there are "a.csv", "b.csv"`, 1},
		{"doubt", textList("R\xF8dgr\xF8d;1\n\xD8l;2\nBr\xF8d;3\n"), `could be windows-1252 ("Rødgrød") or`, 1},
		{"redirect-loop", redirect("redirect-loop"), "redirected more than 10 times", 0},
		{"redirect-file", redirect("file:///etc/passwd"), "redirect", 1},
		{"redirect-nowhere", redirect("http://"), "redirect", 1},
		{"open-quote", textList(smallList + "\"Cheese;4.50\n"), "still open at the end of the list", 1},
		{"one-column", textList("Milk\nBread\nTea\n"), "", 1},
		{"marks", textList("a;1.50\nb;2,50\n"), "csv.decimal_mark", 1},
		{"gone", nil, "cannot be reached", 0},
	}
}

// TestBadLists: each fetch fails with an error of its own, and nothing of it is published.
func TestBadLists(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t, "--fetchers", "16"), newShop(t)
	lists := badLists(t)
	ids := make([]string, len(lists))
	for i, l := range lists {
		url := "http://" + closedPort(t) + "/list.csv"
		if l.serve != nil {
			url = s.handle("/"+l.name, l.serve)
		}
		ids[i] = a.ask(t, &atlantv1.FetchRequest{Url: url, Source: l.name}).GetId()
	}
	for i, l := range lists {
		l.expectFailed(t, a, s, ids[i])
	}
	if last, _ := a.prices(t); last != 0 {
		t.Errorf("the price log holds %d messages, want none", last)
	}
}

func (l badList) expectFailed(t *testing.T, a *atlant, s *shop, id string) {
	t.Helper()
	fetch := a.await(t, id)
	if fetch.GetState() != failed || fetch.GetError() == "" || !strings.Contains(fetch.GetError(), l.says) {
		t.Errorf("%s: got %v, want it failed with %q", l.name, fetch, l.says)
	}
	if fetch.GetPublished() != 0 || fetch.GetPosition() != "" || fetch.GetEndedAt() == nil {
		t.Errorf("%s: got %v", l.name, fetch)
	}
	if got := a.total(t, l.name); got != 0 {
		t.Errorf("%s: got %d products", l.name, got)
	}
	if got := s.asked("/" + l.name); l.asked > 0 && got != l.asked {
		t.Errorf("%s: asked %d times, want %d: %s", l.name, got, l.asked, fetch.GetError())
	}
}

// closedPort returns an address at which nobody listens.
func closedPort(tb testing.TB) string {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // nobody came
	return listener.Addr().String()
}

// TestFailureThenSuccess: what failed at first and then works is fetched, and the error of the attempt is gone.
func TestFailureThenSuccess(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.handle("/list.csv", func(w http.ResponseWriter, r *http.Request) {
		switch s.asked(r.URL.Path) {
		case 1:
			status(http.StatusServiceUnavailable)(w, r)
		case 2:
			shortBody(w, r)
		default:
			textList(smallList)(w, r)
		}
	})
	fetch := a.get(t, &atlantv1.FetchRequest{Url: url})
	counts{3, 3, 0, 0, 3}.expect(t, fetch)
	if fetch.GetError() != "" || s.asked("/list.csv") != 3 {
		t.Errorf("asked %d times, got %v", s.asked("/list.csv"), fetch)
	}
}
