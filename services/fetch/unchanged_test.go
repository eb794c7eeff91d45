package fetch

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	completed   = atlantv1.FetchState_FETCH_STATE_COMPLETED
	notModified = atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED
	failed      = atlantv1.FetchState_FETCH_STATE_FAILED
	cancelled   = atlantv1.FetchState_FETCH_STATE_CANCELLED
)

// plant is a log with a view of its fetches, which is kept up to date until stopProjecting is called.
type plant struct {
	log            *jetstream.Log
	views          *sqlite.Store
	viewsDir       string
	stopProjecting func()
}

func newPlant(tb testing.TB) *plant {
	tb.Helper()
	p := &plant{log: newTestLog(tb), viewsDir: tb.TempDir()}
	var err error
	if p.views, err = sqlite.Open(tb.Context(), p.viewsDir); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = p.views.Close() })
	ctx, cancel := context.WithCancel(tb.Context())
	var projecting sync.WaitGroup
	projecting.Go(func() { projections.NewFetchProjector(p.log, p.views, quiet).Run(ctx) })
	p.stopProjecting = func() {
		cancel()
		projecting.Wait()
	}
	tb.Cleanup(p.stopProjecting)
	return p
}

func (p *plant) fetcher(tb testing.TB, version string, logger *slog.Logger) *Fetcher {
	tb.Helper()
	f, err := NewFetcher(p.log, p.views, Config{SpoolDir: tb.TempDir(), AllowPrivate: true, Version: version}, logger)
	if err != nil {
		tb.Fatal(err)
	}
	f.viewPatience = whole
	tb.Cleanup(closeIdle(f.downloader))
	return f
}

