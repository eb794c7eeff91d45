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

// drawHistory draws what a shard holds: few products, prices and times, so that much is late, again, or at the same time.
func drawHistory(t *rapid.T) []events.Observation {
	return rapid.Custom(func(t *rapid.T) []events.Observation {
		all := make([]events.Observation, rapid.IntRange(0, 40).Draw(t, "observations"))
		for i := range all {
			all[i] = seen(events.Price{
				Micros:   rapid.Int64Range(1, 2).Draw(t, "price"),
				Currency: rapid.SampledFrom([]string{"", "EUR", "EUR", "EUR"}).Draw(t, "currency"),
			}, at(events.Micros(rapid.IntRange(1, 8).Draw(t, "time")), byte(rapid.IntRange(1, 3).Draw(t, "fetch"))))
			all[i].Name = fmt.Sprintf("product %d", rapid.IntRange(1, 3).Draw(t, "product"))
			all[i].Line = int64(i)
			all[i].Place = events.LogPlace{Shard: 1, Sequence: uint64(i/3) + 1}
		}
		return all
	}).Draw(t, "history")
}

// retain returns what stays of a history, and what becomes of it.
func retain(history []events.Observation) (staying []events.Observation, points *projections.ChangePoints) {
	points = projections.NewChangePoints()
	for message := range slices.Chunk(history, 3) {
		points.Take(message)
	}
	for i := range history {
		if points.Stays(int64(i)) {
			staying = append(staying, history[i])
		}
	}
	return staying, points
}

// wantSameDelta compares products and changes, in their order.
func wantSameDelta(t *rapid.T, what string, want, got projections.Delta) {
	t.Helper()
	if diff := cmp.Diff(want.New, got.New); diff != "" {
		t.Fatalf("%s: products, -want +got:\n%s", what, diff)
	}
	if diff := cmp.Diff(want.Changes, got.Changes); diff != "" {
		t.Fatalf("%s: changes, -want +got:\n%s", what, diff)
	}
}

// TestChangePoints: what stays makes the same views, whatever follows, and nothing of it could be left out as well.
func TestChangePoints(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		old := history[:rapid.IntRange(0, len(history)).Draw(t, "old")]
		newer := history[len(old):]
		staying, points := retain(old)

		whole := projections.FoldBatch(nil, old)
		wantSameDelta(t, "what is old", whole, projections.FoldBatch(nil, staying))
		wantSameDelta(t, "with what follows", projections.FoldBatch(nil, history),
			projections.FoldBatch(nil, slices.Concat(staying, newer)))
		counts := points.Retained()
		if want := (events.Retained{All: int64(len(old)), Stay: int64(len(staying)), Late: counts.Late}); counts != want {
			t.Fatalf("got %+v, want %+v", counts, want)
		}
		if counts.Late < whole.Late {
			t.Fatalf("%d came late, %d of them are left out", whole.Late, counts.Late)
		}
		for i := range staying {
			less := projections.FoldBatch(nil, slices.Delete(slices.Clone(staying), i, i+1))
			if cmp.Equal(less.New, whole.New) && cmp.Equal(less.Changes, whole.Changes) {
				t.Fatalf("%+v stays, and need not", staying[i])
			}
		}

		again, pointsAgain := retain(staying)
		if len(again) != len(staying) || pointsAgain.Retained().Late != 0 {
			t.Fatalf("of %d that stay %d stay the next time", len(staying), len(again))
		}
		outcome := points.End()
		if got := pointsAgain.End(); got != outcome || got.Products != int64(len(whole.New)) || got.Changes != int64(len(whole.Changes)) {
			t.Fatalf("got %+v, want %+v", got, outcome)
		}
	})
}

// TestChangePointsBehindViews: views that know a part of the old log go on with what stays of the rest.
func TestChangePointsBehindViews(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		history := drawHistory(t)
		_, points := retain(history)
		known := rapid.IntRange(0, len(history)).Draw(t, "known")
		products := map[events.ProductID]projections.Product{}
		for _, p := range projections.FoldBatch(nil, history[:known]).New {
			products[p.ID] = p
		}
		var rest []events.Observation
		for i := known; i < len(history); i++ {
			if points.Stays(int64(i)) {
				rest = append(rest, history[i])
			}
		}
		want, got := projections.FoldBatch(products, history[known:]), projections.FoldBatch(products, rest)
		wantSameDelta(t, "behind", projections.Delta{New: want.New, Changes: want.Changes}, got)
		byID := func(a, b projections.Product) int { return slices.Compare(a.ID[:], b.ID[:]) }
		slices.SortFunc(want.Seen, byID)
		slices.SortFunc(got.Seen, byID)
		if diff := cmp.Diff(want.Seen, got.Seen); diff != "" {
			t.Fatalf("seen, -want +got:\n%s", diff)
		}
	})
}

// TestChangePointsDigest: other views have another digest.
func TestChangePointsDigest(t *testing.T) {
	t.Parallel()
	history := []events.Observation{seen(eur(1), at(1, 1)), seen(eur(2), at(2, 1)), seen(eur(2), at(3, 1))}
	outcomes := map[events.RetentionOutcome]string{}
	for name, change := range map[string]func(*[]events.Observation){
		"nothing":    func(*[]events.Observation) {},
		"a price":    func(all *[]events.Observation) { (*all)[1].Price.Micros++ },
		"a currency": func(all *[]events.Observation) { (*all)[0].Price.Currency = "" },
		"a time":     func(all *[]events.Observation) { (*all)[2].Position.ObservedAt++ },
		"a fetch":    func(all *[]events.Observation) { (*all)[1].Position.Fetch[0]++ },
		"a line":     func(all *[]events.Observation) { (*all)[1].Line++ },
		"a place":    func(all *[]events.Observation) { (*all)[1].Place.Sequence++ },
		"a name":     func(all *[]events.Observation) { (*all)[2].Name = "other" },
		"one less":   func(all *[]events.Observation) { *all = (*all)[:2] },
	} {
		changed := slices.Clone(history)
		change(&changed)
		_, points := retain(changed)
		outcome := points.End()
		if other, ok := outcomes[outcome]; ok {
			t.Errorf("with %s it is as with %s", name, other)
		}
		outcomes[outcome] = name
	}
}
