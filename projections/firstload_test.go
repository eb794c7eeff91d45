package projections_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// indexWatch notes whether there are indexes for lists, and what happens without them.
type indexWatch struct {
	projections.Views

	mu       sync.Mutex
	deferred bool
	without  []uint64 // checkpoints that moved without indexes
	last     uint64   // checkpoint
}

func (w *indexWatch) DeferIndexes(ctx context.Context, most int64) (projections.FirstLoad, error) {
	load, err := w.Views.DeferIndexes(ctx, most)
	if load == nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deferred = true
	return firstLoadWatch{load, w}, err
}

// firstLoadWatch notes what is appended.
type firstLoadWatch struct {
	projections.FirstLoad

	watch *indexWatch
}

func (w firstLoadWatch) AppendPrices(
	ctx context.Context, products []projections.Product, behind uint64, checkpoint projections.Checkpoint, index bool,
) error {
	w.watch.mu.Lock()
	defer w.watch.mu.Unlock()
	if w.watch.deferred = !index; w.watch.deferred {
		w.watch.without = append(w.watch.without, checkpoint.Sequence)
	}
	w.watch.last = checkpoint.Sequence
	return w.FirstLoad.AppendPrices(ctx, products, behind, checkpoint, index)
}

func (w *indexWatch) BuildIndexes(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deferred = false
	return w.Views.BuildIndexes(ctx)
}

func (w *indexWatch) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deferred {
		w.without = append(w.without, checkpoint.Sequence)
	}
	w.last = checkpoint.Sequence
	return w.Views.ApplyPrices(ctx, delta, checkpoint)
}

func (w *indexWatch) state() (deferred bool, without int, last uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deferred, len(w.without), w.last
}

// largeList is a list that fills several batches of the log.
func largeList(fetch byte, first, products int) []events.Observation {
	all := make([]events.Observation, products)
	for i := range all {
		all[i] = events.Observation{
			Source: "default", Name: fmt.Sprintf("product %06d", first+i), Price: eur(int64(i)), Line: int64(i) + 1,
			Position: at(events.Micros(fetch), fetch),
		}
	}
	return all
}

func wantProducts(t *testing.T, views projections.Views, want int64) {
	t.Helper()
	got, err := views.CountProducts(t.Context(), projections.ProductFilter{})
	if err != nil || got != want {
		t.Errorf("%d products, want %d, error %v", got, want, err)
	}
}

// add publishes the first rows of a fetch, whose end does not come.
func add(t *testing.T, log events.PriceLog, all []events.Observation) events.PriceWriter {
	t.Helper()
	writer, err := log.WritePrices(t.Context(), all[0].Position.Fetch)
	wantNoError(t, err)
	for i := range all {
		wantNoError(t, writer.Add(t.Context(), all[i].Line, &all[i]))
	}
	return writer
}

// A first load is written without the indexes for lists, and they are there when its end can be seen.
func TestFirstLoadDefersIndexes(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	views := &indexWatch{Views: newViews(t)}
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: views}, quiet)
	writer := add(t, log, largeList(1, 0, 5_000))
	run(t, p)
	eventually(t, "a batch without indexes", func() bool { _, without, _ := views.state(); return without > 0 })
	_, _, err := writer.Finish(t.Context())
	wantNoError(t, err)
	waitForEnd(t, log, views, p)
	deferred, without, last := views.state()
	if end := views.without[without-1]; deferred || end == last {
		t.Errorf("deferred: %t, the end is at %d, without indexes up to %d", deferred, last, end)
	}
	wantProducts(t, views, 5_000)

	// Many more products are few beside those that are there.
	publish(t, log, largeList(2, 5_000, 5_000))
	waitForEnd(t, log, views, p)
	if _, again, _ := views.state(); again != without {
		t.Error("the indexes were deferred again")
	}
	wantProducts(t, views, 10_000)
}

// The indexes are built as well if the rest never comes.
func TestIndexesOfAFirstLoadThatStops(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	views := &indexWatch{Views: newViews(t)}
	add(t, log, largeList(1, 0, 5_000))
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: views}, quiet)
	run(t, p)
	eventually(t, "indexes, after there were none", func() bool {
		deferred, without, _ := views.state()
		return without > 0 && !deferred
	})
}

// A list that comes whole in one batch is no reason to drop indexes.
func TestShortListKeepsIndexes(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	views := &indexWatch{Views: newViews(t)}
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: views}, quiet)
	publish(t, log, list(1, 3000))
	run(t, p)
	waitForEnd(t, log, views, p)
	if _, without, _ := views.state(); without > 0 {
		t.Error("they were dropped")
	}
}
