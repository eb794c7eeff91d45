package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// TestExtentsFollowOtherProcesses: while nothing is written a page comes with the last change that there is, so that a walk need
// not look for more; what somebody else writes to the file is noticed.
func TestExtentsFollowOtherProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "views.db")
	open := func() *DB {
		db, err := openDB(t.Context(), path, 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
	reader, writer := open(), open()
	want := func(price int64, want ...projections.Extent) {
		t.Helper()
		diff := "?"
		for tries := 0; diff != "" && tries < 1000; tries++ { // the words of names are written in the background
			page, got, err := reader.ListProductsAt(t.Context(), projections.ProductQuery{Limit: 10}, len(want))
			if err != nil {
				t.Fatal(err)
			}
			if len(page) > 0 && page[0].Price.Micros != price {
				t.Fatalf("costs %d, want %d", page[0].Price.Micros, price)
			}
			if diff = cmp.Diff(want, got); diff != "" {
				time.Sleep(time.Millisecond)
			}
		}
		if diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	}
	known := map[events.ProductID]projections.Product{}
	write := func(price int64, shard uint32, sequence uint64) {
		t.Helper()
		o := events.Observation{
			Source: "s", Name: "n", Price: events.Price{Micros: price}, Position: events.Position{ObservedAt: events.Micros(sequence)},
			Place: events.LogPlace{Shard: shard, Sequence: sequence},
		}
		delta := projections.FoldBatch(known, []events.Observation{o})
		checkpoint := projections.Checkpoint{Stream: events.PriceStream(int(shard)), Sequence: sequence}
		if err := writer.ApplyPrices(t.Context(), delta, checkpoint); err != nil {
			t.Fatal(err)
		}
		for _, p := range delta.New {
			known[p.ID] = p
		}
		for _, p := range delta.Changed {
			known[p.ID] = p.Product
		}
	}
	// There is no index yet to find the last change by.
	want(0, projections.Extent{LastChange: projections.AnyChange}, projections.Extent{LastChange: projections.AnyChange})
	if err := writer.BuildIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(0, projections.Extent{}, projections.Extent{})
	write(10, 1, 5)
	want(10, projections.Extent{}, projections.Extent{Checkpoint: 5})
	write(11, 1, 7)
	want(11, projections.Extent{}, projections.Extent{Checkpoint: 7, LastChange: 7})
	write(11, 1, 8)
	want(11, projections.Extent{}, projections.Extent{Checkpoint: 8, LastChange: 7})
	want(11, projections.Extent{}) // of a log with another number of shards
}
