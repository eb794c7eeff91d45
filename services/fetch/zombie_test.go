package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	zombieRows = 9000        // more than two batches of the log
	whole      = time.Minute // bounds whatever is waited for
)

// changing serves a list of so many rows, all at one price; the price is the number of the download, if the list changes.
func changing(tb testing.TB, changes bool) string {
	tb.Helper()
	var downloads atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		price := int64(1)
		if n := downloads.Add(1); changes {
			price = n
		}
		var list strings.Builder
		for row := range zombieRows {
			fmt.Fprintf(&list, "product %d;%d\n", row, price)
		}
		_, _ = w.Write([]byte(list.String()))
	}))
	tb.Cleanup(server.Close)
	return server.URL
}

// The points at which a process is stalled, in the order in which it comes to them.
const (
	beforeWriter    = "before the writer is opened"
	beforeLook      = "before it looks at the events"
	beforeCheck     = "before it makes sure that the request is its own"
	beforeStarted   = "before it writes FetchStarted"
	beforeParsed    = "before it writes FetchParsed"
	beforeFirst     = "before the first row"
	inTheMiddle     = "when a batch is published"
	beforeFinish    = "before the last batch"
	beforeCompleted = "before it writes FetchCompleted"
)

// stalled is a log that keeps whoever uses it waiting at one point, once.
type stalled struct {
	Log
	at      string
	once    sync.Once
	reached chan struct{}
	resume  chan struct{}
}

func stall(log Log, at string) *stalled {
	return &stalled{Log: log, at: at, reached: make(chan struct{}), resume: make(chan struct{})}
}

func (s *stalled) point(at string) {
	if at == s.at {
		s.once.Do(func() {
			close(s.reached)
			<-s.resume
		})
	}
}

func (s *stalled) FetchEvents(ctx context.Context, fetch events.FetchID) ([]events.RecordedFetchEvent, error) {
	s.point(beforeLook)
	return s.Log.FetchEvents(ctx, fetch)
}

func (s *stalled) AppendFetchEvents(
	ctx context.Context, fetch events.FetchID, last uint64, all ...*atlantv1.FetchEvent,
) (uint64, error) {
	switch event := all[len(all)-1]; {
	case event.GetStarted() != nil:
		s.point(beforeStarted)
	case event.GetParsed() != nil:
		s.point(beforeParsed)
	case event.GetCompleted() != nil:
		s.point(beforeCompleted)
	}
	return s.Log.AppendFetchEvents(ctx, fetch, last, all...)
}

func (s *stalled) WritePrices(ctx context.Context, fetch events.FetchID) (events.PriceWriter, error) {
	s.point(beforeWriter)
	writer, err := s.Log.WritePrices(ctx, fetch)
	return &stalledWriter{writer, s}, err
}

type stalledWriter struct {
	events.PriceWriter
	stalled *stalled
}

func (w *stalledWriter) Add(ctx context.Context, place int64, o *events.Observation) error {
	if o.Line == 1 {
		w.stalled.point(beforeFirst)
	}
	if w.Published() > 0 {
		w.stalled.point(inTheMiddle)
	}
	return w.PriceWriter.Add(ctx, place, o)
}

func (w *stalledWriter) Finish(ctx context.Context) (int64, events.LogPosition, error) {
	w.stalled.point(beforeFinish)
	return w.PriceWriter.Finish(ctx)
}

// owner is a process that has taken a request, as far as the fetcher is concerned.
type owner struct {
	fetcher *Fetcher
	item    events.WorkItem
}

// own takes the request's partition, and the request, for a process of its own.
func own(tb testing.TB, nc *nats.Conn, wrap func(Log) Log) owner {
	tb.Helper()
	log, err := jetstream.Open(tb.Context(), nc, jetstream.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	queue, err := log.TakeFrom(tb.Context(), events.PartitionOf(events.DefaultSource))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(queue.Close)
	ctx, cancel := context.WithTimeout(tb.Context(), whole)
	defer cancel()
	item, err := queue.Dequeue(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return owner{newTestFetcher(tb, wrap(log)), item}
}

// work does what a shift does with the request, and returns when it would turn to the next one.
func (o owner) work(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), whole)
	defer cancel()
	s := newShift(o.fetcher)
	ctx, s.end = context.WithCancelCause(ctx)
	defer s.end(nil)
	s.doUntilDone(ctx, o.item)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, events.ErrTaken) {
		tb.Error(cause)
	}
}

func plainly(log Log) Log { return log }

// wantConsistent checks that the fetch has ended, and that the log holds what its receipt says, each row once, all of one
// download. It returns the fetch and the price of that download.
func wantConsistent(tb testing.TB, log *jetstream.Log, id events.FetchID) (*atlantv1.Fetch, int64) {
	tb.Helper()
	view, err := currentView(tb.Context(), log, id)
	if err != nil {
		tb.Fatal(err)
	}
	lines, price := map[int64]bool{}, int64(0)
	for _, m := range readLog(tb, log) {
		if m.Kind != events.KindObserved {
			continue
		}
		all, err := events.DecodeObservations(nil, m.Data)
		if err != nil {
			tb.Fatal(err)
		}
		for _, o := range all {
			if o.Position.Fetch != id {
				continue
			}
			if lines[o.Line] || (price != 0 && o.Price.Micros != price) {
				tb.Fatalf("line %d is there twice (%t), or of another list: %v", o.Line, lines[o.Line], o.Price)
			}
			lines[o.Line], price = true, o.Price.Micros
		}
	}
	if int64(len(lines)) != view.Fetch.GetPublished() {
		tb.Errorf("the log holds %d rows, the receipt says %v", len(lines), view.Fetch)
	}
	return view.Fetch, price / 1_000_000
}

