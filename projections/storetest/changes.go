package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

func testListChanges(t *testing.T, store projections.Views) {
	var all []events.Observation
	for i := range 60 {
		o := observe("subject", int64(i%7), i)
		o.Position = at(day+events.Micros(i/3), i) // three fetches at each time
		all = append(all, o, observe("neighbour", int64(i%5), i))
	}
	mustProject(t, store, all, 1)
	id := all[0].ProductID()
	want := foldAll(all).Changes[id]
	wantEqual(t, "changes", len(want), 59)
	backward := slices.Clone(want)
	slices.Reverse(backward)
	for _, limit := range []int{1, 4, 59, 60} {
		t.Run(fmt.Sprintf("limit=%d", limit), func(t *testing.T) {
			got, err := walkChanges(t.Context(), store, id, true, limit)
			wantNoError(t, "walk", err)
			wantEqual(t, "ascending", got, want)
			got, err = walkChanges(t.Context(), store, id, false, limit)
			wantNoError(t, "walk", err)
			wantEqual(t, "descending", got, backward)
		})
	}

	// A place between two changes will do as well.
	between := events.Position{ObservedAt: want[20].At.ObservedAt, Fetch: want[20].At.Fetch}
	between.Fetch[15]++
	wantFrom(t, store, id, between, want, backward)
	wantFrom(t, store, id, events.Position{ObservedAt: day + 10, Fetch: uuid.Nil}, want, backward)
	wantFrom(t, store, id, events.Position{ObservedAt: day + 10, Fetch: uuid.Max}, want, backward)
}

func wantFrom(
	t *testing.T, store projections.Views, id events.ProductID, after events.Position, forward, backward []projections.Change,
) {
	t.Helper()
	for _, ascending := range []bool{true, false} {
		side, all := 1, forward
		if !ascending {
			side, all = -1, backward
		}
		want := slices.DeleteFunc(slices.Clone(all), func(c projections.Change) bool { return c.At.Compare(after) != side })
		got, err := store.ListChanges(t.Context(), id, ascending, &after, 1000)
		wantNoError(t, "list changes", err)
		wantEqual(t, fmt.Sprintf("changes behind %v, ascending %t", after, ascending), got, want)
	}
}
