package blackbox_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// listOf returns a list of exactly n bytes: two rows, of which one has a long name, and blanks at the end.
func listOf(n int) string {
	const rest = header + "Tea;3\n"
	const most = 500 // of a name
	name := strings.Repeat("x", min(most, n-len(rest)-len(";1\n")))
	text := rest + name + ";1\n"
	return text + strings.Repeat(" ", n-len(text)-1) + "\n"
}

// TestLargestList: the limit is exact, however the list comes.
func TestLargestList(t *testing.T) {
	t.Parallel()
	const limit = 5000
	a, s := startOpen(t, "--max-list-bytes", fmt.Sprint(limit)), newShop(t)
	for way, serve := range map[string]func(text string) http.HandlerFunc{
		"announced": func(text string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(text)))
				textList(text)(w, r)
			}
		},
		"in-chunks": func(text string) http.HandlerFunc { return slowList(text, 7, 0) },
		"gzip":      func(text string) http.HandlerFunc { return encoded("gzip", gzipped(t, []byte(text))) },
	} {
		for _, size := range []int{limit - 1, limit, limit + 1, 100 * limit} {
			name := fmt.Sprintf("%s-%d", way, size)
			url := s.handle("/"+name, serve(listOf(size)))
			fetch := a.await(t, a.ask(t, &atlantv1.FetchRequest{Url: url, Source: name}).GetId())
			fits := size <= limit
			if fits && (fetch.GetState() != completed || fetch.GetBytes() != int64(size) || fetch.GetAccepted() != 2) {
				t.Errorf("%s: got %v", name, fetch)
			}
			if !fits && (fetch.GetState() != failed || !strings.Contains(fetch.GetError(), "larger than 5000 bytes")) {
				t.Errorf("%s: got %v", name, fetch)
			}
			if asked := s.asked("/" + name); asked != 1 {
				t.Errorf("%s: asked %d times", name, asked)
			}
		}
	}
}

// TestEndlessList: a body without end is given up, and the connection with it.
func TestEndlessList(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t, "--max-list-bytes", "100000"), newShop(t)
	left := make(chan struct{})
	url := s.handle("/endless", func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		for n := 0; r.Context().Err() == nil; n++ {
			if _, err := fmt.Fprintf(w, "product %d;%d\n", n, n); err != nil {
				return
			}
		}
	})
	fetch := a.await(t, a.ask(t, &atlantv1.FetchRequest{Url: url}).GetId())
	if fetch.GetState() != failed || !strings.Contains(fetch.GetError(), "larger than 100000 bytes") {
		t.Errorf("got %v", fetch)
	}
	<-left
	if last, _ := a.prices(t); last != 0 || a.total(t, "") != 0 {
		t.Errorf("the price log holds %d messages", last)
	}
}
