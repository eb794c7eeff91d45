package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// testWalk is the property that a walk through all pages meets every product that there was at the first one exactly once, in
// the order of then, whatever is written between the pages, and within them between any two reads, in the order in which a
// store without transactions writes. Each run has a source of its own in one store.
func testWalk(t *testing.T, store projections.Views) {
	var runs int
	sequence := uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		runs++
		w := &walkWorld{Views: store, source: fmt.Sprintf("walk-%d", runs), sequence: &sequence, t: t}
		w.write(rapid.IntRange(1, 3).Draw(t, "batches before"))
		w.interleaves = rapid.Bool().Draw(t, "writes within pages")
		w.walk(projections.NewWalks(1))
	})
}

// walkWorld is views that are written to while they are walked through.
type walkWorld struct {
	projections.Views

	t           *rapid.T
	source      string
	sequence    *uint64 // of the last message
	log         []events.Observation
	interleaves bool           // writes happen right after each read
	steps       []func() error // of the batch that is being written
}

func (w *walkWorld) noError(what string, err error) {
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

// write takes in so many batches, each as a whole.
func (w *walkWorld) write(batches int) {
	for range batches {
		w.begin()
		w.finish()
	}
}

// begin draws a batch and takes it apart into the steps of its writing.
func (w *walkWorld) begin() {
	var batch []events.Observation
	for range rapid.IntRange(1, 3).Draw(w.t, "messages") {
		*w.sequence++
		for range rapid.IntRange(1, 5).Draw(w.t, "rows") {
			name := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 1, 2, -1).Draw(w.t, "name")
			batch = append(batch, events.Observation{
				Source: w.source, Name: name, Line: int64(len(batch)), Place: events.LogPlace{Sequence: *w.sequence},
				Price:    events.Price{Micros: int64(rapid.IntRange(0, 4).Draw(w.t, "price"))},
				Position: at(events.Micros(len(w.log)+len(batch))/2-10, len(w.log)+len(batch)),
			})
		}
	}
	ids := make([]events.ProductID, len(batch))
	for i := range batch {
		ids[i] = batch[i].ProductID()
	}
	known, err := w.Views.Products(w.t.Context(), ids)
	w.noError("load", err)
	checkpoint, err := w.Checkpoint(w.t.Context(), stream)
	w.noError("checkpoint", err)
	delta := projections.FoldBatch(known, batch)
	// Changes come first, in no order; those of new products with these.
	changes := slices.DeleteFunc(slices.Clone(delta.Changes), func(c projections.Change) bool { _, ok := known[c.ProductID]; return !ok })
	for _, i := range rapid.Permutation(slices.Collect(maps.Keys(indexes(changes)))).Draw(w.t, "order of changes") {
		w.steps = append(w.steps, func() error { return w.InsertPrices(w.t.Context(), nil, changes[i:i+1]) })
	}
	for i := range delta.Changed {
		part := projections.Delta{Changed: delta.Changed[i : i+1]}
		w.steps = append(w.steps, func() error { return w.ApplyPrices(w.t.Context(), part, checkpoint) })
	}
	rest := delta
	rest.Changed = nil
	checkpoint.Stream, checkpoint.Late = stream, 0
	end := checkpoint
	end.Sequence = *w.sequence
	w.steps = append(w.steps, func() error { return w.ApplyPrices(w.t.Context(), rest, end) })
	w.log = append(w.log, batch...)
}

func indexes[T any](all []T) map[int]bool {
	found := map[int]bool{}
	for i := range all {
		found[i] = true
	}
	return found
}

// step does the next write, if any is to be done.
func (w *walkWorld) step() {
	if len(w.steps) == 0 {
		w.begin()
	}
	w.noError("write", w.steps[0]())
	w.steps = w.steps[1:]
}

func (w *walkWorld) finish() {
	for len(w.steps) > 0 {
		w.step()
	}
}

// meanwhile perhaps writes something.
func (w *walkWorld) meanwhile() {
	if w.interleaves {
		for range rapid.IntRange(0, 3).Draw(w.t, "steps") {
			w.step()
		}
	}
}

