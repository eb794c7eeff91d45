package storetest

import (
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// A conflict may leave products and changes half written, which folding again heals; what it must not touch are sightings
// and the checkpoint.

// conflictFixture is a store with three products and a checkpoint, and the state that a projector loaded.
func conflictFixture(t *testing.T, store projections.Views) (first []events.Observation, known map[events.ProductID]projections.Product) {
	t.Helper()
	first = []events.Observation{observe("changed", 1, 0), observe("seen", 1, 0), observe("other", 1, 0)}
	mustProject(t, store, first, 3)
	ids := []events.ProductID{first[0].ProductID(), first[1].ProductID()}
	known, err := store.Products(t.Context(), ids)
	wantNoError(t, "load", err)
	return first, known
}

// wantConflict applies a delta that must be refused, and then shows that folding the batch again gives what it should.
func wantConflict(
	t *testing.T, store projections.Views, delta projections.Delta, before, batch []events.Observation,
) {
	t.Helper()
	delta.Late = 5
	err := store.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: stream, Sequence: 99, Late: delta.Late})
	wantError(t, "apply", err, projections.ErrConflict)

	checkpoint, err := store.Checkpoint(t.Context(), stream)
	wantNoError(t, "checkpoint", err)
	wantEqual(t, "late", checkpoint.Late, int64(0))
	if checkpoint.Sequence >= 99 {
		t.Fatalf("the checkpoint moved to %d", checkpoint.Sequence)
	}
	for _, want := range foldAll(before).Products {
		if want.Name != "seen" {
			continue
		}
		got, err := store.GetProduct(t.Context(), want.ID)
		wantNoError(t, "get product", err)
		wantEqual(t, "product that was only seen", got, want)
	}
	mustProject(t, store, batch, 99)
	wantViews(t, store, foldAll(append(before, batch...)))
}

func testConflictNew(t *testing.T, store projections.Views) {
	before, known := conflictFixture(t, store)
	batch := []events.Observation{observe("seen", 1, 2), observe("fresh", 4, 2), observe("changed", 2, 2), observe("late comer", 4, 2)}
	delta := projections.FoldBatch(known, batch)
	between := observe("late comer", 3, 1)
	mustProject(t, store, []events.Observation{between}, 4)
	wantConflict(t, store, delta, append(before, between), batch)
}

func testConflictChanged(t *testing.T, store projections.Views) {
	wantConflictAfter(t, store, observe("changed", 3, 1))
}

// testConflictSameTime: the position is time and fetch, and either may be all that differs.
func testConflictSameTime(t *testing.T, store projections.Views) {
	between := observe("changed", 3, 1)
	between.Position.ObservedAt = observe("changed", 1, 0).Position.ObservedAt
	wantConflictAfter(t, store, between)
}

func testConflictSameFetch(t *testing.T, store projections.Views) {
	between := observe("changed", 3, 1)
	between.Position.Fetch = observe("changed", 1, 0).Position.Fetch
	wantConflictAfter(t, store, between)
}

// wantConflictAfter has another projector take in an observation between the loading and the writing of a batch.
func wantConflictAfter(t *testing.T, store projections.Views, between events.Observation) {
	t.Helper()
	before, known := conflictFixture(t, store)
	batch := []events.Observation{observe("seen", 1, 2), observe("fresh", 4, 2), observe("changed", 2, 2)}
	delta := projections.FoldBatch(known, batch)
	mustProject(t, store, []events.Observation{between}, 4)
	wantConflict(t, store, delta, append(before, between), batch)
}

func testConflictUnknown(t *testing.T, store projections.Views) {
	before, known := conflictFixture(t, store)
	lost := observe("lost", 1, 1)
	_, outcome := projections.Fold(nil, &lost)
	wantEqual(t, "outcome", outcome, projections.OutcomeFirst)
	known[lost.ProductID()] = foldAll([]events.Observation{lost}).Products[0]
	batch := []events.Observation{observe("seen", 1, 2), observe("lost", 2, 2), observe("changed", 2, 2)}
	wantConflict(t, store, projections.FoldBatch(known, batch), before, batch)
}
