package projections_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// changeKey is what tells changes apart.
type changeKey struct {
	product events.ProductID
	at      events.Position
}

// memory is a store that keeps products and sightings apart, as one without transactions does. Its position of a product
// is the later of the two.
type memory struct {
	products  map[events.ProductID]projections.Product // Seen is that of the row's last write, and not to be trusted
	sightings map[events.ProductID]events.Position
	changes   map[changeKey]projections.Change
}

func newMemory() *memory {
	return &memory{
		products: map[events.ProductID]projections.Product{}, sightings: map[events.ProductID]events.Position{},
		changes: map[changeKey]projections.Change{},
	}
}

func (m *memory) load() map[events.ProductID]projections.Product {
	known := map[events.ProductID]projections.Product{}
	for id, p := range m.products {
		p.Seen = p.Written
		if sighting, ok := m.sightings[id]; ok && sighting.Compare(p.Seen) > 0 {
			p.Seen = sighting
		}
		known[id] = p
	}
	return known
}

// apply does the writes of a delta in the order of the design, but only so many of them; it tells whether all were done.
func (m *memory) apply(delta projections.Delta, writes int) bool {
	may := func() bool { writes--; return writes >= 0 }
	for _, c := range delta.Changes {
		if !may() {
			return false
		}
		key := changeKey{c.ProductID, c.At}
		if _, ok := m.changes[key]; !ok { // an insert: a duplicate key is fine
			m.changes[key] = c
		}
	}
	for _, p := range delta.New {
		if !may() {
			return false
		}
		m.products[p.ID] = p
	}
	for _, p := range delta.Changed {
		if !may() {
			return false
		}
		if m.products[p.ID].Written != p.Was {
			panic(fmt.Sprintf("a conflict with nobody: %v, not %v", m.products[p.ID].Written, p.Was))
		}
		m.products[p.ID] = p.Product
	}
	for _, p := range slices.Concat(delta.New, delta.Seen) {
		if !may() {
			return false
		}
		if old, ok := m.sightings[p.ID]; !ok || p.Seen.Compare(old) > 0 {
			m.sightings[p.ID] = p.Seen
		}
	}
	return true
}

const allWrites = 1 << 30

// want is the plain fold of the log.
func wantedViews(log []events.Observation) *memory {
	m := newMemory()
	for i := range log {
		m.apply(projections.FoldBatch(m.load(), log[i:i+1]), allWrites)
	}
	return m
}

func wantSameViews(t *rapid.T, got, want *memory) {
	t.Helper()
	if diff := cmp.Diff(want.load(), got.load()); diff != "" {
		t.Fatalf("products: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(want.changes, got.changes, cmp.AllowUnexported(changeKey{})); diff != "" {
		t.Fatalf("changes: -want +got:\n%s", diff)
	}
}

// priceLog draws logs of few products, prices and times, so that every outcome is common. A position occurs once.
func priceLog() *rapid.Generator[[]events.Observation] {
	one := rapid.Custom(func(t *rapid.T) events.Observation {
		return events.Observation{
			Source: "default", Name: rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "name"),
			Price: events.Price{
				Micros: rapid.Int64Range(0, 2).Draw(t, "price"), Currency: rapid.SampledFrom([]string{"EUR", "EUR", "USD"}).Draw(t, "currency"),
			},
			Position: at(events.Micros(rapid.Int64Range(-3, 12).Draw(t, "at")), rapid.ByteRange(0, 3).Draw(t, "fetch")),
			Line:     rapid.Int64Range(1, 5).Draw(t, "line"),
		}
	})
	return rapid.SliceOfNDistinct(one, 0, 40, func(o events.Observation) changeKey { return changeKey{o.ProductID(), o.Position} })
}

// However the log is cut into batches, and however often reading starts again from an earlier place, the views are the same.
func TestAnyDelivery(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := priceLog().Draw(t, "log")
		got := newMemory()
		for next := 0; next < len(log); {
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				next = rapid.IntRange(0, next).Draw(t, "from")
			}
			end := rapid.IntRange(next+1, len(log)).Draw(t, "end")
			batch := log[next:end:end]
			if rapid.Bool().Draw(t, "twice") { // the same messages again behind themselves, in one batch
				batch = append(batch, batch[rapid.IntRange(0, len(batch)).Draw(t, "tail"):]...)
			}
			got.apply(projections.FoldBatch(got.load(), batch), allWrites)
			next = end
		}
		wantSameViews(t, got, wantedViews(log))
	})
}

// Each observation may be there several times, also right behind itself.
func TestDuplicatesInTheLog(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := priceLog().Draw(t, "log")
		var twice []events.Observation
		for i := range log {
			twice = append(twice, log[i])
			for range rapid.IntRange(0, 2).Draw(t, "times") {
				twice = append(twice, log[rapid.IntRange(0, i).Draw(t, "which")])
			}
		}
		got := newMemory()
		got.apply(projections.FoldBatch(nil, twice), allWrites)
		wantSameViews(t, got, wantedViews(log))
	})
}

// A projector that dies between any two writes is healed by one that goes on from the checkpoint, in other batches.
func TestCrashBetweenWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := priceLog().Draw(t, "log")
		got := newMemory()
		crashes := rapid.IntRange(0, 12).Draw(t, "crashes")
		for checkpoint := 0; checkpoint < len(log); {
			end := rapid.IntRange(checkpoint+1, len(log)).Draw(t, "end")
			writes := allWrites
			if crashes > 0 {
				crashes--
				writes = rapid.IntRange(0, 3*(end-checkpoint)).Draw(t, "writes")
			}
			if got.apply(projections.FoldBatch(got.load(), log[checkpoint:end]), writes) && rapid.Bool().Draw(t, "checkpoint") || crashes == 0 && writes == allWrites {
				checkpoint = end
			}
		}
		wantSameViews(t, got, wantedViews(log))
	})
}

// What a fold says of late observations and of the order of its results does not depend on chance.
func TestFoldBatchIsDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := priceLog().Draw(t, "log")
		cut := rapid.IntRange(0, len(log)).Draw(t, "cut")
		known := wantedViews(log[:cut]).load()
		if diff := cmp.Diff(projections.FoldBatch(known, log[cut:]), projections.FoldBatch(known, log[cut:])); diff != "" {
			t.Fatal(diff)
		}
	})
}
