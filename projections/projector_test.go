package projections_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestProjectorFollows(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := newViews(t)
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	if p.Stream() != prices || p.Failure() != nil || rateOf(p) != 0 {
		t.Fatalf("%s, %v, %v", p.Stream(), p.Failure(), rateOf(p))
	}
	first, second := list(1, 300), list(2, 320)
	publish(t, log, first) // before it runs
	stop := run(t, p)
	waitForEnd(t, log, store, p)
	wantViews(t, store, first)
	publish(t, log, second) // while it runs
	waitForEnd(t, log, store, p)
	wantViews(t, store, slices.Concat(first, second))
	if p.Failure() != nil || rateOf(p) <= 0 {
		t.Errorf("%v, %v", p.Failure(), rateOf(p))
	}

	stop()
	third := list(3, 280)
	publish(t, log, third) // after it stopped; another one takes over, with another one beside it
	for range 2 {
		p = projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
		run(t, p)
	}
	waitForEnd(t, log, store, p)
	wantViews(t, store, slices.Concat(first, second, third))
}

func TestProjectorCountsLate(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := newViews(t)
	first, second := list(1, 10), list(2, 12)
	publish(t, log, second)
	publish(t, log, first)
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	waitForEnd(t, log, store, p)
	wantViews(t, store, slices.Concat(second, first))
	checkpoint, err := store.Checkpoint(t.Context(), prices)
	if err != nil || checkpoint.Late != 10 || time.Since(checkpoint.ProjectedAt).Abs() > time.Hour {
		t.Errorf("%+v, %v", checkpoint, err)
	}
}

func TestProjectorParks(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t)
	store := newViews(t)
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	first, second := list(1, 20), list(2, 20)
	publish(t, log, first)
	garbage := publishRaw(t, nc, "prices.0.observed", []byte("garbage"))
	publishRaw(t, nc, "prices.0.observed", nil)
	publishRaw(t, nc, "prices.0.withdrawn", []byte("of a newer version"))
	publishRaw(t, nc, "prices.0.fetch."+newID(t).String(), []byte("a marker, which is no concern of a projector"))
	publish(t, log, second)
	waitForEnd(t, log, store, p)
	wantViews(t, store, slices.Concat(first, second))
	if parked, err := log.Parked(t.Context(), prices); err != nil || parked != 3 {
		t.Errorf("%d parked, %v", parked, err)
	}
	if p.Failure() != nil {
		t.Error(p.Failure())
	}
	wantParkedFirst(t, log, garbage)
}

func wantParkedFirst(t testing.TB, log events.Source, sequence uint64) {
	t.Helper()
	reader, err := log.Read(t.Context(), "PARKED", 0)
	wantNoError(t, err)
	defer reader.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	messages, err := reader.Next(ctx, events.Batch{Limit: 1})
	wantNoError(t, err)
	var parked atlantv1.ParkedEvent
	wantNoError(t, proto.Unmarshal(messages[0].Data, &parked))
	if parked.GetStream() != string(prices) || parked.GetSequence() != sequence || string(parked.GetData()) != "garbage" ||
		!strings.Contains(parked.GetCause(), events.ErrMalformed.Error()) || parked.GetSubject() != "prices.0.observed" {
		t.Errorf("parked %v", &parked)
	}
}

// There is nothing in a stream that the projection cannot get past.
func TestProjectorParksAnything(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]struct {
		subject string
		data    []byte
	}{
		"as large as can be":    {"prices.0.observed", make([]byte, 1<<20)},
		"subject is not UTF-8":  {"prices.0.\xff", []byte("x")},
		"fetch id is not UTF-8": {"prices.0.fetch.\xff", []byte("x")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, nc := newLog(t)
			store := newViews(t)
			p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
			sequence := publishRaw(t, nc, raw.subject, raw.data)
			run(t, p)
			eventually(t, "past it, or stuck", func() bool {
				checkpoint, err := store.Checkpoint(t.Context(), prices)
				wantNoError(t, err)
				if p.Failure() != nil {
					t.Fatal(p.Failure())
				}
				return checkpoint.Sequence >= sequence
			})
		})
	}
}

