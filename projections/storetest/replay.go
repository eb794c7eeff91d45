package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

func testFoldAgain(t *testing.T, store projections.Views) {
	all := history(seeded(2), []string{"a", "b"}, 30, 6)
	want := foldAll(all)
	mustProject(t, store, all, uint64(len(all)))
	wantViews(t, store, want)
	// A projector that crashed goes back to its last checkpoint, or has lost it.
	for _, from := range []int{len(all) - 1, len(all) / 2, 0} {
		mustProject(t, store, all[from:], uint64(len(all)))
		wantViews(t, store, want)
	}
	for i := range all {
		mustProject(t, store, all[i:i+1], uint64(i+1))
	}
	wantViews(t, store, want)
}

// testAnyDelivery is the property that all of Atlant's promises rest on: duplicates, redelivery from any earlier point and
// any split into batches give the views of the distinct observations in order. Each run has a source of its own in one
// store, because opening a store is what would take longest.
func testAnyDelivery(t *testing.T, store projections.Views) {
	var runs atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		source := fmt.Sprintf("run-%d", runs.Add(1))
		log := drawLog(t, source)
		var taken, next int
		for next < len(log) {
			size := rapid.IntRange(1, len(log)-next).Draw(t, "batch")
			if err := project(t.Context(), store, log[next:next+size], uint64(next+size)); err != nil {
				t.Fatalf("project: %v", err)
			}
			taken, next = max(taken, next+size), next+size
			if rapid.IntRange(0, 3).Draw(t, "crash") == 0 && taken < len(log) {
				next = rapid.IntRange(0, taken).Draw(t, "from")
			}
		}
		got, err := DumpSource(t.Context(), store, source)
		if err != nil {
			t.Fatalf("dump: %v", err)
		}
		if diff := diffOf(foldAll(distinct(log)), got); diff != "" {
			t.Fatalf("views: -want +got:\n%s", diff)
		}
	})
}

// drawLog draws observations from a small world, so that they meet often.
func drawLog(t *rapid.T, source string) []events.Observation {
	draw := rapid.Custom(func(t *rapid.T) events.Observation {
		return events.Observation{
			Source: source,
			Name:   rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"),
			Price: events.Price{
				Micros:   int64(rapid.IntRange(0, 2).Draw(t, "price")),
				Currency: rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "currency"),
			},
			Position: at(events.Micros(rapid.IntRange(-2, 5).Draw(t, "time")), rapid.IntRange(0, 2).Draw(t, "fetch")),
			Line:     int64(rapid.IntRange(1, 3).Draw(t, "line")),
		}
	})
	log := rapid.SliceOfN(draw, 1, 30).Draw(t, "log")
	for i := range log {
		log[i].Place.Sequence = uint64(i/3) + 1
	}
	return log
}

// distinct keeps the first observation of each product at each position.
func distinct(log []events.Observation) []events.Observation {
	type key struct {
		name string
		at   events.Position
	}
	seen := map[key]bool{}
	var kept []events.Observation
	for i := range log {
		k := key{log[i].Name, log[i].Position}
		if !seen[k] {
			kept = append(kept, log[i])
		}
		seen[k] = true
	}
	return kept
}
