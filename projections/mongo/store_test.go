package mongo

import (
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

func openTest(t *testing.T, uri string) *Store {
	t.Helper()
	store, err := Open(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func viewsOf(t *testing.T, store *Store, number int64) projections.Views {
	t.Helper()
	v, err := store.Views(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func collections(t *testing.T, store *Store) []string {
	t.Helper()
	names, err := store.database.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestDroppedViewsMeetErrors: nobody reads nothing from views that were dropped, and writes to them leave nothing.
func TestDroppedViewsMeetErrors(t *testing.T) {
	t.Parallel()
	uri := TempURI(t)
	store := openTest(t, uri)
	v := viewsOf(t, store, 2)
	delta := projections.FoldBatch(nil, testFetch(5, 1, 5))
	if err := v.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: testStream, Sequence: 1}); err != nil {
		t.Fatal(err)
	}
	if err := openTest(t, uri).DropViews(t.Context(), 1); err != nil { // as another process does
		t.Fatal(err)
	}
	ctx, id := t.Context(), delta.New[0].ID
	last := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"ApplyPrices":    v.ApplyPrices(ctx, delta, projections.Checkpoint{Stream: testStream, Sequence: 2}),
		"ApplyFetches":   v.ApplyFetches(ctx, projections.FetchDelta{}, projections.Checkpoint{Stream: events.FetchStream}),
		"InsertPrices":   v.InsertPrices(ctx, delta.New, nil),
		"BuildIndexes":   v.BuildIndexes(ctx),
		"ReplaceProduct": v.ReplaceProduct(ctx, id, nil, &delta.New[0], nil),
		"Products":       last(v.Products(ctx, []events.ProductID{id})),
		"GetProduct":     last(v.GetProduct(ctx, id)),
		"ListProducts":   last(v.ListProducts(ctx, projections.ProductQuery{Limit: 1})),
		"CountProducts":  last(v.CountProducts(ctx, projections.ProductFilter{})),
		"ListChanges":    last(v.ListChanges(ctx, id, true, nil, 1)),
		"FeedChanges":    last(v.FeedChanges(ctx, 0, 0, 1)),
		"ScanProducts":   last(v.ScanProducts(ctx, nil, 1)),
		"ScanChanges":    last(v.ScanChanges(ctx, nil, 1)),
		"ScanDigests":    v.ScanDigests(ctx, projections.NewDigestSums(maphash.MakeSeed(), 1)),
		"Checkpoint":     last(v.Checkpoint(ctx, testStream)),
		"Fetches":        last(v.Fetches(ctx, []events.FetchID{uuid.New()})),
		"ListFetches":    last(v.ListFetches(ctx, "", nil, 1)),
		"ListRejects":    last(v.ListRejects(ctx, uuid.New(), 0, 1)),
	} {
		if !errors.Is(err, errDropped) || !strings.Contains(err.Error(), "generation 2") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	if names := collections(t, store); slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, "_2") }) {
		t.Errorf("what is left: %v", names)
	}
}

// TestDropDuringFill: whoever fills notices, and what was written meanwhile goes with the next drop.
func TestDropDuringFill(t *testing.T) {
	t.Parallel()
	uri := TempURI(t)
	store, other := openTest(t, uri), openTest(t, uri)
	v := viewsOf(t, store, 2)
	var group sync.WaitGroup
	begun := make(chan struct{})
	group.Go(func() {
		once := sync.OnceFunc(func() { close(begun) })
		for fetch := 0; ; fetch++ {
			delta := projections.FoldBatch(nil, testFetch(200, fetch%200, 5))
			err := v.InsertPrices(t.Context(), delta.New, nil)
			once()
			if errors.Is(err, errDropped) {
				return
			}
			if err != nil {
				t.Logf("insert: %v", err) // the server may find the collection gone
			}
		}
	})
	<-begun
	if err := other.DropViews(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if err := other.DropViews(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, name := range collections(t, store) {
		if strings.HasSuffix(name, "_2") {
			t.Errorf("%s is left", name)
		}
	}
}

// TestIndexesAreBuiltTogether: several processes may fill, and build, at once.
func TestIndexesAreBuiltTogether(t *testing.T) {
	t.Parallel()
	uri := TempURI(t)
	delta := projections.FoldBatch(nil, testFetch(500, 1, 5))
	first := viewsOf(t, openTest(t, uri), 2)
	if err := first.InsertPrices(t.Context(), delta.New, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := first.ListProducts(t.Context(), projections.ProductQuery{Limit: 1}); err == nil {
		t.Error("a list without an index")
	}
	var group sync.WaitGroup
	for range 4 {
		store := openTest(t, uri)
		group.Go(func() {
			v, err := store.Views(t.Context(), 2)
			if err == nil {
				err = v.BuildIndexes(t.Context())
			}
			if err == nil {
				_, err = v.ListProducts(t.Context(), projections.ProductQuery{Limit: 1})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestDatabaseDroppedMeanwhile: views can be thrown away, even while they are used.
func TestDatabaseDroppedMeanwhile(t *testing.T) {
	t.Parallel()
	v := testViews(t)
	project(t, v, testFetch(3, 1, 5), 1, nil)
	if err := v.store.database.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := v.GetProduct(t.Context(), uuid.New()); !errors.Is(err, errDropped) {
		t.Errorf("got error %v", err)
	}
	live, err := onceLearned(func() (projections.Views, error) { return v.store.Live(t.Context()) })
	if err != nil {
		t.Fatal(err)
	}
	project(t, live.(*views), testFetch(2, 1, 5), 1, nil)
	page, err := onceLearned(func() ([]projections.Product, error) {
		return live.ListProducts(t.Context(), projections.ProductQuery{Limit: 10})
	})
	if err != nil || len(page) != 2 {
		t.Errorf("got %d products, error %v", len(page), err)
	}
}

// onceLearned asks again for a while: each connection of the engine learns by itself that a database was dropped, and of what came
// after.
func onceLearned[T any](ask func() (T, error)) (T, error) {
	got, err := ask()
	for tries := 0; err != nil && tries < 100; tries++ {
		time.Sleep(50 * time.Millisecond)
		got, err = ask()
	}
	return got, err
}

// TestOlderLayout: views of an older version are found, and neither used nor touched until views are dropped.
func TestOlderLayout(t *testing.T) {
	t.Parallel()
	uri := TempURI(t)
	store := openTest(t, uri)
	if store.Outdated() {
		t.Error("an empty database is said to be outdated")
	}
	older := []string{"views", "checkpoints", "products_1", "changes_1"}
	if err := store.database.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range older {
		if _, err := store.database.Collection(name).InsertOne(t.Context(), bson.D{{Key: "x", Value: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	store = openTest(t, uri)
	if !store.Outdated() {
		t.Error("the older views were not found")
	}
	v := viewsOf(t, store, 1).(*views)
	if checkpoint, err := v.Checkpoint(t.Context(), testStream); err != nil || checkpoint.Sequence != 0 {
		t.Errorf("the new views begin at %d, error %v", checkpoint.Sequence, err)
	}
	project(t, v, testFetch(3, 1, 5), 1, nil)
	isOlder := func(name string) bool { return slices.Contains(older, name) }
	if names := collections(t, store); len(slices.DeleteFunc(names, isOlder)) != len(names)-len(older) {
		t.Errorf("there are %v", names)
	}
	if again := openTest(t, uri); again.Outdated() {
		t.Error("the new views are said to be outdated")
	}
	if err := store.DropViews(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if names := collections(t, store); slices.ContainsFunc(names, isOlder) {
		t.Errorf("what is left: %v", names)
	}
	if n, err := v.CountProducts(t.Context(), projections.ProductFilter{}); err != nil || n != 3 {
		t.Errorf("there are %d products, error %v", n, err)
	}
}
