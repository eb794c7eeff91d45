package storetest

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

func testUnknown(t *testing.T, store projections.Views) {
	ctx, id := t.Context(), uuid.New()
	products, err := store.Products(ctx, []events.ProductID{id, uuid.New()})
	wantNoError(t, "products", err)
	wantEqual(t, "products", len(products), 0)
	products, err = store.Products(ctx, nil)
	wantNoError(t, "no products", err)
	wantEqual(t, "no products", len(products), 0)
	fetches, err := store.Fetches(ctx, []events.FetchID{id})
	wantNoError(t, "fetches", err)
	wantEqual(t, "fetches", len(fetches), 0)

	_, err = store.GetProduct(ctx, id)
	wantError(t, "get product", err, projections.ErrNotFound)
	_, err = store.GetFetch(ctx, id)
	wantError(t, "get fetch", err, projections.ErrNotFound)

	changes, err := store.ListChanges(ctx, id, false, nil, 10)
	wantNoError(t, "changes", err)
	wantEqual(t, "changes", len(changes), 0)
	rejects, err := store.ListRejects(ctx, id, 0, 10)
	wantNoError(t, "rejects", err)
	wantEqual(t, "rejects", len(rejects), 0)
	list, err := store.ListFetches(ctx, "", nil, 10)
	wantNoError(t, "list fetches", err)
	wantEqual(t, "list fetches", len(list), 0)
	wantViews(t, store, Views{})
	checkpoint, err := store.Checkpoint(ctx, stream)
	wantNoError(t, "checkpoint", err)
	wantEqual(t, "checkpoint", checkpoint, projections.Checkpoint{Stream: stream})
}

// extremes are observations at the edges of what an event may hold.
func extremes() []events.Observation {
	const maxPrice = 999_999_999_999_999_999
	var all []events.Observation
	names := []string{
		"x", "Crème brûlée 🍮 8×", "名前", "quote ' \" \\ ; -- %_?", strings.Repeat("n", events.MaxNameBytes),
		strings.Repeat("é", events.MaxNameBytes/2), "$name", "null", "0", "x.y",
	}
	prices := []events.Price{{Micros: 0, Currency: "EUR"}, {Micros: maxPrice}, {Micros: 1, Currency: "USD"}}
	times := []events.Micros{-62_135_596_800_000_000, -1, 0, 1, day, 253_402_300_799_999_999}
	for i, name := range names {
		for j, time := range times {
			all = append(all, events.Observation{
				Source: []string{"default", "a.b-c_d", strings.Repeat("s", 64)}[i%3], Name: name,
				Price: prices[(i+j)%len(prices)], Position: at(time, math.MaxInt32-j), Line: 1 + int64(j)*math.MaxInt32,
				Place: events.LogPlace{Shard: uint32(j) * 19, Sequence: 1 << (10 * j)},
			})
		}
	}
	// The same amount in another currency is another price.
	renamed := all[len(all)-1]
	renamed.Price.Currency, renamed.Position.Fetch = "CHF", uuid.Max
	return append(all, renamed)
}

func testRoundTrip(t *testing.T, store projections.Views) {
	all := extremes()
	for i := range all {
		mustProject(t, store, all[i:i+1], uint64(i+1))
		if i < 6 || i == len(all)-1 {
			wantViews(t, store, foldAll(all[:i+1]))
		}
	}
	for _, want := range foldAll(all).Products {
		got, err := store.GetProduct(t.Context(), want.ID)
		wantNoError(t, "get product", err)
		wantEqual(t, "product", got, want)
		known, err := store.Products(t.Context(), []events.ProductID{want.ID, uuid.New(), want.ID})
		wantNoError(t, "products", err)
		wantEqual(t, "products", known, map[events.ProductID]projections.Product{want.ID: want})
	}
}

// testLargeDelta crosses every limit that a store may have for what one statement takes.
func testLargeDelta(t *testing.T, store projections.Views) {
	const n = 2345
	var all []events.Observation
	for fetch := range 3 {
		for i := range n {
			price := int64(i)
			if i%3 == 0 { // these change with every fetch
				price += int64(fetch)
			}
			all = append(all, observe(fmt.Sprintf("product %d", i), price, fetch))
		}
		mustProject(t, store, all[fetch*n:], uint64(len(all)))
	}
	wantViews(t, store, foldAll(all))
}

// testManyPositions has a delta whose products were each seen at another time, and some at the same.
func testManyPositions(t *testing.T, store projections.Views) {
	random := seeded(1)
	var all []events.Observation
	for i := range 400 {
		all = append(all, observe(fmt.Sprintf("product %d", i), int64(i), 0))
	}
	mustProject(t, store, all, 1)
	first := len(all)
	for i := range 400 {
		o := observe(fmt.Sprintf("product %d", i), int64(i-i%2*random.IntN(2)), 1)
		if i%3 > 0 {
			o.Position = at(day+events.Micros(random.IntN(60)), 1+random.IntN(3))
		}
		all = append(all, o)
	}
	mustProject(t, store, all[first:], 2)
	wantViews(t, store, foldAll(all))
}

// testSeenMonotone has a projector that is behind write after one that is ahead: same prices, so nothing conflicts.
func testSeenMonotone(t *testing.T, store projections.Views) {
	for _, products := range []int{1, 100} { // a store may write few and many in different ways
		var all []events.Observation
		for fetch := range 3 {
			for i := range products {
				all = append(all, observe(fmt.Sprintf("%d of %d", i, products), 7, fetch))
			}
		}
		mustProject(t, store, all[:products], 1)
		known := map[events.ProductID]projections.Product{}
		for _, p := range foldAll(all[:products]).Products {
			known[p.ID] = p
		}
		ahead, behind := projections.FoldBatch(known, all), projections.FoldBatch(known, all[:2*products])
		for i, delta := range []projections.Delta{ahead, behind} {
			err := store.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: stream, Sequence: uint64(3 - i)})
			wantNoError(t, "apply", err)
		}
		for _, want := range foldAll(all).Products {
			got, err := store.GetProduct(t.Context(), want.ID)
			wantNoError(t, "get product", err)
			wantEqual(t, "product", got, want)
		}
	}
}