func readLog(tb testing.TB, log *jetstream.Log) []events.Message {
	tb.Helper()
	return messagesOf(tb, log, events.PriceStream(0))
}

func messagesOf(tb testing.TB, log *jetstream.Log, stream events.Stream) []events.Message {
	tb.Helper()
	last, err := log.LastSequence(tb.Context(), stream)
	if err != nil {
		tb.Fatal(err)
	}
	reader, err := log.Read(tb.Context(), stream, 0)
	if err != nil {
		tb.Fatal(err)
	}
	defer reader.Close()
	var all []events.Message
	for uint64(len(all)) < last {
		more, err := reader.Next(tb.Context(), events.Batch{Limit: int(last) - len(all), Gap: whole, Wait: whole})
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, more...)
	}
	return all
}

// A process is stalled, at any point, while another one takes its place and does the fetch; then it goes on as if nothing
// had happened. Where the list is another one for each of them, what the first had published stays the only thing of it.
func TestZombie(t *testing.T) {
	t.Parallel()
	points := []string{
		beforeWriter, beforeLook, beforeCheck, beforeStarted, beforeParsed, beforeFirst, inTheMiddle, beforeFinish, beforeCompleted,
	}
	for _, changes := range []bool{false, true} {
		for _, at := range points {
			t.Run(fmt.Sprintf("changes=%t/%s", changes, at), func(t *testing.T) {
				t.Parallel()
				half := changes && (at == inTheMiddle || at == beforeFinish) // the first list is half published, and lost
				log, nc := newTestLogAndConn(t)
				id, requested := newTestRequest(t, changing(t, changes))
				if err := log.Enqueue(t.Context(), requested); err != nil {
					t.Fatal(err)
				}
				zombie, first := ownStalled(t, nc, at)
				var group sync.WaitGroup
				group.Go(func() { zombie.work(t) })
				<-first.reached
				own(t, nc, plainly).work(t)
				before, _ := wantConsistent(t, log, id)
				close(first.resume)
				group.Wait()
				got, price := wantConsistent(t, log, id)
				if got.GetState() != before.GetState() || got.GetPublished() != before.GetPublished() {
					t.Errorf("got %v, it was %v before", got, before)
				}
				switch {
				case half && (got.GetState() != atlantv1.FetchState_FETCH_STATE_FAILED || got.GetPublished() == 0 || price != 1):
					t.Errorf("got %v of download %d", got, price)
				case !half && (got.GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED || got.GetPublished() != zombieRows):
					t.Errorf("got %v", got)
				}
			})
		}
	}
}

// The stalled process goes on while the one that took its place is in the middle of the fetch: it leaves it alone, and the
// fetch is completed with the list of the other one.
func TestZombieInBetween(t *testing.T) {
	t.Parallel()
	for _, at := range []string{beforeWriter, beforeLook, beforeCheck, beforeStarted, beforeParsed, beforeFirst} {
		for _, meanwhile := range []string{beforeParsed, inTheMiddle} {
			t.Run(at+"/"+meanwhile, func(t *testing.T) {
				t.Parallel()
				log, nc := newTestLogAndConn(t)
				id, requested := newTestRequest(t, changing(t, true))
				if err := log.Enqueue(t.Context(), requested); err != nil {
					t.Fatal(err)
				}
				zombie, first := ownStalled(t, nc, at)
				var one, other sync.WaitGroup
				one.Go(func() { zombie.work(t) })
				<-first.reached
				owner, second := ownStalled(t, nc, meanwhile)
				other.Go(func() { owner.work(t) })
				<-second.reached
				close(first.resume)
				one.Wait()
				recorded, err := log.FetchEvents(t.Context(), id)
				if err != nil || foldAll(recorded).Fetch.GetEndedAt() != nil {
					t.Errorf("the first ended the fetch: %v, %v", recorded, err)
				}
				close(second.resume)
				other.Wait()
				got, _ := wantConsistent(t, log, id)
				if got.GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED || got.GetPublished() != zombieRows {
					t.Errorf("got %v", got)
				}
			})
		}
	}
}

// ownStalled is own for a process that is stalled at a point.
func ownStalled(tb testing.TB, nc *nats.Conn, at string) (owner, *stalled) {
	tb.Helper()
	var log *stalled
	o := own(tb, nc, func(of Log) Log {
		log = stall(of, at)
		return log
	})
	o.item = stalledItem{o.item, log}
	return o, log
}

type stalledItem struct {
	events.WorkItem
	stalled *stalled
}

func (i stalledItem) Keep(ctx context.Context) error {
	i.stalled.point(beforeCheck)
	return i.WorkItem.Keep(ctx)
}

// Two processes work on a fetch at the same time, each in the belief that it is alone.
func TestTwoOwnersAtOnce(t *testing.T) {
	t.Parallel()
	for _, changes := range []bool{false, true} {
		log, nc := newTestLogAndConn(t)
		for range 5 {
			id, requested := newTestRequest(t, changing(t, changes))
			if err := log.Enqueue(t.Context(), requested); err != nil {
				t.Fatal(err)
			}
			a := own(t, nc, plainly)
			var group sync.WaitGroup
			group.Go(func() { a.work(t) })
			own(t, nc, plainly).work(t)
			group.Wait()
			got, _ := wantConsistent(t, log, id)
			if completed := got.GetState() == atlantv1.FetchState_FETCH_STATE_COMPLETED; !completed && (!changes || got.GetPublished() == 0) {
				t.Errorf("got %v", got)
			}
		}
	}
}
