package mongo

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/storetest"
)

const testStream = events.Stream("PRICES_00")

// testFetch returns the observations of n products by one fetch.
func testFetch(n, fetch int, price int64) []events.Observation {
	all := make([]events.Observation, n)
	for i := range all {
		all[i] = events.Observation{
			Source: "a", Name: fmt.Sprintf("product %d", i), Price: events.Price{Micros: price, Currency: "EUR"}, Line: 1,
			Position: events.Position{ObservedAt: events.Micros(fetch), Fetch: uuid.UUID{byte(fetch)}},
		}
	}
	return all
}

// project folds a batch into what is stored and applies as much of it as keep leaves.
func project(t *testing.T, v *views, batch []events.Observation, sequence uint64, keep func(*projections.Delta)) {
	t.Helper()
	ids := make([]events.ProductID, len(batch))
	for i := range batch {
		ids[i] = batch[i].ProductID()
	}
	known, err := v.Products(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	delta := projections.FoldBatch(known, batch)
	if keep != nil {
		keep(&delta)
	}
	if err := v.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: testStream, Sequence: sequence}); err != nil {
		t.Fatal(err)
	}
}

// TestCrashBetweenWrites leaves the writes of a batch where a crash would, and folds the batch again.
func TestCrashBetweenWrites(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3 * minGroup} { // few and many sightings are written in different ways
		first, second, third := testFetch(n, 1, 5), testFetch(n, 2, 7), testFetch(n, 3, 7)
		whole := testViews(t)
		for i, batch := range [][]events.Observation{first, second, third} {
			project(t, whole, batch, uint64(i+1), nil)
		}
		want, err := storetest.Dump(t.Context(), whole)
		if err != nil {
			t.Fatal(err)
		}
		for name, crash := range map[string]func(t *testing.T, v *views){
			"new products without sightings": func(t *testing.T, v *views) {
				t.Helper()
				project(t, v, first, 0, nil)
				deleteAll(t, v)
			},
			"changes without products": func(t *testing.T, v *views) {
				t.Helper()
				project(t, v, first, 1, nil)
				project(t, v, second, 0, func(d *projections.Delta) { *d = projections.Delta{Changes: d.Changes} })
			},
			"products without sightings": func(t *testing.T, v *views) {
				t.Helper()
				project(t, v, first, 1, nil)
				project(t, v, second, 0, func(d *projections.Delta) { d.Seen = nil })
			},
			"a product that was written, and a sighting that is lost": func(t *testing.T, v *views) {
				t.Helper()
				project(t, v, first, 1, nil)
				project(t, v, second, 0, nil)
				deleteAll(t, v)
			},
		} {
			t.Run(fmt.Sprintf("%d products/%s", n, name), func(t *testing.T) {
				t.Parallel()
				v := testViews(t)
				crash(t, v)
				for i, batch := range [][]events.Observation{first, second, third} {
					project(t, v, batch, uint64(i+1), nil)
				}
				got, err := storetest.Dump(t.Context(), v)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// deleteAll removes the sightings.
func deleteAll(t *testing.T, v *views) {
	t.Helper()
	if _, err := v.sightings.DeleteMany(t.Context(), bson.D{}); err != nil {
		t.Fatal(err)
	}
}

// TestSeenProductThatIsUnknownConflicts: it was removed after its state was read.
func TestSeenProductThatIsUnknownConflicts(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3 * minGroup} {
		v := testViews(t)
		delta := projections.Delta{Seen: projections.FoldBatch(nil, testFetch(n, 1, 5)).New}
		err := v.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: testStream, Sequence: 9})
		if !errors.Is(err, projections.ErrConflict) {
			t.Errorf("got error %v", err)
		}
		if checkpoint, err := v.Checkpoint(t.Context(), testStream); err != nil || checkpoint.Sequence != 0 {
			t.Errorf("the checkpoint is at %d, error %v", checkpoint.Sequence, err)
		}
	}
}

// TestCheckpointOfManyWriters: whoever is behind is not in the way of who is ahead, also at the first checkpoint ever.
func TestCheckpointOfManyWriters(t *testing.T) {
	t.Parallel()
	v := testViews(t)
	for round := range 5 {
		stream := events.PriceStream(round)
		var group sync.WaitGroup
		for sequence := range uint64(8) {
			group.Go(func() {
				if err := v.writeCheckpoint(t.Context(), projections.Checkpoint{Stream: stream, Sequence: sequence}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if checkpoint, err := v.Checkpoint(t.Context(), stream); err != nil || checkpoint.Sequence != 7 {
			t.Errorf("the checkpoint is at %d, error %v", checkpoint.Sequence, err)
		}
	}
}