func TestViewsAhead(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := newViews(t)
	publish(t, log, list(1, 3))
	wantNoError(t, store.ApplyPrices(t.Context(), projections.Delta{}, projections.Checkpoint{Stream: prices, Sequence: 5}))
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	eventually(t, "a failure", func() bool { return p.Failure() != nil })
	if err := p.Failure(); !errors.Is(err, projections.ErrOtherLog) || !strings.Contains(err.Error(), "views at 5, log at 2") {
		t.Errorf("got error %v", err)
	}
}

// A log that is longer than the one that the views were made from, or as long, is another one all the same.
func TestViewsOfAnotherLog(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	first, _ := newLog(t)
	publish(t, first, list(1, 3))
	p := projections.NewPriceProjector(0, first, projections.Fixed{Views: store}, quiet)
	stop := run(t, p)
	waitForEnd(t, first, store, p)
	stop()

	for _, products := range []int{3, 30} {
		other, _ := newLog(t)
		publish(t, other, list(2, products))
		p := projections.NewPriceProjector(0, other, projections.Fixed{Views: store}, quiet)
		run(t, p)
		eventually(t, "a failure", func() bool { return p.Failure() != nil })
		if err := p.Failure(); !errors.Is(err, projections.ErrOtherLog) {
			t.Errorf("%d products: got error %v", products, err)
		}
	}
	again := projections.NewPriceProjector(0, first, projections.Fixed{Views: store}, quiet)
	run(t, again)
	publish(t, first, list(3, 3))
	waitForEnd(t, first, store, again)
}

// flaky is a store that fails while it is told to.
type flaky struct {
	projections.Views

	down  atomic.Bool
	calls atomic.Int64 // that failed
}

var errDown = errors.New("the store is down")

func (f *flaky) fails() bool {
	if f.down.Load() {
		f.calls.Add(1)
		return true
	}
	return false
}

func (f *flaky) Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]projections.Product, error) {
	if f.fails() {
		return nil, errDown
	}
	return f.Views.Products(ctx, ids)
}

func (f *flaky) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	if f.fails() {
		return errDown
	}
	return f.Views.ApplyPrices(ctx, delta, checkpoint)
}

func (f *flaky) Checkpoint(ctx context.Context, stream events.Stream) (projections.Checkpoint, error) {
	if f.fails() {
		return projections.Checkpoint{}, errDown
	}
	return f.Views.Checkpoint(ctx, stream)
}

func TestStoreDownForAWhile(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := &flaky{Views: newViews(t)}
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	first, second := list(1, 100), list(2, 100)
	publish(t, log, first)
	waitForEnd(t, log, store, p)

	store.down.Store(true)
	began := time.Now()
	publish(t, log, second)
	eventually(t, "four failures", func() bool { return store.calls.Load() >= 4 })
	if took := time.Since(began); took < 700*time.Millisecond { // after pauses of 100, 200 and 400 ms
		t.Errorf("it failed 4 times within %v", took)
	}
	if !errors.Is(p.Failure(), errDown) {
		t.Errorf("failure is %v", p.Failure())
	}
	wantViews(t, store.Views, first) // nothing got half way

	store.down.Store(false)
	waitForEnd(t, log, store, p)
	wantViews(t, store, slices.Concat(first, second))
	eventually(t, "no failure any more", func() bool { return p.Failure() == nil })
}

// A projector with nothing to do has failed no more once the store answers again.
func TestStoreBackWhileIdle(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := &flaky{Views: newViews(t)}
	store.down.Store(true)
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	eventually(t, "a failure", func() bool { return p.Failure() != nil })
	store.down.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for p.Failure() != nil {
		if ctx.Err() != nil {
			t.Fatalf("still says %v", p.Failure())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// conflicting is a store that another projector seems to write to all the time.
type conflicting struct {
	projections.Views

	left atomic.Int64
}

func (c *conflicting) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	if c.left.Add(-1) >= 0 {
		return projections.ErrConflict
	}
	return c.Views.ApplyPrices(ctx, delta, checkpoint)
}

func TestProjectorFoldsAgainAfterConflicts(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	for _, conflicts := range []int64{1, 9, 25} {
		store := &conflicting{Views: newViews(t)}
		store.left.Store(conflicts)
		all := list(byte(conflicts), 10)
		publish(t, log, all)
		p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
		stop := run(t, p)
		waitForEnd(t, log, store, p)
		stop()
		if store.left.Load() >= 0 {
			t.Errorf("%d conflicts are left", store.left.Load())
		}
	}
}

func rateOf(p *projections.Projector) float64 { return projections.ParseReport(p.Report()).Rate }
