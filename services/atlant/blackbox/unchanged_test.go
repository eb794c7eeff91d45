package blackbox_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// catalogue serves a list with an ETag, and knows how it was asked.
type catalogue struct {
	mu    sync.Mutex
	text  string
	etag  string
	piece int // bytes after which each answer breaks off; 0: none does

	sent   []int    // bytes of each answer
	ranges []string // that were asked for
}

func (c *catalogue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("ETag", c.etag)
	counted := &countedWriter{ResponseWriter: w, limit: c.piece}
	defer func() {
		c.sent, c.ranges = append(c.sent, counted.bytes), append(c.ranges, r.Header.Get("Range"))
		if counted.broken {
			panic(http.ErrAbortHandler)
		}
	}()
	http.ServeContent(counted, r, "", time.Time{}, strings.NewReader(c.text))
}

// countedWriter counts the bytes of a body, and breaks off after so many.
type countedWriter struct {
	http.ResponseWriter
	bytes, limit int
	broken       bool
}

func (w *countedWriter) Write(p []byte) (int, error) {
	if w.limit > 0 && w.bytes+len(p) > w.limit {
		p, w.broken = p[:w.limit-w.bytes], true
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += n
	if w.broken {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		return n, http.ErrAbortHandler
	}
	return n, err
}

func (c *catalogue) lastSent() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[len(c.sent)-1]
}

// getAgain fetches a list until it ends as one that was not modified: on a busy machine a view may be behind, and then the
// list is read.
func getAgain(tb testing.TB, a *atlant, request *atlantv1.FetchRequest) *atlantv1.Fetch {
	tb.Helper()
	var got *atlantv1.Fetch
	eventuallyf(tb, func() bool {
		got = a.await(tb, a.ask(tb, request).GetId())
		if got.GetState() != completed && got.GetState() != notModified {
			tb.Fatalf("got %v", got)
		}
		return got.GetState() == notModified
	}, "%s is always read", request.GetUrl())
	return got
}

// TestUnchangedListIsNotRead: a list that did not change costs nothing, whatever happens to the process and the views; one
// that did, or that is forced, is read.
func TestUnchangedListIsNotRead(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a, s := start(t, data, allowPrivate), newShop(t)
	shelf := &catalogue{text: header + "Milk;1.50\nBread;2.25\n", etag: `"1"`}
	request := &atlantv1.FetchRequest{Url: s.handle("/list.csv", shelf.ServeHTTP), Source: "s"}
	request.Url = strings.Replace(request.GetUrl(), "http://", "http://me:open-sesame@", 1)
	first := a.get(t, request)
	expectUnread := func() {
		t.Helper()
		got := getAgain(t, a, request)
		counts{}.expect(t, got)
		if got.GetPosition() == "" {
			t.Errorf("got %v", got)
		}
		if shelf.lastSent() != 0 {
			t.Errorf("%d bytes were sent", shelf.lastSent())
		}
	}
	expectUnread()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("open-sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	a.cli(t, 0, "fetch", "--wait", "--source", "s", "--password-file", password,
		strings.Replace(request.GetUrl(), ":open-sesame@", "@", 1)).holds(t, "not modified", "--force fetches it again")
	a.stop(t)
	a = start(t, data, allowPrivate)
	expectUnread()
	a.cli(t, 0, "rebuild")
	expectUnread()
	a.cli(t, 0, "fetches", "--source", "s").holds(t, "not modified", "completed", first.GetId())

	forced := proto.CloneOf(request)
	forced.Force = true
	counts{2, 2, 0, 0, 2}.expect(t, a.get(t, forced))
	shelf.mu.Lock()
	shelf.text, shelf.etag = header+"Milk;1.75\nBread;2.25\n", `"2"`
	shelf.mu.Unlock()
	counts{2, 2, 0, 0, 2}.expect(t, a.get(t, request))
	expectUnread()
	for _, fetch := range a.allFetches(t, largestPage, "s") {
		if strings.Contains(fetch.String(), "sesame") {
			t.Errorf("a password is shown: %v", fetch)
		}
	}
	if strings.Contains(a.stderr.String(), "sesame") {
		t.Error("a password is logged")
	}
}

// TestBrokenDownloadGoesOn: the connection breaks at every quarter of a list.
func TestBrokenDownloadGoesOn(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	a, s := startOpen(t), newShop(t)
	items := make([]item, rows)
	for i := range items {
		items[i] = item{fmt.Sprint("Product ", i), int64(i)}
	}
	text := list(items)
	broken := &catalogue{text: text, etag: `"1"`, piece: len(text)/4 + 1}
	got := a.get(t, &atlantv1.FetchRequest{Url: s.handle("/list.csv", broken.ServeHTTP), Source: "s"})
	counts{rows, rows, 0, 0, rows}.expect(t, got)
	broken.mu.Lock()
	defer broken.mu.Unlock()
	if len(broken.ranges) != 4 || broken.ranges[0] != "" || broken.ranges[3] == "" {
		t.Errorf("asked for %q", broken.ranges)
	}
	if got := a.total(t, "s"); got != rows {
		t.Errorf("got %d products", got)
	}
}
