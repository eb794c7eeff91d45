package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// testListAnyQuery is the property that a list is what sorting all products would give: any sort, direction, filter, place to
// resume and page, also where times are before 1970, or right then.
func testListAnyQuery(t *testing.T, store projections.Views) {
	random := seeded(9)
	var all []events.Observation
	for fetch := range 6 {
		for p := range 60 {
			if random.IntN(4) == 0 {
				continue
			}
			o := observe(fmt.Sprintf("product %02d", p), 1_000_000, fetch)
			if p%3 > 0 { // the others never change
				o.Price.Micros = int64(random.IntN(4)) * 1_000_000
			}
			o.Source, o.Position.ObservedAt = []string{"one", "two", "three"}[p%4%3], events.Micros(fetch-3)
			all = append(all, o)
		}
	}
	mustProject(t, store, all, uint64(len(all)))
	products := foldAll(all).Products
	rapid.Check(t, func(t *rapid.T) {
		query := drawQuery(t, products)
		got, err := store.ListProducts(t.Context(), query)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		if diff := diffOf(selectProducts(products, query), got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		count, err := store.CountProducts(t.Context(), query.Filter)
		if want := len(selectProducts(products, projections.ProductQuery{Filter: query.Filter})); err != nil || count != int64(want) {
			t.Fatalf("counted %d products, not %d, error %v", count, want, err)
		}
	})
}

func drawQuery(t *rapid.T, products []projections.Product) projections.ProductQuery {
	query := projections.ProductQuery{
		SortBy: rapid.SampledFrom([]projections.SortKey{
			projections.SortByName, projections.SortByPrice, projections.SortByPriceChanges,
			projections.SortByPriceChangedAt, projections.SortByFirstObservedAt,
		}).Draw(t, "sort"),
		Descending: rapid.Bool().Draw(t, "descending"),
		Limit:      rapid.IntRange(1, 70).Draw(t, "limit"),
	}
	query.Filter.Source = rapid.SampledFrom([]string{"", "", "one", "none"}).Draw(t, "source")
	price := rapid.SampledFrom([]*int64{nil, nil, new(int64(0)), new(int64(1_000_000)), new(int64(2_500_000))})
	query.Filter.MinPriceMicros, query.Filter.MaxPriceMicros = price.Draw(t, "min"), price.Draw(t, "max")
	query.Filter.ChangedSince = rapid.SampledFrom([]*events.Micros{
		nil, nil, new(events.Micros(-9)), new(events.Micros(0)), new(events.Micros(1)),
	}).Draw(t, "since")
	if rapid.Bool().Draw(t, "resumes") {
		at := rapid.SampledFrom(products).Draw(t, "after")
		query.After = new(at.CursorAt(query.SortBy))
		if query.SortBy != projections.SortByName {
			query.After.Value += rapid.Int64Range(-1, 1).Draw(t, "beside")
		}
	}
	return query
}
