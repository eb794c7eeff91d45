package storetest

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// OpenStore opens the same store again, as another process would, and registers with the test what closes it.
type OpenStore = func() projections.Store

// RunStore checks what a store promises of its generations. Each call of empty makes a store of its own.
func RunStore(t *testing.T, empty func(testing.TB) OpenStore) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, OpenStore)
	}{
		{"EmptyStoreHasOneGeneration", testFirstGeneration},
		{"EveryReaderSeesTheRecord", testRecord},
		{"RecordIsSetOnce", testRecordConflict},
		{"GenerationsAreApart", testGenerationsApart},
		{"EqualGenerationsHaveEqualDigests", testDigests},
		{"FilledViewsAreAsProjectedOnes", testFill},
		{"FillingAgainChangesNothing", testFillAgain},
		{"DroppedViewsAreGone", testDrop},
		{"ManyOpenAtOnce", testOpenTogether},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, empty(t))
		})
	}
}

func mustViews(t *testing.T, store projections.Store, number int64) projections.Views {
	t.Helper()
	views, err := store.Views(t.Context(), number)
	wantNoError(t, "views", err)
	wantEqual(t, "generation", views.Generation(), number)
	return views
}

func mustLive(t *testing.T, store projections.LiveViews) projections.Views {
	t.Helper()
	views, err := store.Live(t.Context())
	wantNoError(t, "live views", err)
	return views
}

func wantGenerations(t *testing.T, store projections.Store, want projections.Generations) {
	t.Helper()
	got, err := store.Generations(t.Context())
	wantNoError(t, "generations", err)
	wantEqual(t, "generations", got, want)
}

func testFirstGeneration(t *testing.T, open OpenStore) {
	store := open()
	wantGenerations(t, store, projections.Generations{Revision: 1, Live: 1, Last: 1})
	views := mustLive(t, store)
	wantEqual(t, "generation", views.Generation(), int64(1))
	wantViews(t, views, Views{}) // lists have their indexes
}

func testRecord(t *testing.T, open OpenStore) {
	store, other := open(), open()
	first, err := store.Generations(t.Context())
	wantNoError(t, "generations", err)
	filling := projections.Generations{
		Live: 1, Next: 2, Last: 2,
		Fill: &projections.Fill{
			Targets: map[events.Stream]uint64{stream: 1 << 62, events.FetchStream: 0, "PRICES_01": 3},
			Passes:  7, Done: 3, Late: map[events.Stream]int64{stream: 5}, Version: "v1.2.3-é",
		},
	}
	wantNoError(t, "set", store.SetGenerations(t.Context(), first, filling))
	filling.Revision = 2
	wantGenerations(t, store, filling)
	wantGenerations(t, other, filling)
	wantGenerations(t, open(), filling)

	mustProject(t, mustLive(t, store), []events.Observation{observe("old", 1, 0)}, 1)
	next := mustViews(t, store, 2)
	wantNoError(t, "build indexes", next.BuildIndexes(t.Context()))
	mustProject(t, next, []events.Observation{observe("new", 1, 0)}, 1)
	switched := projections.Generations{Live: 2, Previous: 1, Last: 2}
	wantNoError(t, "switch", other.SetGenerations(t.Context(), filling, switched))
	for _, reader := range []projections.Store{store, other, open()} {
		views := mustLive(t, reader)
		wantEqual(t, "live generation", views.Generation(), int64(2))
		wantViews(t, views, foldAll([]events.Observation{observe("new", 1, 0)}))
	}
}

func testRecordConflict(t *testing.T, open OpenStore) {
	store := open()
	before, err := store.Generations(t.Context())
	wantNoError(t, "generations", err)
	const writers, rounds = 4, 10
	var group sync.WaitGroup
	var set atomic.Int64
	for range writers {
		mine := open()
		group.Go(func() {
			for range rounds {
				now, err := mine.Generations(t.Context())
				if err == nil {
					next := now
					next.Last++
					err = mine.SetGenerations(t.Context(), now, next)
				}
				switch {
				case err == nil:
					set.Add(1)
				case !errors.Is(err, projections.ErrConflict):
					t.Errorf("set: %v", err)
				}
			}
		})
	}
	group.Wait()
	wantGenerations(t, store, projections.Generations{Revision: 1 + set.Load(), Live: 1, Last: 1 + set.Load()})
	wantError(t, "set", store.SetGenerations(t.Context(), before, projections.Generations{Live: 5}), projections.ErrConflict)
	wantGenerations(t, store, projections.Generations{Revision: 1 + set.Load(), Live: 1, Last: 1 + set.Load()})
}

