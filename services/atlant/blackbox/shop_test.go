package blackbox_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// shop serves price lists on loopback and counts how often each is asked for.
type shop struct {
	URL    string
	closed chan struct{} // closed when the test is over, so that no handler waits for ever

	mu    sync.Mutex
	lists map[string]http.HandlerFunc
	asks  map[string]int
}

func newShop(tb testing.TB) *shop {
	tb.Helper()
	s := &shop{closed: make(chan struct{}), lists: map[string]http.HandlerFunc{}, asks: map[string]int{}}
	server := httptest.NewServer(s)
	s.URL = server.URL
	tb.Cleanup(func() {
		close(s.closed)
		server.Close()
	})
	return s
}

// ServeHTTP implements http.Handler.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asks[r.URL.Path]++
	list := s.lists[r.URL.Path]
	s.mu.Unlock()
	if list == nil {
		http.NotFound(w, r)
		return
	}
	list(w, r)
}

// handle serves a path in a way of its own and returns its URL.
func (s *shop) handle(path string, list http.HandlerFunc) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[path] = list
	return s.URL + path
}

// sell serves a text under a path, in place of what was there before.
func (s *shop) sell(path, text string) string { return s.handle(path, textList(text)) }

// asked returns how often a path was asked for.
func (s *shop) asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asks[path]
}

// visits returns how often anything was asked for.
func (s *shop) visits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for _, n := range s.asks {
		sum += n
	}
	return sum
}

// sellLater serves a text under a path, but answers only once open is called.
func (s *shop) sellLater(path, text string) (url string, open func()) {
	opened := make(chan struct{})
	url = s.handle(path, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-opened:
			textList(text)(w, r)
		case <-r.Context().Done():
		case <-s.closed:
		}
	})
	return url, sync.OnceFunc(func() { close(opened) })
}

func textList(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// slowList writes a text in pieces with pauses between.
func slowList(text string, pieces int, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := range pieces {
			_, _ = w.Write([]byte(text[i*len(text)/pieces : (i+1)*len(text)/pieces]))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(pause):
			}
		}
	}
}

// item is a row of a list.
type item struct {
	name  string
	cents int64
}

func (i item) micros() int64 { return i.cents * 10_000 }

const header = "PRODUCT NAME;PRICE\n"

// list writes items as a list; item i is on line i+2.
func list(items []item) string {
	var text strings.Builder
	text.WriteString(header)
	for _, i := range items {
		fmt.Fprintf(&text, "%s;%d.%02d\n", i.name, i.cents/100, i.cents%100)
	}
	return text.String()
}

// zipped packs files, names and texts by turns.
func zipped(tb testing.TB, namesAndTexts ...string) []byte {
	tb.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for i := 0; i < len(namesAndTexts); i += 2 {
		file, err := w.Create(namesAndTexts[i])
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := file.Write([]byte(namesAndTexts[i+1])); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

func gzipped(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// eventuallyf waits until something holds.
func eventuallyf(tb testing.TB, holds func() bool, format string, args ...any) {
	tb.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	tb.Fatalf(format, args...)
}