// fetch brings a request to its end.
func (p *plant) fetch(tb testing.TB, f *Fetcher, request *atlantv1.FetchRequest) *atlantv1.Fetch {
	tb.Helper()
	requested, err := newRequest(request, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	id := uuid.MustParse(requested.GetId())
	if err := f.finish(tb.Context(), id, requested, newHold()); err != nil {
		tb.Fatal(err)
	}
	view, err := currentView(tb.Context(), p.log, id)
	if err != nil {
		tb.Fatal(err)
	}
	return view.Fetch
}

// record writes what happened to a request elsewhere.
func (p *plant) record(tb testing.TB, request *atlantv1.FetchRequest, event *atlantv1.FetchEvent) {
	tb.Helper()
	requested, err := newRequest(request, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	id := uuid.MustParse(requested.GetId())
	requestedEvent := &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Requested{Requested: requested}}
	if _, err := p.log.AppendFetchEvents(tb.Context(), id, 0, requestedEvent, event); err != nil {
		tb.Fatal(err)
	}
}

// vendor serves lists, with whatever validators it is given, and notes how it was asked.
type vendor struct {
	etag, modified string
	texts          map[string]string // by path
	ignorant       bool              // of conditions

	asked []string // conditions of each request
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var conditions []string
	for _, name := range []string{"If-None-Match", "If-Modified-Since"} {
		if value := r.Header.Get(name); value != "" {
			conditions = append(conditions, name+" "+value)
		}
	}
	v.asked = append(v.asked, strings.Join(conditions, ", "))
	if v.etag != "" {
		w.Header().Set("ETag", v.etag)
	}
	if v.modified != "" {
		w.Header().Set("Last-Modified", v.modified)
	}
	same := r.Header.Get("If-None-Match") == v.etag && v.etag != "" ||
		r.Header.Get("If-None-Match") == "" && r.Header.Get("If-Modified-Since") == v.modified && v.modified != ""
	if same && !v.ignorant {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = io.WriteString(w, v.texts[r.URL.Path])
}

func newVendor(tb testing.TB) (*vendor, string) {
	tb.Helper()
	v := &vendor{texts: map[string]string{"/list.csv": "a;1\n", "/other.csv": "a;1\n"}}
	server := httptest.NewServer(v)
	tb.Cleanup(server.Close)
	return v, server.URL + "/list.csv"
}

const longAgo = "Tue, 15 Nov 1994 12:45:26 GMT"

// scene is a source with one list.
type scene struct {
	testing.TB
	*plant
	*vendor
	again *atlantv1.FetchRequest
	f     *Fetcher
}

// request returns a request for a list of the same source.
func (s *scene) request(path string, change func(*atlantv1.FetchRequest)) *atlantv1.FetchRequest {
	r := proto.CloneOf(s.again)
	r.Url = strings.Replace(r.GetUrl(), "/list.csv", path, 1)
	change(r)
	return r
}

func (s *scene) get(want atlantv1.FetchState, request *atlantv1.FetchRequest) {
	s.Helper()
	if got := s.fetch(s, s.f, request); got.GetState() != want {
		s.Fatalf("got %v, want %v", got, want)
	}
}

// A list is fetched, then something happens, then it is fetched again.
func TestUnchangedList(t *testing.T) {
	p, sources := newPlant(t), 0
	weak := func(s *scene) { s.etag = `W/"v1"` }
	strong := func(s *scene) { s.etag = `"v1"` }
	timed := func(s *scene) { s.modified = longAgo }
	both := func(s *scene) { s.etag, s.modified = `"v1"`, longAgo }
	none := func(*scene) {}
	for name, test := range map[string]struct {
		server    func(*scene)
		meanwhile func(*scene)
		want      atlantv1.FetchState
		asked     string // with these conditions; "-" not at all
	}{
		"by ETag":      {strong, nil, notModified, `If-None-Match "v1"`},
		"by weak ETag": {weak, nil, notModified, `If-None-Match W/"v1"`},
		"by time":      {timed, nil, notModified, "If-Modified-Since " + longAgo},
		"by both":      {both, nil, notModified, `If-None-Match "v1", If-Modified-Since ` + longAgo},
		"by hash":      {none, nil, notModified, ""},
		"by hash, where the server is ignorant": {both, func(s *scene) {
			s.ignorant = true
		}, notModified, `If-None-Match "v1", If-Modified-Since ` + longAgo},
		"by hash, under another ETag": {strong, func(s *scene) { s.etag = `"v2"` }, notModified, `If-None-Match "v1"`},
		"by hash, where a time is too young to count": {func(s *scene) {
			s.modified = time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
		}, nil, notModified, ""},
		"again and again": {strong, func(s *scene) {
			for range 3 {
				s.get(notModified, s.again)
			}
		}, notModified, `If-None-Match "v1"`},
		"with what the server said last": {strong, func(s *scene) {
			s.etag = `"v2"`
			s.get(notModified, s.again)
		}, notModified, `If-None-Match "v2"`},
		"changed": {strong, func(s *scene) {
			s.etag, s.texts["/list.csv"] = `"v2"`, "a;2\n"
		}, completed, `If-None-Match "v1"`},
		"changed, of the same size": {none, func(s *scene) { s.texts["/list.csv"] = "a;2\n" }, completed, ""},
		"changed and back": {strong, func(s *scene) {
			s.etag, s.texts["/list.csv"] = `"v2"`, "a;2\n"
			s.get(completed, s.again)
			s.etag, s.texts["/list.csv"] = `"v1"`, "a;1\n"
		}, completed, `If-None-Match "v2"`},
		"forced":           {strong, func(s *scene) { s.again.Force = true }, completed, ""},
		"of the past":      {strong, func(s *scene) { s.again.ObservedAt = timestamppb.New(time.Now().Add(-time.Hour)) }, completed, ""},
		"with a time":      {strong, func(s *scene) { s.again.ObservedAt = timestamppb.New(time.Now()) }, completed, ""},
		"other options":    {strong, func(s *scene) { s.again.Csv = &atlantv1.CsvOptions{CurrencyCode: "EUR"} }, completed, ""},
		"another source":   {strong, func(s *scene) { s.again.Source += "-other" }, completed, ""},
		"another URL":      {strong, func(s *scene) { s.again.Url = strings.Replace(s.again.GetUrl(), "list", "other", 1) }, completed, ""},
		"another version":  {strong, func(s *scene) { s.f = s.fetcher(s, "v2", quiet) }, completed, ""},
		"a password":       {strong, func(s *scene) { s.again.Credentials = basic("u", "p") }, notModified, `If-None-Match "v1"`},
		"a password, weak": {weak, func(s *scene) { s.again.Credentials = basic("u", "p") }, notModified, ""},
		"a password, time": {timed, func(s *scene) { s.again.Credentials = basic("u", "p") }, notModified, ""},
		"a password before": {both, func(s *scene) {
			s.get(completed, s.request("/list.csv", func(r *atlantv1.FetchRequest) { r.Credentials, r.Force = basic("u", "p"), true }))
		}, notModified, `If-None-Match "v1"`},
		"after another list of the source": {strong, func(s *scene) {
			s.get(completed, s.request("/other.csv", func(*atlantv1.FetchRequest) {}))
		}, completed, ""},
		"after one of the past": {strong, func(s *scene) {
			s.etag, s.texts["/other.csv"] = `"other"`, "a;7\n"
			s.get(completed, s.request("/other.csv", func(r *atlantv1.FetchRequest) {
				r.ObservedAt = timestamppb.New(time.Now().Add(-time.Hour))
			}))
			s.etag = `"v1"`
		}, notModified, `If-None-Match "v1"`},
		"after one that failed": {strong, func(s *scene) {
			s.etag, s.texts["/list.csv"] = `"bad"`, "a;?\n"
			s.get(failed, s.again)
			s.etag, s.texts["/list.csv"] = `"v1"`, "a;1\n"
		}, notModified, `If-None-Match "v1"`},
		"after one of which a part was published": {strong, func(s *scene) {
			s.record(s, s.again, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Failed{
				Failed: &atlantv1.FetchFailed{Counts: &atlantv1.FetchCounts{Accepted: 2, Published: 1}},
			}})
		}, completed, ""},
		"while another one is at work": {strong, func(s *scene) {
			s.record(s, s.again, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}})
		}, completed, ""},
	} {
		sources++
		source := fmt.Sprint("source", sources)
		t.Run(name, func(t *testing.T) {
			s := &scene{TB: t, plant: p, f: p.fetcher(t, "v1", quiet), again: &atlantv1.FetchRequest{Source: source}}
			s.vendor, s.again.Url = newVendor(t)
			test.server(s)
			s.get(completed, s.request("/list.csv", func(*atlantv1.FetchRequest) {}))
			if test.meanwhile != nil {
				test.meanwhile(s)
			}
			before := published(t, s.log)
			got := s.fetch(t, s.f, s.again)
			if got.GetState() != test.want || got.GetEndedAt() == nil {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if asked := s.asked[len(s.asked)-1]; asked != test.asked {
				t.Errorf("asked with %q, want %q", asked, test.asked)
			}
			if more := published(t, s.log) - before; (more > 0) != (test.want == completed) {
				t.Errorf("%d messages were published", more)
			}
			if test.want == notModified && (got.GetPosition() == "" || got.GetRowsRead() != 0 || got.GetPublished() != 0) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func published(tb testing.TB, log *jetstream.Log) uint64 {
	tb.Helper()
	last, err := log.LastSequence(tb.Context(), events.PriceStream(0))
	if err != nil {
		tb.Fatal(err)
	}
	return last
}

// While the view is behind, nobody knows what was published last.
func TestUnchangedListWithAViewThatIsBehind(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	f := p.fetcher(t, "v1", quiet)
	v, url := newVendor(t)
	v.etag = `"v1"`
	for n, want := range []atlantv1.FetchState{completed, notModified, completed} {
		if n == 2 {
			p.stopProjecting()
			f.viewPatience = 100 * time.Millisecond
		}
		if got := p.fetch(t, f, &atlantv1.FetchRequest{Url: url}); got.GetState() != want {
			t.Errorf("%d: got %v, want %v", n, got, want)
		}
	}
	if v.asked[2] != "" {
		t.Errorf("asked with %q", v.asked)
	}
}

// What recognises a list belongs to the URL that it came from, where redirects led.
func TestUnchangedListBehindARedirect(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	f := p.fetcher(t, "v1", quiet)
	v, target := newVendor(t)
	v.etag, v.texts["/other.csv"] = `"v1"`, "a;2\n"
	var first []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first = append(first, r.Header.Get("If-None-Match"))
		http.Redirect(w, r, target, http.StatusFound)
	}))
	t.Cleanup(server.Close)
	var states []atlantv1.FetchState
	for n := range 3 {
		if n == 2 { // another list that happens to have the same ETag
			target = strings.Replace(target, "list", "other", 1)
		}
		states = append(states, p.fetch(t, f, &atlantv1.FetchRequest{Url: server.URL}).GetState())
	}
	if want := []atlantv1.FetchState{completed, notModified, completed}; fmt.Sprint(states) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", states, want)
	}
	if got := fmt.Sprintf("%q %q", first, v.asked); got != `["" "" ""] ["" "If-None-Match \"v1\"" ""]` {
		t.Errorf("asked with %s", got)
	}
}

