package mongo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Each round of a write benchmark takes in benchProducts products, batch by batch, and then has the driver write as many
// rows with nothing around. The ratio of the two is what to compare: rows/s are the engine's.
const (
	benchBatch = 25_000
)

// benchProducts is how many products there are; with -short few, to see no more than that the benchmarks run.
func benchProducts() int {
	if testing.Short() {
		return 5000
	}
	return 50_000
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
	for batch := range slices.Chunk(fetch, benchBatch) {
		delta := projections.FoldBatch(known, batch)
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

func benchTry[T any](value T, err error) func(*testing.B) T {
	return func(b *testing.B) T {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		return value
	}
}

func benchCheck(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func applyAll(b *testing.B, v *views, deltas []projections.Delta) {
	b.Helper()
	for i, delta := range deltas {
		benchCheck(b, v.ApplyPrices(b.Context(), delta, projections.Checkpoint{Stream: "PRICES_00", Sequence: uint64(i)}))
	}
}

// benchmarkBeside takes turns between the store and the bare driver, each on a database of its own.
func benchmarkBeside(b *testing.B, round func(n int) (store, bare func())) {
	b.Helper()
	var stored, written time.Duration
	for n := range b.N {
		store, bare := round(n)
		stored += benchTime(store)
		written += benchTime(bare)
	}
	rows := float64(b.N * benchProducts())
	b.ReportMetric(rows/stored.Seconds(), "rows/s")
	b.ReportMetric(rows/written.Seconds(), "bare-rows/s")
	b.ReportMetric(written.Seconds()/stored.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

func benchTime(run func()) time.Duration {
	began := time.Now()
	run()
	return time.Since(began)
}

// BenchmarkApplyNew is the first fetch of a list, beside inserts of the same documents into collections with the same indexes.
func BenchmarkApplyNew(b *testing.B) {
	deltas := benchDeltas(map[events.ProductID]projections.Product{}, benchFetch(0, 0))
	benchmarkBeside(b, func(int) (store, bare func()) {
		v, baseline := testViews(b), testBaseline(b, true)
		return func() { applyAll(b, v, deltas) }, func() { bareInserts(b, baseline, deltas) }
	})
}

func testBaseline(b *testing.B, indexed bool) *Baseline {
	b.Helper()
	bare := benchTry(openBaseline(b.Context(), TempURI(b), indexed))(b)
	b.Cleanup(func() { benchCheck(b, bare.Close()) })
	return bare
}

func bareInserts(b *testing.B, bare *Baseline, deltas []projections.Delta) {
	b.Helper()
	for _, delta := range deltas {
		benchCheck(b, bare.InsertProducts(b.Context(), delta.New))
	}
}

// BenchmarkImport is the first fetch of a list, beside what mongoimport does with the list, with and without the same indexes.
func BenchmarkImport(b *testing.B) {
	fetch := benchFetch(0, 0)
	deltas := benchDeltas(map[events.ProductID]projections.Product{}, fetch)
	names, prices := make([]string, len(fetch)), make([]string, len(fetch))
	for i := range fetch {
		names[i], prices[i] = fetch[i].Name, fmt.Sprintf("%d.%02d", fetch[i].Price.Micros/1e6, fetch[i].Price.Micros%1e6/1e4)
	}
	for _, indexes := range []bool{false, true} {
		b.Run(fmt.Sprintf("indexes=%t", indexes), func(b *testing.B) {
			benchmarkBeside(b, func(int) (store, bare func()) {
				v, other := testViews(b), benchTry(OpenImport(b.Context(), TempURI(b), indexes))(b)
				b.Cleanup(func() { benchCheck(b, other.Close()) })
				return func() { applyAll(b, v, deltas) },
					func() { benchCheck(b, other.Upsert(b.Context(), names, prices)) }
			})
		})
	}
}

// BenchmarkFill is a rebuild: the same products where there are no indexes yet.
func BenchmarkFill(b *testing.B) {
	deltas := benchDeltas(map[events.ProductID]projections.Product{}, benchFetch(0, 0))
	benchmarkBeside(b, func(int) (store, bare func()) {
		v, baseline := benchNext(b), testBaseline(b, false)
		return func() {
			for _, delta := range deltas {
				benchCheck(b, v.InsertPrices(b.Context(), delta.New, nil))
			}
		}, func() { bareInserts(b, baseline, deltas) }
	})
}

func benchNext(b *testing.B) *views {
	b.Helper()
	return benchTry(testViews(b).store.Views(b.Context(), 2))(b).(*views)
}

// BenchmarkApplySeen is a fetch of a list that did not change, beside one updateMany for a thousand ids.
func BenchmarkApplySeen(b *testing.B) { benchmarkFetch(b, 0) }

// BenchmarkApplyChanged is a fetch of a list where every price changed, beside one bulk of updateOne by id as well, and
// inserts of the changes.
func BenchmarkApplyChanged(b *testing.B) { benchmarkFetch(b, 100) }

// BenchmarkApplyReload is a fetch of a list where one price in twenty changed.
func BenchmarkApplyReload(b *testing.B) { benchmarkFetch(b, 5) }

func benchmarkFetch(b *testing.B, changed int) {
	b.Helper()
	v, baseline, known := testViews(b), testBaseline(b, true), map[events.ProductID]projections.Product{}
	first := benchDeltas(known, benchFetch(0, 0))
	applyAll(b, v, first)
	bareInserts(b, baseline, first)
	benchmarkBeside(b, func(n int) (store, bare func()) {
		deltas := benchDeltas(known, benchFetch(n+1, changed))
		return func() { applyAll(b, v, deltas) }, func() { bareUpdates(b, baseline, deltas) }
	})
}

func bareUpdates(b *testing.B, bare *Baseline, deltas []projections.Delta) {
	b.Helper()
	for _, delta := range deltas {
		benchCheck(b, bare.UpdatePrices(b.Context(), delta.Changed))
		benchCheck(b, bare.MoveSightings(b.Context(), delta.Seen))
	}
}

// BenchmarkProducts loads the state of a fetch, as a projector does before it folds.
func BenchmarkProducts(b *testing.B) {
	v, known := testViews(b), map[events.ProductID]projections.Product{}
	applyAll(b, v, benchDeltas(known, benchFetch(0, 0)))
	var ids []events.ProductID
	for id := range known {
		ids = append(ids, id)
	}
	b.ResetTimer()
	for range b.N {
		for batch := range slices.Chunk(ids, benchBatch) {
			if found := benchTry(v.Products(b.Context(), batch))(b); len(found) != len(batch) {
				b.Fatalf("found %d products of %d", len(found), len(batch))
			}
		}
	}
	b.ReportMetric(float64(b.N*benchProducts())/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkList reads one page of 50 from the middle of each sort. On an engine that does not push a sort into an index this
// says nothing of MongoDB.
func BenchmarkList(b *testing.B) {
	v, known := testViews(b), map[events.ProductID]projections.Product{}
	applyAll(b, v, benchDeltas(known, benchFetch(0, 0)))
	var middle projections.Product
	for _, p := range known {
		middle = p
		break
	}
	for key := range sortOrders {
		query := projections.ProductQuery{SortBy: key, Limit: 50}
		query.After = new(middle.CursorAt(key))
		b.Run(fmt.Sprintf("sort=%d", key), func(b *testing.B) {
			for range b.N {
				benchTry(v.ListProducts(b.Context(), query))(b)
			}
		})
	}
}
