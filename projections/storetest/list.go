package storetest

import (
	"fmt"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

var sortKeys = map[string]projections.SortKey{
	"name": projections.SortByName, "price": projections.SortByPrice, "changes": projections.SortByPriceChanges,
	"changed at": projections.SortByPriceChangedAt, "first observed at": projections.SortByFirstObservedAt,
}

// eachOrder calls test with a query for every sort key and direction.
func eachOrder(t *testing.T, test func(t *testing.T, query projections.ProductQuery)) {
	t.Helper()
	for name, key := range sortKeys {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/descending=%t", name, descending), func(t *testing.T) {
				test(t, projections.ProductQuery{SortBy: key, Descending: descending})
			})
		}
	}
}

// wantList walks the list in pages of several sizes and compares it with what it should be.
func wantList(t *testing.T, store projections.Views, products []projections.Product, query projections.ProductQuery, limits ...int) {
	t.Helper()
	want := selectProducts(products, query)
	for _, query.Limit = range limits {
		got, err := walk(t.Context(), store, query)
		wantNoError(t, "walk", err)
		wantEqual(t, fmt.Sprintf("list of %+v", query), got, want)
	}
}

// listFixture fills the store with products that have many equal sort values, and some odd names.
func listFixture(t *testing.T, store projections.Views, sources ...string) []projections.Product {
	t.Helper()
	all := history(seeded(4), sources, 40, 4)
	for i, name := range []string{"B", "b", "a b", "a", "ä", "z", "é", "\U0001F36E", "\uFB01", "\uFFFD"} {
		o := observe(name, int64(i%3)*1_000_000, i%4)
		o.Source = sources[i%len(sources)]
		all = append(all, o)
	}
	mustProject(t, store, all, uint64(len(all)))
	return foldAll(all).Products
}

func testListSorts(t *testing.T, store projections.Views) {
	sources := []string{"one", "two", "three"}
	products := listFixture(t, store, sources...)
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		wantList(t, store, products, query, 1, 7, len(products), len(products)+1)
		for _, query.Filter.Source = range append(sources, "none") {
			wantList(t, store, products, query, 1, 7, 1000)
		}
	})
}

func testListFilters(t *testing.T, store projections.Views) {
	products := listFixture(t, store, "one", "two")
	bounds := []*int64{nil, new(int64(0)), new(int64(1_000_000)), new(int64(1_000_001)), new(int64(3_000_000)), new(int64(9_000_000))}
	since := []*events.Micros{nil, new(events.Micros(0)), new(day), new(day + 2), new(day + 3), new(day + 100)}
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		for _, source := range []string{"", "one"} {
			for _, low := range bounds {
				for _, high := range bounds {
					query.Filter = projections.ProductFilter{Source: source, MinPriceMicros: low, MaxPriceMicros: high}
					wantList(t, store, products, query, 9)
				}
			}
			for _, query.Filter.ChangedSince = range since {
				query.Filter.MinPriceMicros, query.Filter.MaxPriceMicros = bounds[2], bounds[4]
				wantList(t, store, products, query, 9)
				query.Filter.MinPriceMicros, query.Filter.MaxPriceMicros = nil, nil
				wantList(t, store, products, query, 9)
			}
		}
	})
}

// testListCursor resumes at places where there is no product, among them ones outside of what the filter lets through.
func testListCursor(t *testing.T, store projections.Views) {
	products := listFixture(t, store, "one", "two")
	numbers := []int64{-1, 0, 1, 2, 500_000, 1_000_000, 2_500_000, 4_000_000, int64(day), int64(day) + 2, int64(day) + 50}
	texts := []string{"", "B", "product 01", "product 010", "zz", "\U0010FFFF"}
	filters := []projections.ProductFilter{
		{}, {MinPriceMicros: new(int64(1_000_000)), MaxPriceMicros: new(int64(3_000_000))}, {ChangedSince: new(day + 2)},
	}
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		for f, filter := range filters {
			query.Filter = filter
			cursors, step := len(numbers)*len(texts), 1
			switch {
			case query.SortBy == projections.SortByName:
				cursors = len(texts)
			case f > 0:
				step = 5 // meets each number and each text, not each pair of them
			}
			for i := 0; i < cursors; i += step {
				cursor := projections.ProductCursor{Name: texts[i%len(texts)], ID: products[i%len(products)].ID}
				if query.SortBy != projections.SortByName {
					cursor.Value = numbers[i%len(numbers)]
				}
				query.After = &cursor
				wantList(t, store, products, query, 10)
			}
		}
	})
}

// testListManySources has more sources than a store would merge at once.
func testListManySources(t *testing.T, store projections.Views) {
	var sources []string
	for i := range 230 {
		sources = append(sources, fmt.Sprintf("source-%d", i*7919%1000))
	}
	products := listFixture(t, store, sources...)
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		wantList(t, store, products, query, 40)
		query.Filter.MaxPriceMicros = new(int64(1_000_000))
		wantList(t, store, products, query, 40)
	})
}

func testCount(t *testing.T, store projections.Views) {
	products := listFixture(t, store, "one", "two")
	for _, source := range []string{"", "one", "none"} {
		for _, low := range []*int64{nil, new(int64(1_000_000))} {
			for _, high := range []*int64{nil, new(int64(3_000_000)), new(int64(0))} {
				for _, since := range []*events.Micros{nil, new(events.Micros(-1)), new(day + 2)} {
					filter := projections.ProductFilter{Source: source, MinPriceMicros: low, MaxPriceMicros: high, ChangedSince: since}
					got, err := store.CountProducts(t.Context(), filter)
					wantNoError(t, "count", err)
					want := len(selectProducts(products, projections.ProductQuery{Filter: filter}))
					wantEqual(t, fmt.Sprintf("count of %+v", filter), got, int64(want))
				}
			}
		}
	}
}
