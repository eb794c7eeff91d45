package sqlite

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// drawPosition draws one of few positions, of which some differ by their fetches only.
func drawPosition(t *rapid.T) events.Position {
	return events.Position{
		ObservedAt: events.Micros(rapid.IntRange(0, 3).Draw(t, "time")), Fetch: uuid.UUID{15: rapid.ByteRange(0, 2).Draw(t, "fetch")},
	}
}

// TestSightingsByProduct: blocks say of each product what a table with a row for each of them does, whatever comes in which order.
func TestSightingsByProduct(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		last := map[int64]events.Position{}
		var stored []sighting
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			seen := rapid.MapOfN(rapid.Int64Range(60, 200), rapid.Custom(drawPosition), 1, 40).Draw(t, "seen")
			numbers := make([]int64, 0, len(seen))
			for number, at := range seen {
				numbers = append(numbers, number)
				if was, known := last[number]; !known || was.Compare(at) < 0 {
					last[number] = at
				}
			}
			arrived := gatherSightings(len(numbers), func(i int) (int64, events.Position) { return numbers[i], seen[numbers[i]] })
			changed, emptied := moveSightings(storedOf(stored, arrived), arrived)
			stored = store(t, stored, changed, emptied)
		}
		got := map[int64]events.Position{}
		for _, s := range stored {
			for bit := range int64(64) {
				if s.products>>bit&1 == 0 {
					continue
				}
				number := s.block<<blockShift + bit
				if _, twice := got[number]; twice {
					t.Fatalf("product %d is in two sightings", number)
				}
				got[number] = s.at
			}
		}
		for number, at := range last {
			if got[number] != at {
				t.Fatalf("product %d was seen at %v, want %v", number, got[number], at)
			}
		}
		if len(got) != len(last) {
			t.Fatalf("%d products were seen, want %d", len(got), len(last))
		}
	})
}

// storedOf returns copies of what is stored of the blocks of some sightings.
func storedOf(stored, of []sighting) []sighting {
	var some []sighting
	for _, s := range stored {
		if slices.ContainsFunc(of, func(o sighting) bool { return o.block == s.block }) {
			some = append(some, s)
		}
	}
	return some
}

// store returns the sightings after some have changed, as the table holds them.
func store(t *rapid.T, stored, changed, emptied []sighting) []sighting {
	for _, s := range changed {
		if s.products == 0 {
			t.Fatalf("%+v has changed, and holds nothing", s)
		}
	}
	stored = slices.DeleteFunc(slices.Clone(stored), func(s sighting) bool {
		same := func(o sighting) bool { return o.compare(s) == 0 }
		return slices.ContainsFunc(changed, same) || slices.ContainsFunc(emptied, same)
	})
	stored = append(stored, changed...)
	slices.SortFunc(stored, sighting.compare)
	return stored
}

func TestFirstBlocks(t *testing.T) {
	t.Parallel()
	all := []sighting{{block: 1}, {block: 1}, {block: 2}, {block: 5}, {block: 5}, {block: 6}}
	for most, want := range []int{1: 2, 2: 3, 3: 5, 4: 6, 5: 6} {
		if most == 0 {
			continue
		}
		if got := firstBlocks(all, most); len(got) != want {
			t.Errorf("%d blocks are %d sightings, want %d", most, len(got), want)
		}
	}
}
