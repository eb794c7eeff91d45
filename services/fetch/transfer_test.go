package fetch

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var longList = strings.Repeat("product;1.23\n", 4000)

// breaking serves a list with http.ServeContent, and hangs up after each quarter of it.
type breaking struct {
	etag     string
	modified time.Time
	edit     func(request int, w http.ResponseWriter, r *http.Request) // before it is answered; may be nil
	text     func(request int) string

	mu     sync.Mutex
	ranges []string // asked for, by request
}

func (b *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	request := len(b.ranges)
	if r.Header.Get("Range") != "" && r.Header.Get("Accept-Encoding") != "identity" {
		b.ranges = append(b.ranges, "compressed")
	}
	b.ranges = append(b.ranges, r.Header.Get("Range"))
	b.mu.Unlock()
	if b.etag != "" {
		w.Header().Set("ETag", b.etag)
	}
	if b.edit != nil {
		b.edit(request, w, r)
	}
	http.ServeContent(&quarter{ResponseWriter: w, left: len(longList) / 4}, r, "list.csv", b.modified, strings.NewReader(b.text(request)))
}

// quarter writes so many bytes, and then breaks the connection if there are more.
type quarter struct {
	http.ResponseWriter
	left int
}

func (q *quarter) Write(p []byte) (int, error) {
	n, err := q.ResponseWriter.Write(p[:min(len(p), q.left)])
	if q.left -= n; n < len(p) {
		breakOff(q.ResponseWriter)
	}
	return n, err
}

// Unwrap is for http.ResponseController.
func (q *quarter) Unwrap() http.ResponseWriter { return q.ResponseWriter }

// breakOff sends what was written, and hangs up.
func breakOff(w http.ResponseWriter) {
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func sameText(int) string { return longList }

// tryAll makes attempts as the fetcher does, without the pauses.
func tryAll(tb testing.TB, d *downloader, t *transfer) (attempts, error) {
	tb.Helper()
	var tried attempts
	for {
		err := d.attempt(tb.Context(), t)
		tried.note(t.to.size)
		if !tried.another(err) {
			return tried, err
		}
	}
}

func TestTransferGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	hourAgo := time.Now().Add(-time.Hour)
	quarters := []string{"", "bytes=13000-", "bytes=26000-", "bytes=39000-"}
	for name, test := range map[string]struct {
		server   *breaking
		ranges   []string // asked for
		complete bool
	}{
		"by ETag":              {&breaking{etag: `"v1"`}, quarters, true},
		"by time":              {&breaking{modified: hourAgo}, quarters, true},
		"not by a weak ETag":   {&breaking{etag: `W/"v1"`}, []string{"", "", ""}, false},
		"not by a time of now": {&breaking{modified: time.Now().Add(time.Hour)}, []string{"", "", ""}, false},
		"not by nothing":       {&breaking{}, []string{"", "", ""}, false},
		"by ETag before time":  {&breaking{etag: `"v1"`, modified: hourAgo}, quarters, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.text = sameText
			server := httptest.NewServer(test.server)
			t.Cleanup(server.Close)
			d, list := newTestDownloader(t, 1<<20), newTransfer(t, server.URL)
			_, err := tryAll(t, d, list)
			if (err == nil) != test.complete || (test.complete && written(t, list) != longList) {
				t.Errorf("%d bytes, %v", list.to.size, err)
			}
			if !test.complete && !strings.Contains(err.Error(), "the connection ended after 13000 of 52000 bytes") {
				t.Errorf("got %v", err)
			}
			if got := fmt.Sprintf("%q", test.server.ranges); got != fmt.Sprintf("%q", test.ranges) {
				t.Errorf("asked for %s, want %q", got, test.ranges)
			}
		})
	}
}

