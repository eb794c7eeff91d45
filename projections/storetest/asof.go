package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// testAsOf is the property that a list as of a time is what the observations up to then fold to, whatever is written meanwhile.
// Each run has a source of its own in one store.
func testAsOf(t *testing.T, store projections.Views) {
	var runs int
	var past projections.Past // of all sources
	sequence := uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		runs++
		w := &walkWorld{Views: store, source: fmt.Sprintf("as-of-%d", runs), sequence: &sequence, t: t}
		w.write(rapid.IntRange(1, 4).Draw(t, "batches before"))
		last := w.log[len(w.log)-1].Position.ObservedAt
		at := last - 1 - events.Micros(rapid.IntRange(0, int(last-w.log[0].Position.ObservedAt)+1).Draw(t, "ago"))
		var until []events.Observation
		for _, o := range w.log {
			if o.Position.ObservedAt <= at {
				until = append(until, o)
			}
		}
		w.interleaves = rapid.Bool().Draw(t, "writes within pages")
		w.walkAsOf(&past, at, foldAll(until).Products)
	})
}

// walkAsOf walks through all pages as of a time and compares them with what there was.
func (w *walkWorld) walkAsOf(past *projections.Past, at events.Micros, there []projections.Product) {
	query := drawWalk(w.t, w.source)
	query.Filter.ChangedSince = nil
	query.SortBy = rapid.SampledFrom([]projections.SortKey{projections.SortByName, projections.SortByPrice}).Draw(w.t, "sort by")
	whole := query
	whole.Limit = 0
	want := selectProducts(there, whole)
	var got []projections.Product
	for {
		page, next, err := past.List(w.t.Context(), w, query, at)
		w.noError("list", err)
		if len(page) > query.Limit {
			w.t.Fatalf("a page of %d, more than the limit of %d", len(page), query.Limit)
		}
		for _, p := range page {
			if p.Place != p.CursorAt(query.SortBy) {
				w.t.Fatalf("%+v is not at its place", p)
			}
			got = append(got, p.Product)
		}
		if next == nil {
			break
		}
		query.After = next
		if rapid.Bool().Draw(w.t, "writes between pages") {
			w.step()
		}
	}
	for _, all := range [][]projections.Product{want, got} {
		for i := range all {
			all[i].Written.Fetch, all[i].Seen = events.FetchID{}, events.Position{}
		}
	}
	if diff := diffOf(want, got); diff != "" {
		w.t.Fatalf("as of %d, %+v: -want +got:\n%s", at, query, diff)
	}
	w.finish()
}
