package sqlite_test

import (
	"errors"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// seenAgain returns what a fetch at a time does to products that it saw and found unchanged.
func seenAgain(at events.Micros, products ...projections.Product) projections.Delta {
	var delta projections.Delta
	for _, p := range products {
		p.Seen.ObservedAt = at
		delta.Seen = append(delta.Seen, p)
	}
	return delta
}

func wantSeen(t *testing.T, views projections.Views, id events.ProductID, at events.Micros) {
	t.Helper()
	p, err := views.GetProduct(t.Context(), id)
	if err != nil || p.Seen.ObservedAt != at {
		t.Errorf("product %s was seen at %d, error %v, want %d", id, p.Seen.ObservedAt, err, at)
	}
}

// Who has looked up a product sees it where another process has put it since.
func TestNumbersOutliveNoRepair(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	views := live(t, openStore(t, dir))
	fill(t, views, 100)
	all, err := views.ScanProducts(t.Context(), nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	const first, second = 1_900_000_000_000_000, 1_900_000_000_000_001
	checkpoint := projections.Checkpoint{Stream: events.PriceStream(0), Sequence: 1000}
	if err := views.ApplyPrices(t.Context(), seenAgain(first, all...), checkpoint); err != nil {
		t.Fatal(err)
	}
	repaired, removed := all[7], all[8]
	repaired.Seen.ObservedAt, removed.Seen.ObservedAt = first, first
	other := live(t, openStore(t, dir))
	if err := other.ReplaceProduct(t.Context(), repaired.ID, &repaired, &repaired, nil); err != nil {
		t.Fatal(err)
	}
	if err := other.ReplaceProduct(t.Context(), removed.ID, &removed, nil, nil); err != nil {
		t.Fatal(err)
	}
	checkpoint.Sequence++
	if err := views.ApplyPrices(t.Context(), seenAgain(second, removed), checkpoint); !errors.Is(err, projections.ErrConflict) {
		t.Errorf("seen again after it was removed: error %v, want a conflict", err)
	}
	if err := views.ApplyPrices(t.Context(), seenAgain(second, repaired, all[9]), checkpoint); err != nil {
		t.Fatal(err)
	}
	wantSeen(t, views, repaired.ID, second)
	wantSeen(t, views, all[9].ID, second)
	wantSeen(t, views, all[10].ID, first)
}

// What a transaction inserted that failed is looked up again.
func TestNumbersOutliveNoFailure(t *testing.T) {
	t.Parallel()
	views := live(t, openStore(t, t.TempDir()))
	fill(t, views, 3)
	all, err := views.ScanProducts(t.Context(), nil, 3)
	if err != nil {
		t.Fatal(err)
	}
	fresh := func(name string) projections.Product {
		p := all[0]
		p.Name, p.ID = name, events.NewProductID(p.Source, name)
		return p
	}
	one, other, unknown := fresh("one"), fresh("other"), fresh("unknown")
	const at = 1_900_000_000_000_000
	checkpoint := projections.Checkpoint{Stream: events.PriceStream(0), Sequence: 1000}
	failing := seenAgain(at, unknown)
	failing.New = []projections.Product{one}
	if err := views.ApplyPrices(t.Context(), failing, checkpoint); !errors.Is(err, projections.ErrConflict) {
		t.Fatalf("error %v, want a conflict", err)
	}
	if err := views.ApplyPrices(t.Context(), projections.Delta{New: []projections.Product{other}}, checkpoint); err != nil {
		t.Fatal(err)
	}
	if err := views.ApplyPrices(t.Context(), projections.Delta{New: []projections.Product{one}}, checkpoint); err != nil {
		t.Fatal(err)
	}
	if err := views.ApplyPrices(t.Context(), seenAgain(at, one), checkpoint); err != nil {
		t.Fatal(err)
	}
	wantSeen(t, views, one.ID, at)
	wantSeen(t, views, other.ID, other.Seen.ObservedAt)
}
