package storetest

import (
	"fmt"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

func testEstimate(t *testing.T, store projections.Views) {
	products := listFixture(t, store, "one", "two")
	for _, source := range []string{"", "one", "none"} {
		for _, low := range []*int64{nil, new(int64(1_000_000))} {
			for _, high := range []*int64{nil, new(int64(3_000_000)), new(int64(0))} {
				for _, since := range []*events.Micros{nil, new(events.Micros(-1)), new(day + 2)} {
					for _, words := range [][]string{nil, {"product"}, {"0", "product"}, {"a"}} {
						wantEstimates(t, store, products, projections.ProductFilter{
							Source: source, MinPriceMicros: low, MaxPriceMicros: high, ChangedSince: since, Words: words,
						})
					}
				}
			}
		}
	}
}

// wantEstimates estimates with several bounds. There are fewer products than a sample has, so that also an estimate is right.
func wantEstimates(t *testing.T, store projections.Views, products []projections.Product, filter projections.ProductFilter) {
	t.Helper()
	want := int64(len(selectProducts(products, projections.ProductQuery{Filter: filter})))
	for _, most := range []int64{0, 1, 10, int64(len(products)), 100_000} {
		count, exact, err := store.EstimateProducts(t.Context(), filter, most)
		wantNoError(t, "estimate", err)
		what := fmt.Sprintf("count of %+v, looking at %d", filter, most)
		wantEqual(t, what, count, want)
		if !exact && most >= int64(len(products)) || exact && most < want {
			t.Fatalf("%s: exact is %t", what, exact)
		}
	}
}

// testSample: of many products an estimate is near.
func testSample(t *testing.T, store projections.Views) {
	const n = 4 * projections.SampledProducts
	var all []events.Observation
	for i := range n {
		all = append(all, observe(fmt.Sprintf("product %d of %d", i, n), int64(i*7919%n), 0))
	}
	mustProject(t, store, all, 1)
	for _, want := range []int64{n / 10, n / 2, n} {
		filter := projections.ProductFilter{MaxPriceMicros: new(want - 1)}
		count, exact, err := store.EstimateProducts(t.Context(), filter, 100)
		wantNoError(t, "estimate", err)
		if off := count - want; exact || off < -n/20 || off > n/20 {
			t.Errorf("%d of %d are estimated as %d, exact %t", want, n, count, exact)
		}
	}
}
