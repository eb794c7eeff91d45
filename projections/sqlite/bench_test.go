package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Each round of a write benchmark takes in benchProducts products, batch by batch; rows/s is what to compare.
const (
	benchBatch = 20_000
)

// benchProducts is how many products there are; with -short few, to see no more than that the benchmarks run.
func benchProducts() int {
	if testing.Short() {
		return 5000
	}
	return 200_000
}

// benchFetch returns the observations of one fetch. So many percent of the prices differ from those of the fetch before.
func benchFetch(fetch, changed int) []events.Observation {
	all := make([]events.Observation, benchProducts())
	id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, fetch))
	for i := range all {
		price := int64(i*7919%100_000) * 10_000
		if i%100 < changed {
			price += int64(fetch) * 10_000
		}
		all[i] = events.Observation{
			Source: events.DefaultSource, Name: fmt.Sprintf("Product of some length %08d", i*7919%benchProducts()),
			Price:    events.Price{Micros: price, Currency: "EUR"},
			Position: events.Position{ObservedAt: events.Micros(1_700_000_000_000_000 + fetch), Fetch: id}, Line: int64(i) + 2,
		}
	}
	return all
}

// benchDeltas folds a fetch into what is known, and brings known up to date.
func benchDeltas(known map[events.ProductID]projections.Product, fetch []events.Observation) []projections.Delta {
	var deltas []projections.Delta
	for start := 0; start < len(fetch); start += benchBatch {
		delta := projections.FoldBatch(known, fetch[start:min(start+benchBatch, len(fetch))])
		for _, p := range delta.New {
			known[p.ID] = p
		}
		for _, p := range delta.Seen {
			known[p.ID] = p
		}
		deltas = append(deltas, delta)
	}
	return deltas
}

func benchOpen(b *testing.B) *DB {
	b.Helper()
	db, err := openDB(b.Context(), filepath.Join(b.TempDir(), "views.db"), 1)
	if err == nil {
		err = db.BuildIndexes(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.close() })
	return db
}

func applyAll(b *testing.B, db *DB, deltas []projections.Delta) {
	b.Helper()
	for i, delta := range deltas {
		if err := db.ApplyPrices(b.Context(), delta, projections.Checkpoint{Stream: "PRICES_00", Sequence: uint64(i + 1)}); err != nil {
			b.Fatal(err)
		}
	}
}

func reportRows(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N*benchProducts())/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkApplyNew compares the first fetch of a list with bare inserts of the same rows.
func BenchmarkApplyNew(b *testing.B) {
	deltas := benchDeltas(map[events.ProductID]projections.Product{}, benchFetch(0, 0))
	sorted := make([]projections.Delta, len(deltas))
	for i := range deltas {
		for _, p := range orderByName(deltas[i].New, func(p *projections.Product) *projections.Product { return p }) {
			sorted[i].New = append(sorted[i].New, *p)
		}
	}
	b.Run("store", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			db := benchOpen(b)
			b.StartTimer()
			applyAll(b, db, deltas)
		}
		reportRows(b)
	})
	for name, deltas := range map[string][]projections.Delta{"bare": deltas, "bare-by-name": sorted} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				bare := benchTry(OpenBaseline(b.Context(), b.TempDir()))(b)
				b.StartTimer()
				insertBare(b, bare, deltas)
				b.StopTimer()
				if err := bare.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			reportRows(b)
		})
	}
}

// insertBare inserts the rows with nothing around.
func insertBare(b *testing.B, bare *Baseline, deltas []projections.Delta) {
	b.Helper()
	for _, delta := range deltas {
		if err := bare.InsertProducts(b.Context(), delta.New); err != nil {
			b.Fatal(err)
		}
	}
}

func benchTry[T any](value T, err error) func(*testing.B) T {
	return func(b *testing.B) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
}

// BenchmarkApplySeen is a fetch of a list that did not change.
func BenchmarkApplySeen(b *testing.B) { benchmarkFetch(b, 0) }

// BenchmarkApplyChanged is a fetch of a list where every price changed.
func BenchmarkApplyChanged(b *testing.B) { benchmarkFetch(b, 100) }

// BenchmarkApplyReload is a fetch of a list where one price in twenty changed.
func BenchmarkApplyReload(b *testing.B) { benchmarkFetch(b, 5) }