// ListProductsAt implements projections.ProductQueries.
func (w *walkWorld) ListProductsAt(
	ctx context.Context, query projections.ProductQuery, shards int,
) ([]projections.Product, []projections.Extent, error) {
	page, extents, err := w.Views.ListProductsAt(ctx, query, shards)
	w.meanwhile()
	return page, extents, err
}

// FeedChanges implements projections.ProductQueries.
func (w *walkWorld) FeedChanges(ctx context.Context, shard uint32, after uint64, limit int) ([]projections.Change, error) {
	page, err := w.Views.FeedChanges(ctx, shard, after, limit)
	w.meanwhile()
	return page, err
}

// Products implements projections.PriceViews.
func (w *walkWorld) Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]projections.Product, error) {
	found, err := w.Views.Products(ctx, ids)
	w.meanwhile()
	return found, err
}

func (w *walkWorld) position() events.LogPosition {
	checkpoint, err := w.Checkpoint(w.t.Context(), stream)
	w.noError("checkpoint", err)
	return events.LogPosition{0: checkpoint.Sequence}
}

// drawWalk draws what is asked for: anything but a place.
func drawWalk(t *rapid.T, source string) projections.ProductQuery {
	query := projections.ProductQuery{
		SortBy:     projections.SortKey(rapid.IntRange(0, int(projections.SortByFirstObservedAt)).Draw(t, "sort")),
		Descending: rapid.Bool().Draw(t, "descending"),
		Limit:      rapid.IntRange(1, 14).Draw(t, "page size"),
	}
	query.Filter.Source = source
	price := rapid.SampledFrom([]*int64{nil, nil, nil, new(int64(1)), new(int64(3))})
	query.Filter.MinPriceMicros, query.Filter.MaxPriceMicros = price.Draw(t, "min"), price.Draw(t, "max")
	query.Filter.ChangedSince = rapid.SampledFrom([]*events.Micros{nil, nil, nil, new(events.Micros(0))}).Draw(t, "since")
	return query
}

// walk walks through all pages and compares what it meets with what there was when it began.
func (w *walkWorld) walk(walks *projections.Walks) {
	query := drawWalk(w.t, w.source)
	began := w.position()
	there := foldAll(w.log[:slices.IndexFunc(append(w.log, events.Observation{Place: events.LogPlace{Sequence: began[0] + 1}}),
		func(o events.Observation) bool { return o.Place.Sequence > began[0] })]).Products
	var want, got []string
	whole := query
	whole.Limit = 0
	for _, p := range selectProducts(there, whole) {
		want = append(want, p.Name)
	}
	for pages := 0; ; pages++ {
		page, _, err := walks.Page(w.t.Context(), w, query, began)
		w.noError("page", err)
		for _, p := range page {
			if slices.ContainsFunc(there, func(q projections.Product) bool { return q.ID == p.ID }) {
				got = append(got, p.Name)
			}
			if now := w.stored(p.ID); !w.interleaves && now != p.Product {
				w.t.Fatalf("shown is %+v, stored is %+v", p.Product, now)
			}
		}
		if len(page) < query.Limit {
			break
		}
		if pages > 1000 {
			w.t.Fatal("no end")
		}
		query.After = &page[len(page)-1].Place
		switch rapid.IntRange(0, 5).Draw(w.t, "between pages") {
		case 0:
			w.finish()
			w.write(1)
		case 1:
			w.step()
		case 2:
			walks = projections.NewWalks(1) // as another process
		}
	}
	if !slices.Equal(got, want) {
		w.t.Fatalf("sorted by %d, descending %t, %d a page:\ngot  %v\nwant %v", query.SortBy, query.Descending, query.Limit, got, want)
	}
	w.finish()
}

func (w *walkWorld) stored(id events.ProductID) projections.Product {
	p, err := w.GetProduct(w.t.Context(), id)
	w.noError("get product", err)
	return p
}
