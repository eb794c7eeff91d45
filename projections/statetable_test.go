package projections

import (
	"fmt"
	"testing"

	"github.com/atlant-log/atlant/events"
)

// A table holds what was put in and not taken out, however often that happens, and every state is taken out in the end.
func TestStateTable(t *testing.T) {
	t.Parallel()
	table := newStateTable()
	want := map[events.ProductID]int64{}
	next := int64(0)
	for range 10 {
		for len(want) < 10_000 {
			id := events.NewProductID("s", fmt.Sprint(next))
			table.insert(productState{id: id, price: next})
			want[id] = next
			next++
		}
		wantStates(t, table, want, next)
		for len(want) > 3000 {
			removed := table.removeRandom()
			if price, ok := want[removed.id]; !ok || price != removed.price {
				t.Fatalf("removed %+v, which was not there", removed)
			}
			delete(want, removed.id)
		}
		wantStates(t, table, want, next)
	}
	for range 3000 {
		delete(want, table.removeRandom().id)
	}
	if len(want) != 0 || table.count != 0 {
		t.Errorf("%d are left, of %d", table.count, len(want))
	}
}

func wantStates(t *testing.T, table *stateTable, want map[events.ProductID]int64, ever int64) {
	t.Helper()
	for i := range ever {
		id := events.NewProductID("s", fmt.Sprint(i))
		price, ok := want[id]
		if state := table.find(&id); (state != nil) != ok || ok && (state.price != price || state.id != id) {
			t.Fatalf("product %d is %+v, want %v", i, state, ok)
		}
	}
	if table.count != len(want) {
		t.Fatalf("%d counted, want %d", table.count, len(want))
	}
}