// The file changes after its first quarter was sent: what comes out is the new list, whole, whatever the server makes of it.
func TestTransferOfAListThatChangesMeanwhile(t *testing.T) {
	t.Parallel()
	changed := strings.Repeat("product;9.99\n", 4000)
	shorter := "product;9.99\n"
	rest := func(contentRange, body string) func(int, http.ResponseWriter, *http.Request) {
		return func(request int, w http.ResponseWriter, _ *http.Request) {
			if request != 1 {
				return
			}
			w.Header().Set("Content-Range", contentRange)
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, body)
			breakOff(w)
		}
	}
	ignoresIfRange := func(_ int, _ http.ResponseWriter, r *http.Request) { r.Header.Del("If-Range") }
	for name, test := range map[string]struct {
		want string
		edit func(int, http.ResponseWriter, *http.Request)
	}{
		"sends all of it":         {changed, func(int, http.ResponseWriter, *http.Request) {}},
		"sends the rest of it":    {changed, ignoresIfRange},
		"has no such part":        {shorter, ignoresIfRange},
		"sends another part":      {changed, rest("bytes 0-9/52000", "0123456789")},
		"has another size":        {changed, rest("bytes 13000-13009/99999", "0123456789")},
		"does not say which part": {changed, rest("", "0123456789")},
		"says what cannot be":     {changed, rest("bytes 13000-60000/52000", "0123456789")},
		"sends several parts":     {changed, rest("bytes=13000-13009, 20000-20009", "0123456789")},
		"sends the rest compressed": {changed, func(request int, w http.ResponseWriter, r *http.Request) {
			if request == 1 {
				w.Header().Set("Content-Encoding", "gzip")
				rest("bytes 13000-51999/52000", "0123456789")(request, w, r)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &breaking{etag: `"v1"`, text: func(request int) string {
				if request == 0 {
					return longList
				}
				return test.want
			}}
			b.edit = func(request int, w http.ResponseWriter, r *http.Request) {
				if request > 0 {
					w.Header().Set("ETag", `"v2"`)
				}
				test.edit(request, w, r)
			}
			server := httptest.NewServer(b)
			t.Cleanup(server.Close)
			d, list := newTestDownloader(t, 1<<20), newTransfer(t, server.URL)
			_, err := tryAll(t, d, list)
			if got := written(t, list); err != nil || got != test.want {
				t.Errorf("%d bytes, %v, after %q", len(got), err, b.ranges)
			}
		})
	}
}

// A server may send less than was asked for, and call it done.
func TestTransferOfPortions(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		from, _ := strings.CutSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
		if from == "" {
			w.Header().Set("Content-Length", "40")
			_, _ = io.WriteString(w, longList[:10])
			breakOff(w)
		}
		var at int
		_, _ = fmt.Sscan(from, &at)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/40", at, at+9))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.WriteString(w, longList[at:at+10])
	}))
	t.Cleanup(server.Close)
	list := newTransfer(t, server.URL)
	tried, err := tryAll(t, newTestDownloader(t, 1<<20), list)
	if err != nil || written(t, list) != longList[:40] || tried.all != 4 {
		t.Errorf("%d bytes after %d attempts, %v", list.to.size, tried.all, err)
	}
}

// What was compressed on its way cannot be continued where it broke off: it is asked for as it is, from the start.
func TestTransferOfACompressedListThatBreaksOff(t *testing.T) {
	t.Parallel()
	compressed := gzipped(t, longList)
	b := &breaking{etag: `"v1"`, text: sameText, edit: func(_ int, w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(compressed[:len(compressed)/2])
			breakOff(w)
		}
	}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	list := newTransfer(t, server.URL)
	_, err := tryAll(t, newTestDownloader(t, 1<<20), list)
	if err != nil || written(t, list) != longList {
		t.Errorf("%d bytes, %v", list.to.size, err)
	}
	if want := `["" "" "bytes=13000-" "bytes=26000-" "bytes=39000-"]`; fmt.Sprintf("%q", b.ranges) != want {
		t.Errorf("asked for %q, want %s", b.ranges, want)
	}
}

func TestTransferIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		step, attempts int // bytes that each answer brings
	}{
		"without progress":   {0, downloadAttempts},
		"that never arrives": {1, maxAttempts},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &breaking{etag: `"v1"`, text: sameText}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b.ServeHTTP(&quarter{ResponseWriter: w, left: test.step}, r)
			}))
			t.Cleanup(server.Close)
			d, list := newTestDownloader(t, 1<<20), newTransfer(t, server.URL)
			tried, err := tryAll(t, d, list)
			if err == nil || !isTransient(err) || tried.all != test.attempts {
				t.Errorf("got %v after %d attempts, want %d", err, tried.all, test.attempts)
			}
		})
	}
}

// The limit holds for what is put together as well.
func TestTransferLimit(t *testing.T) {
	t.Parallel()
	for limit, ok := range map[int]bool{len(longList) - 1: false, len(longList): true} {
		server := httptest.NewServer(&breaking{etag: `"v1"`, text: sameText})
		list := newTransfer(t, server.URL)
		_, err := tryAll(t, newTestDownloader(t, int64(limit)), list)
		if (err == nil) != ok || (!ok && !strings.Contains(err.Error(), "larger than")) {
			t.Errorf("limit %d: %v", limit, err)
		}
		server.Close()
	}
}

func TestStatusErrorSaysNothingOfTheServers(t *testing.T) {
	t.Parallel()
	_, err := fetchFrom(t, 100, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, err = io.WriteString(conn, "HTTP/1.1 403 secret\r\nContent-Length: 0\r\n\r\n")
			err = errors.Join(err, conn.Close())
		}
		if err != nil {
			t.Error(err)
		}
	})
	if err == nil || err.Error() != "the server answered 403 Forbidden" {
		t.Errorf("got %v", err)
	}
}
