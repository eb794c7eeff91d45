package storetest

import (
	"hash/maphash"
	"slices"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

const digestRanges = 64

// testDigests: two generations that came to the same in different ways have equal sums, and any difference between them shows in the
// range of the product's id, and nowhere else.
func testDigests(t *testing.T, open OpenStore) {
	store := open()
	live, other := mustLive(t, store), mustViews(t, store, 2)
	all := history(seeded(12), []string{"one", "two"}, 1500, 4)
	const portion = 700
	for i := 0; i < len(all); i += portion {
		mustProject(t, live, all[i:min(i+portion, len(all))], uint64(i+1))
	}
	want := foldAll(all)
	fillAll(t, other, want)
	wantNoError(t, "build indexes", other.BuildIndexes(t.Context()))
	wantUnequal(t, live, other)

	changed := want.Products[slices.IndexFunc(want.Products, func(p projections.Product) bool { return p.PriceChanges > 1 })]
	changes := want.Changes[changed.ID]
	replace := func(was, now *projections.Product, changes []projections.Change) {
		t.Helper()
		wantNoError(t, "replace", other.ReplaceProduct(t.Context(), changed.ID, was, now, changes))
	}
	for what, change := range map[string]func(*projections.Product){
		"price":             func(p *projections.Product) { p.Price.Micros++ },
		"currency":          func(p *projections.Product) { p.Price.Currency = "XTS" },
		"previous price":    func(p *projections.Product) { p.PreviousPrice.Micros-- },
		"number of changes": func(p *projections.Product) { p.PriceChanges++ },
		"first observation": func(p *projections.Product) { p.FirstObservedAt-- },
		"last observation":  func(p *projections.Product) { p.Seen.ObservedAt += day },
		"fetch of last":     func(p *projections.Product) { p.Seen = at(p.Seen.ObservedAt+1, 99) },
	} {
		t.Log(what)
		bad := changed
		change(&bad)
		replace(&changed, &bad, changes)
		wantUnequal(t, live, other, changed.ID)
		replace(&bad, &changed, changes)
		wantUnequal(t, live, other)
	}
	line := slices.Clone(changes)
	line[0].Line++
	for what, bad := range map[string][]projections.Change{"line of a change": line, "change missing": changes[1:]} {
		t.Log(what)
		replace(&changed, &changed, bad)
		wantUnequal(t, live, other, changed.ID)
		replace(&changed, &changed, changes)
		wantUnequal(t, live, other)
	}
	replace(&changed, nil, nil)
	wantUnequal(t, live, other, changed.ID)
	wantUnequal(t, other, live, changed.ID)
}

// wantUnequal checks that two generations differ in the ranges of these products.
func wantUnequal(t *testing.T, one, other projections.Views, ids ...events.ProductID) {
	t.Helper()
	seed := maphash.MakeSeed()
	sums := func(views projections.Views) *projections.DigestSums {
		all := projections.NewDigestSums(seed, digestRanges)
		wantNoError(t, "scan digests", views.ScanDigests(t.Context(), all))
		products, err := views.CountProducts(t.Context(), projections.ProductFilter{})
		wantNoError(t, "count", err)
		wantEqual(t, "products", all.Products(), products)
		return all
	}
	first, second := sums(one), sums(other)
	for i := range digestRanges {
		within := func(id events.ProductID) bool { return int(id[0])*digestRanges/256 == i }
		wantEqual(t, "range unequal", !first.Equal(second, i), slices.ContainsFunc(ids, within))
	}
}