func testGenerationsApart(t *testing.T, open OpenStore) {
	store := open()
	first, second := mustLive(t, store), mustViews(t, store, 2)
	wantNoError(t, "build indexes", second.BuildIndexes(t.Context()))
	wantNoError(t, "build indexes again", second.BuildIndexes(t.Context()))
	one, two := []events.Observation{observe("x", 1, 0), observe("x", 2, 1)}, []events.Observation{observe("x", 5, 3), observe("y", 5, 3)}
	mustProject(t, first, one, 2)
	mustProject(t, second, two, 7)
	mustApplyFetches(t, second, 3, fetchView(1, "source", day, 1))
	wantViews(t, first, foldAll(one))
	wantViews(t, mustViews(t, store, 2), foldAll(two))
	wantCheckpoint(t, first, projections.Checkpoint{Stream: stream, Sequence: 2})
	wantCheckpoint(t, second, projections.Checkpoint{Stream: stream, Sequence: 7})
	_, err := first.GetFetch(t.Context(), fetchID(1))
	wantError(t, "get fetch", err, projections.ErrNotFound)
}

// fillAll inserts what the observations fold to, in portions.
func fillAll(t *testing.T, views projections.Views, want Views) {
	t.Helper()
	products, changes := inOrderOfID(want)
	for chunk := range slices.Chunk(products, 300) {
		wantNoError(t, "insert", views.InsertPrices(t.Context(), chunk, nil))
	}
	for chunk := range slices.Chunk(changes, 500) {
		wantNoError(t, "insert", views.InsertPrices(t.Context(), nil, chunk))
	}
}

func testFill(t *testing.T, open OpenStore) {
	store := open()
	all := history(seeded(9), []string{"one", "two"}, 400, 6)
	want := foldAll(all)
	views := mustViews(t, store, 2)
	fillAll(t, views, want)
	filled := projections.Checkpoint{Stream: stream, Sequence: 9, Late: 4}
	wantNoError(t, "checkpoint", views.ApplyPrices(t.Context(), projections.Delta{}, filled))
	wantScans(t, views, want, 1000) // without the indexes for lists
	wantNoError(t, "build indexes", views.BuildIndexes(t.Context()))
	wantViews(t, views, want)
	products := want.Products
	eachOrder(t, func(t *testing.T, query projections.ProductQuery) {
		wantList(t, views, products, query, 100)
	})
	wantCheckpoint(t, views, filled)
	more := []events.Observation{observe("product 000", 99, 50), observe("fresh", 1, 50)}
	mustProject(t, views, more, 10)
	wantViews(t, views, foldAll(append(all, more...)))
}

// testFillAgain: somebody who was paused in the middle of a fill may go on with it after others have finished it and gone
// further.
func testFillAgain(t *testing.T, open OpenStore) {
	store := open()
	all := history(seeded(10), []string{"one"}, 100, 5)
	want := foldAll(all)
	views := mustViews(t, store, 2)
	fillAll(t, views, want)
	fillAll(t, views, want)
	wantNoError(t, "build indexes", views.BuildIndexes(t.Context()))
	wantViews(t, views, want)
	more := history(seeded(11), []string{"one"}, 120, 7)[500:]
	mustProject(t, views, more, 10)
	fillAll(t, views, want)
	wantViews(t, views, foldAll(append(all, more...)))
}

func testDrop(t *testing.T, open OpenStore) {
	store := open()
	one, two := []events.Observation{observe("one", 1, 0)}, []events.Observation{observe("two", 1, 0)}
	mustProject(t, mustLive(t, store), one, 1)
	for _, number := range []int64{2, 3, 12} {
		views := mustViews(t, store, number)
		wantNoError(t, "build indexes", views.BuildIndexes(t.Context()))
		mustProject(t, views, two, 5)
		mustApplyFetches(t, views, 3, fetchView(1, "source", day, 1))
	}
	wantNoError(t, "drop", store.DropViews(t.Context(), 1, 12))
	wantViews(t, mustLive(t, store), foldAll(one))
	wantViews(t, mustViews(t, store, 12), foldAll(two))
	for _, number := range []int64{2, 3} {
		views := mustViews(t, store, number) // made anew
		wantNoError(t, "build indexes", views.BuildIndexes(t.Context()))
		wantViews(t, views, Views{})
		wantEqual(t, "checkpoint", mustCheckpoint(t, views).Sequence, uint64(0))
		_, err := views.GetFetch(t.Context(), fetchID(1))
		wantError(t, "get fetch", err, projections.ErrNotFound)
	}
	wantViews(t, mustLive(t, open()), foldAll(one))
}

func mustCheckpoint(t *testing.T, views projections.Views) projections.Checkpoint {
	t.Helper()
	checkpoint, err := views.Checkpoint(t.Context(), stream)
	wantNoError(t, "checkpoint", err)
	return checkpoint
}

func testOpenTogether(t *testing.T, open OpenStore) {
	var group sync.WaitGroup
	for n := range 6 {
		store := open()
		group.Go(func() {
			views, err := store.Live(t.Context())
			if err == nil {
				err = project(t.Context(), views, []events.Observation{observe("x", 1, 0)}, uint64(n+1))
			}
			if err == nil {
				_, err = views.ListProducts(t.Context(), projections.ProductQuery{Limit: 1})
			}
			if err != nil {
				t.Errorf("store %d: %v", n, err)
			}
		})
	}
	group.Wait()
	wantViews(t, mustLive(t, open()), foldAll([]events.Observation{observe("x", 1, 0)}))
	wantGenerations(t, open(), projections.Generations{Revision: 1, Live: 1, Last: 1})
}
