package fetch

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var quiet = slog.New(slog.DiscardHandler)

func newTestLog(tb testing.TB) *jetstream.Log {
	tb.Helper()
	log, _ := newTestLogAndConn(tb)
	return log
}

// newTestLogAndConn returns a log of its own, and a connection to open it once more, as another process does.
func newTestLogAndConn(tb testing.TB) (*jetstream.Log, *nats.Conn) {
	tb.Helper()
	embedded, err := jetstream.StartEmbedded(tb.TempDir(), quiet)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := embedded.Close(); err != nil {
			tb.Error(err)
		}
	})
	conn, err := embedded.Connect()
	if err != nil {
		tb.Fatal(err)
	}
	log, err := jetstream.Open(tb.Context(), conn, jetstream.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	return log, conn
}

func newTestFetcher(tb testing.TB, log Log) *Fetcher {
	tb.Helper()
	views, err := sqlite.Open(tb.Context(), tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := views.Close(); err != nil {
			tb.Error(err)
		}
	})
	f, err := NewFetcher(log, views, Config{SpoolDir: tb.TempDir(), AllowPrivate: true}, quiet)
	if err != nil {
		tb.Fatal(err)
	}
	f.viewPatience = 0 // nobody projects
	return f
}

// newHold is that of a process that has the request and keeps it.
func newHold() *hold {
	return &hold{stillOurs: func(context.Context) error { return nil }}
}

func newTestRequest(tb testing.TB, url string) (events.FetchID, *atlantv1.FetchRequested) {
	tb.Helper()
	requested, err := newRequest(&atlantv1.FetchRequest{Url: url}, time.Now())
	if err != nil {
		tb.Fatal(err)
	}
	return uuid.MustParse(requested.GetId()), requested
}

// halfPublishedRows are more than a batch holds, and fewer than two do.
const halfPublishedRows = 6000

// halfPublished leaves a fetch as a process does that is killed while it publishes: read, and one batch of it in the log.
func halfPublished(tb testing.TB, log Log, id events.FetchID, requested *atlantv1.FetchRequested) {
	tb.Helper()
	now := timestamppb.Now()
	_, err := log.AppendFetchEvents(tb.Context(), id, 0,
		&atlantv1.FetchEvent{At: now, Event: &atlantv1.FetchEvent_Requested{Requested: requested}},
		&atlantv1.FetchEvent{At: now, Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}},
		&atlantv1.FetchEvent{At: now, Event: &atlantv1.FetchEvent_Parsed{Parsed: &atlantv1.FetchParsed{
			Counts: &atlantv1.FetchCounts{Bytes: 1, RowsRead: halfPublishedRows, Accepted: halfPublishedRows}, Sha256: []byte("of a list that is lost"),
		}}})
	if err != nil {
		tb.Fatal(err)
	}
	writer, err := log.WritePrices(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	for line := range int64(halfPublishedRows) {
		err := writer.Add(tb.Context(), line+1, &events.Observation{
			Source: requested.GetSource(), Name: fmt.Sprint("product ", line), Line: line + 1,
			Position: events.Position{ObservedAt: 1, Fetch: id},
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) { // the first batch is committed meanwhile
		last, err := log.(*jetstream.Log).LastSequence(tb.Context(), events.PriceStream(0))
		if err != nil || time.Now().After(deadline) {
			tb.Fatal("the batch is not in the log: ", err)
		}
		if last > 0 {
			return
		}
	}
}

// Where the spooled list is lost and cannot be had again, the receipt says what is in the log.
func TestReceiptOfWhatWasHalfPublished(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"gone":    {http.NotFound, "404 Not Found"},
		"changed": {serveText("another;1\n"), "the list changed while it was being published"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(test.serve)
			t.Cleanup(server.Close)
			log := newTestLog(t)
			id, requested := newTestRequest(t, server.URL)
			halfPublished(t, log, id, requested)
			if err := newTestFetcher(t, log).finish(t.Context(), id, requested, newHold()); err != nil {
				t.Fatal(err)
			}
			view, err := currentView(t.Context(), log, id)
			if err != nil {
				t.Fatal(err)
			}
			got := view.Fetch
			if got.GetState() != atlantv1.FetchState_FETCH_STATE_FAILED || got.GetAccepted() != halfPublishedRows ||
				got.GetPublished() == 0 || got.GetPublished() == halfPublishedRows {
				t.Errorf("got %v", got)
			}
			published := fmt.Sprintf("%d of its prices are in the log", got.GetPublished())
			if !strings.Contains(got.GetError(), test.want) || !strings.Contains(got.GetError(), published) {
				t.Errorf("error is %q", got.GetError())
			}
		})
	}
}

// A fetch over which the process died a hundred times is given up, but not one that only had to be tried again.
func TestFetchIsGivenUpAfterTooManyStarts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(serveText("a;1\n"))
	t.Cleanup(server.Close)
	log := newTestLog(t)
	f := newTestFetcher(t, log)
	for name, test := range map[string]struct {
		starts int
		want   atlantv1.FetchState
	}{
		"one less": {maxStarts - 1, atlantv1.FetchState_FETCH_STATE_COMPLETED},
		"too many": {maxStarts, atlantv1.FetchState_FETCH_STATE_FAILED},
	} {
		id, requested := newTestRequest(t, server.URL)
		all := []*atlantv1.FetchEvent{{Event: &atlantv1.FetchEvent_Requested{Requested: requested}}}
		for range test.starts {
			all = append(all, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}})
		}
		if _, err := log.AppendFetchEvents(t.Context(), id, 0, all...); err != nil {
			t.Fatal(err)
		}
		if err := f.finish(t.Context(), id, requested, newHold()); err != nil {
			t.Fatal(err)
		}
		view, err := currentView(t.Context(), log, id)
		if err != nil {
			t.Fatal(err)
		}
		if view.Fetch.GetState() != test.want {
			t.Errorf("%s: got %v", name, view.Fetch)
		}
	}
}
