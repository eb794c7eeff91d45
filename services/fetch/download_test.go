package fetch

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/atlant-log/atlant/services/outbound"
)

// fetchFrom downloads what a handler serves, at most limit bytes of it.
func fetchFrom(tb testing.TB, limit int64, handler http.HandlerFunc) (string, error) {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	d, t := newTestDownloader(tb, limit), newTransfer(tb, server.URL+"/list.csv")
	err := d.attempt(tb.Context(), t)
	return written(tb, t), err
}

func newTestDownloader(tb testing.TB, limit int64) *downloader {
	tb.Helper()
	d := newDownloader(nil, limit, "atlant/test", nil)
	tb.Cleanup(closeIdle(d))
	return d
}

// closeIdle ends the connections that a downloader keeps for later.
func closeIdle(d *downloader) func() {
	return (&http.Client{Transport: d.transports["http"].(*web).transport}).CloseIdleConnections
}

func newTransfer(tb testing.TB, url string) *transfer {
	tb.Helper()
	file, err := os.Create(filepath.Join(tb.TempDir(), "list.part"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = file.Close() })
	return &transfer{url: url, to: &part{file: file}, progress: func(int64) {}}
}

// written returns what a transfer has written so far.
func written(tb testing.TB, t *transfer) string {
	tb.Helper()
	text, err := os.ReadFile(t.to.file.Name())
	if err != nil || int64(len(text)) != t.to.size {
		tb.Fatalf("%d bytes are there, %d were counted: %v", len(text), t.to.size, err)
	}
	return string(text)
}

func gzipped(tb testing.TB, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, text)
	if err := errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// serveGzip serves bytes that it calls gzip.
func serveGzip(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(data)
	}
}

func serveText(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func TestDownloadDecodesGzip(t *testing.T) {
	t.Parallel()
	got, err := fetchFrom(t, 100, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "gzip" || r.Header.Get("User-Agent") != "atlant/test" {
			t.Errorf("asked with %v", r.Header)
		}
		serveGzip(gzipped(t, "a;1\nb;2\n"))(w, r)
	})
	if err != nil || got != "a;1\nb;2\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

// Content encodings that were not asked for are undone all the same, if they can be.
func TestDownloadDecodesZstd(t *testing.T) {
	t.Parallel()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed := w.EncodeAll([]byte("a;1\nb;2\n"), nil)
	for _, data := range [][]byte{packed, packed[:len(packed)/2], []byte("a;1\n")} {
		got, err := fetchFrom(t, 100, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "zstd")
			_, _ = w.Write(data)
		})
		switch {
		case len(data) == len(packed) && (err != nil || got != "a;1\nb;2\n"), len(data) == 4 && isTransient(err):
			t.Errorf("got %q, %v", got, err)
		case len(data) == len(packed)/2 && (!isTransient(err) || !strings.Contains(err.Error(), "cut off")):
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestDownloadOfNothing(t *testing.T) {
	t.Parallel()
	for _, serve := range []http.HandlerFunc{serveText(""), serveGzip(nil), serveGzip(gzipped(t, ""))} {
		if got, err := fetchFrom(t, 100, serve); err != nil || got != "" {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

func TestDownloadLimit(t *testing.T) {
	t.Parallel()
	for size, ok := range map[int]bool{99: true, 100: true, 101: false} {
		text := strings.Repeat("x", size)
		chunked := func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush() // the test server's writer is one; without a length known
			_, _ = io.WriteString(w, text)
		}
		for _, serve := range []http.HandlerFunc{serveText(text), chunked, serveGzip(gzipped(t, text))} {
			got, err := fetchFrom(t, 100, serve)
			if ok && (err != nil || got != text) {
				t.Errorf("%d bytes: %v", size, err)
			}
			if !ok && (err == nil || !strings.Contains(err.Error(), "larger than 100 bytes") || isTransient(err)) {
				t.Errorf("%d bytes: got %v", size, err)
			}
		}
	}
}

func TestDownloadFailures(t *testing.T) {
	t.Parallel()
	whole := gzipped(t, strings.Repeat("product;1.23\n", 5000))
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] ^= 0xff
	for name, test := range map[string]struct {
		serve     http.HandlerFunc
		want      string
		transient bool
	}{
		"not found":        {http.NotFound, "the server answered 404 Not Found", false},
		"server error":     {status(http.StatusInternalServerError), "the server answered 500", true},
		"too many":         {status(http.StatusTooManyRequests), "the server answered 429", true},
		"no content":       {status(http.StatusNoContent), "the server answered 204", false},
		"cut off":          {cutOff, "the list is cut off: the connection ended after 6 of 1000 bytes", true},
		"cut off gzip":     {serveGzip(whole[:len(whole)/2]), "the list is cut off: it ends in the middle", true},
		"damaged gzip":     {serveGzip(damaged), "the compressed list is damaged", true},
		"not gzip":         {serveGzip([]byte("a;1\nb;2\nc;3\n")), "calls the list gzip, but it is not", false},
		"other encoding":   {encoded("br"), `content encoding "br"`, false},
		"gzip bomb":        {serveGzip(gzipped(t, strings.Repeat("\x00", 64<<20))), "a compression bomb", false},
		"redirect loop":    {redirect("/list.csv"), "redirected more than 10 times", false},
		"redirect to file": {redirect("file:///etc/passwd"), "redirected to something other than http", false},
		"hangs up":         {hangUp, "the server cannot be reached", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fetchFrom(t, 1<<30, test.serve)
			failed, ok := errors.AsType[*downloadError](err)
			if !ok || !strings.Contains(err.Error(), test.want) || failed.transient != test.transient {
				t.Errorf("got %v (%+v), want %q, transient %t", err, failed, test.want, test.transient)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func encoded(encoding string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = io.WriteString(w, "rubbish")
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func cutOff(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, "a;1\nb;")
	_ = http.NewResponseController(w).Flush()
	hangUp(w, r)
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func TestDownloadStopsWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	err = newTestDownloader(t, 100).attempt(t.Context(), newTransfer(t, url))
	if err == nil || !strings.Contains(err.Error(), "connection refused") || !isTransient(err) {
		t.Errorf("got %v", err)
	}
}

func TestDownloadIsGuarded(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(server.Close)
	err := newDownloader(outbound.NewGuard(false), 100, "", nil).attempt(t.Context(), newTransfer(t, server.URL))
	if err == nil || !strings.Contains(err.Error(), "the address is not a public one") || isTransient(err) {
		t.Errorf("got %v", err)
	}
	if asked {
		t.Error("the server was asked all the same")
	}
}
