package projections

import (
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

func TestIDSet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		set, oracle := newIDSet(), map[events.ProductID]bool{}
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 3000), 0, 6000).Draw(t, "ids") {
			id := events.NewProductID("default", uuid.NewSHA1(uuid.Nil, []byte{byte(n), byte(n >> 8)}).String())
			if set.has(&id) != oracle[id] {
				t.Fatalf("has %v: %t", id, !oracle[id])
			}
			set.add(&id)
			oracle[id] = true
			if !set.has(&id) || set.count != len(oracle) {
				t.Fatalf("%v was added: has %t, count %d, want %d", id, set.has(&id), set.count, len(oracle))
			}
		}
		for id := range oracle {
			if !set.has(&id) {
				t.Fatalf("%v was lost", id)
			}
		}
	})
}