func benchmarkFetch(b *testing.B, changed int) {
	b.Helper()
	db, known := benchFill(b)
	for fetch := range b.N {
		b.StopTimer()
		deltas := benchDeltas(known, benchFetch(fetch+1, changed))
		b.StartTimer()
		applyAll(b, db, deltas)
	}
	reportRows(b)
}

func benchFill(b *testing.B) (*DB, map[events.ProductID]projections.Product) {
	b.Helper()
	db, known := benchOpen(b), map[events.ProductID]projections.Product{}
	applyAll(b, db, benchDeltas(known, benchFetch(0, 0)))
	b.ResetTimer()
	return db, known
}

// BenchmarkProducts loads the state of a batch, as a projector does before it folds.
func BenchmarkProducts(b *testing.B) {
	db, known := benchFill(b)
	fetch := benchFetch(1, 0)
	ids := make([]events.ProductID, len(fetch))
	for i := range fetch {
		ids[i] = fetch[i].ProductID()
	}
	b.ResetTimer()
	for range b.N {
		for start := 0; start < len(ids); start += benchBatch {
			if _, err := db.Products(b.Context(), ids[start:min(start+benchBatch, len(ids))]); err != nil {
				b.Fatal(err)
			}
		}
	}
	_ = known
	reportRows(b)
}

// BenchmarkListDepth reads one page of 50 at several depths of each sort; it should cost the same everywhere.
func BenchmarkListDepth(b *testing.B) {
	db, _ := benchFill(b)
	for _, key := range []projections.SortKey{projections.SortByName, projections.SortByPrice} {
		for _, percent := range []int{0, 50, 99} {
			query := projections.ProductQuery{SortBy: key, Limit: 50}
			if percent > 0 {
				query.After = cursorAtDepth(b, db, query, benchProducts()*percent/100)
			}
			b.Run(fmt.Sprintf("sort=%d/depth=%d%%", key, percent), func(b *testing.B) {
				for range b.N {
					if page, err := db.ListProducts(b.Context(), query); err != nil || len(page) != query.Limit {
						b.Fatalf("got %d products, error %v", len(page), err)
					}
				}
			})
		}
	}
}

func cursorAtDepth(b *testing.B, db *DB, query projections.ProductQuery, depth int) *projections.ProductCursor {
	b.Helper()
	query.Limit = depth
	page, err := db.ListProducts(context.WithoutCancel(b.Context()), query)
	if err != nil {
		b.Fatal(err)
	}
	last := &page[len(page)-1]
	return new(last.CursorAt(query.SortBy))
}

// BenchmarkWalk reads one page of 50 from the middle of a walk, beside the same page without one: where nothing has changed
// since it began, and where many products have.
func BenchmarkWalk(b *testing.B) {
	db, known := benchFill(b)
	query := projections.ProductQuery{SortBy: projections.SortByPrice, Limit: 50}
	query.After = cursorAtDepth(b, db, query, benchProducts()/2)
	fetch := benchFetch(1, 40)
	for i := range fetch {
		fetch[i].Place.Sequence = 1
	}
	applyAll(b, db, benchDeltas(known, fetch))
	now, err := projections.Position(b.Context(), db, 1)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("none", func(b *testing.B) {
		for range b.N {
			benchTry(db.ListProducts(b.Context(), query))(b)
		}
	})
	for name, began := range map[string]events.LogPosition{"still": now, "moved": {0: 0}} {
		walks := projections.NewWalks(1)
		walk := func() ([]projections.PlacedProduct, error) {
			page, _, err := walks.Page(b.Context(), db, query, began)
			return page, err
		}
		benchTry(walk())(b) // what has moved is read once
		b.Run(name, func(b *testing.B) {
			for range b.N {
				benchTry(walk())(b)
			}
		})
	}
}

// BenchmarkPast reads one page of 50 by price from the middle of the products as they were before many changed.
func BenchmarkPast(b *testing.B) {
	db, known := benchFill(b)
	query := projections.ProductQuery{SortBy: projections.SortByPrice, Limit: 50}
	query.After = cursorAtDepth(b, db, query, benchProducts()/2)
	fetch := benchFetch(1, 9)
	at := fetch[0].Position.ObservedAt - 1
	applyAll(b, db, benchDeltas(known, fetch))
	var past projections.Past
	for b.Loop() {
		if _, _, err := past.List(b.Context(), db, query, at); err != nil {
			b.Fatal(err)
		}
	}
}
