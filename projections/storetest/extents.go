package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// testExtents: whatever is written meanwhile, a page lacks nothing of what the views held when they were at the checkpoint that it
// comes with, and shows no change behind the last one. A price is the sequence of its message.
func testExtents(t *testing.T, store projections.Views) {
	const last = 20
	wantExtent(t, store, 0, 0)
	batch := func(sequence int) []events.Observation {
		var all []events.Observation
		for _, name := range []string{"a", "b", "c"} {
			all = append(all, observe(name, int64(sequence), sequence-1))
		}
		return all
	}
	mustProject(t, store, batch(1), 1)
	wantExtent(t, store, 1, 0)
	ctx, stop := context.WithCancel(t.Context())
	var reader sync.WaitGroup
	reader.Go(func() {
		for ctx.Err() == nil {
			if err := readWithExtent(t.Context(), store); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for sequence := 2; sequence <= last; sequence++ {
		mustProject(t, store, batch(sequence), uint64(sequence))
	}
	stop()
	reader.Wait()
	wantExtent(t, store, last, last)
}

func readWithExtent(ctx context.Context, store projections.ProductQueries) error {
	page, extents, err := store.ListProductsAt(ctx, projections.ProductQuery{Limit: 10}, 1)
	if err != nil {
		return err
	}
	for i := range page {
		sequence := uint64(page[i].Price.Micros)
		if sequence < extents[0].Checkpoint || page[i].PriceChanges > 0 && sequence > extents[0].LastChange {
			return fmt.Errorf("%s is as of message %d, its page is said to be as of %+v", page[i].Name, sequence, extents[0])
		}
	}
	return nil
}

// wantExtent checks what is said of the first of two shards; the other one is empty.
func wantExtent(t *testing.T, store projections.ProductQueries, checkpoint, lastChange uint64) {
	t.Helper()
	_, extents, err := store.ListProductsAt(t.Context(), projections.ProductQuery{Limit: 1}, 2)
	wantNoError(t, "list", err)
	wantEqual(t, "shards", len(extents), 2)
	wantEqual(t, "checkpoints", [2]uint64{extents[0].Checkpoint, extents[1].Checkpoint}, [2]uint64{checkpoint, 0})
	wantEqual(t, "says no less than there is", extents[0].LastChange >= lastChange, true)
}