// A server that answers 304 to a request without conditions has not sent a list.
func TestNotModifiedWithoutBeingAsked(t *testing.T) {
	t.Parallel()
	_, err := fetchFrom(t, 100, status(http.StatusNotModified))
	if err == nil || err.Error() != "the server answered 304 Not Modified" || isTransient(err) {
		t.Errorf("got %v", err)
	}
}

func TestLastOf(t *testing.T) {
	t.Parallel()
	ids := make([]string, 5)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7()).String()
	}
	fetch := func(n int, observed int64, state atlantv1.FetchState, published int64) *atlantv1.Fetch {
		return &atlantv1.Fetch{
			Id: ids[n], State: state, ObservedAt: &timestamppb.Timestamp{Seconds: observed}, Published: published,
		}
	}
	const queued, running = atlantv1.FetchState_FETCH_STATE_QUEUED, atlantv1.FetchState_FETCH_STATE_RUNNING
	current := fetch(3, 30, running, 0)
	for name, test := range map[string]struct {
		recent []*atlantv1.Fetch
		want   int // -1: none
	}{
		"none":                   {nil, -1},
		"itself":                 {[]*atlantv1.Fetch{current}, -1},
		"the last by position":   {[]*atlantv1.Fetch{fetch(2, 5, completed, 1), fetch(1, 10, completed, 1), fetch(0, 8, completed, 1)}, 1},
		"by id":                  {[]*atlantv1.Fetch{fetch(0, 10, completed, 1), fetch(1, 10, notModified, 0)}, 1},
		"queued behind":          {[]*atlantv1.Fetch{fetch(4, 31, queued, 0), fetch(0, 10, completed, 1)}, 0},
		"queued before":          {[]*atlantv1.Fetch{fetch(1, 11, queued, 0), fetch(0, 10, completed, 1)}, -1},
		"running":                {[]*atlantv1.Fetch{fetch(4, 31, running, 0), fetch(0, 10, completed, 1)}, -1},
		"nothing published":      {[]*atlantv1.Fetch{fetch(2, 12, failed, 0), fetch(1, 11, cancelled, 0), fetch(0, 10, completed, 1)}, 0},
		"a part published":       {[]*atlantv1.Fetch{fetch(2, 12, failed, 1), fetch(0, 10, completed, 1)}, 2},
		"completed with nothing": {[]*atlantv1.Fetch{fetch(2, 12, completed, 0), fetch(0, 10, completed, 1)}, 2},
		"comes too late":         {[]*atlantv1.Fetch{fetch(4, 31, completed, 1), fetch(0, 10, completed, 1)}, -1},
	} {
		want := ""
		if test.want >= 0 {
			want = ids[test.want]
		}
		if got := lastOf(test.recent, current); got.GetId() != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
