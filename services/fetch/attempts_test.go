package fetch

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The connection breaks at every quarter of the list: the fetch is completed all the same, and its events tell how.
func TestFetchOfAListThatBreaksOff(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for len(longList)-text.Len() > 0 {
		text.WriteString(strings.Replace("product 0000;1.23\n", "0000", string(rune('a'+text.Len()%26))+"000", 1))
	}
	server := httptest.NewServer(&breaking{etag: `"v1"`, text: func(int) string { return text.String() }})
	t.Cleanup(server.Close)
	p := newPlant(t)
	got := p.fetch(t, p.fetcher(t, "v1", quiet), &atlantv1.FetchRequest{Url: server.URL})
	if got.GetState() != completed || got.GetBytes() != int64(text.Len()) || got.GetError() != "" {
		t.Errorf("got %v", got)
	}
	recorded, err := p.log.FetchEvents(t.Context(), uuid.MustParse(got.GetId()))
	if err != nil {
		t.Fatal(err)
	}
	var failures []string
	for _, r := range recorded {
		if f := r.Event.GetAttemptFailed(); f != nil && f.GetAttempt() == int32(len(failures)+1) {
			failures = append(failures, f.GetError())
		}
	}
	if len(failures) != 4 || !strings.Contains(failures[1], "the connection ended after 26000 of ") {
		t.Errorf("got %q", failures)
	}
}

// A server that asks to be left alone for a while is left alone for as long, and then asked again.
func TestFetchWaitsAsLongAsTheServerAsks(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func() string{
		"seconds": func() string { return "2" },
		"a date":  func() string { return time.Now().Add(2500 * time.Millisecond).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first, second atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if first.CompareAndSwap(0, time.Now().UnixNano()) {
					w.Header().Set("Retry-After", header())
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				second.Store(time.Now().UnixNano())
				serveText("a;1\n")(w, r)
			}))
			t.Cleanup(server.Close)
			p := newPlant(t)
			got := p.fetch(t, p.fetcher(t, "v1", quiet), &atlantv1.FetchRequest{Url: server.URL})
			if waited := time.Duration(second.Load() - first.Load()); got.GetState() != completed || waited < 2*firstPause {
				t.Errorf("waited %s: %v", waited, got)
			}
		})
	}
}
