package jetstream_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// observationsOf returns what the log says that a fetch has published, by line.
func observationsOf(t tester, log events.PublishedLog, fetch events.FetchID) []events.Observation {
	t.Helper()
	var all []events.Observation
	err := events.Observations(t.Context(), log, fetch, func(some []events.Observation) error {
		all = append(all, some...)
		return nil
	})
	wantNoError(t, err)
	slices.SortFunc(all, func(a, b events.Observation) int { return int(a.Line - b.Line) })
	return all
}

// However fetches are published beside each other, and however often one of them begins again, each gives back its own lines.
func TestObservationsOfAFetch(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		const fetches = 3
		var ids [fetches]events.FetchID
		var writers [fetches]events.PriceWriter
		var lines [fetches]int64
		for i := range ids {
			ids[i] = newFetchID(t)
			writers[i] = write(t, log, ids[i])
		}
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			i := rapid.IntRange(0, fetches-1).Draw(t, "fetch")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0: // as a process that starts again: what was not committed is published again
				writers[i] = write(t, log, ids[i])
				mustAdd(t, writers[i], ids[i], 1, lines[i])
			default:
				more := rapid.Int64Range(1, 9000).Draw(t, "lines")
				mustAdd(t, writers[i], ids[i], lines[i]+1, lines[i]+more)
				lines[i] += more
			}
		}
		for i := range ids {
			mustFinish(t, writers[i], lines[i])
			all := observationsOf(t, log, ids[i])
			if int64(len(all)) != lines[i] {
				t.Fatalf("%d observations, want %d", len(all), lines[i])
			}
			for line := range lines[i] {
				if want := observation(ids[i], line+1); all[line] != *want {
					t.Fatalf("%+v, want %+v", all[line], *want)
				}
			}
		}
	})
	if all := observationsOf(t, log, newFetchID(t)); len(all) > 0 {
		t.Errorf("an unknown fetch has %d observations", len(all))
	}
}

// A fetch of many batches, whose first one has as many messages as a batch may.
func TestObservationsOfALargeFetch(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	before := publish(t, log, 10)
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	const lines = 300_000
	mustAdd(t, writer, fetch, 1, lines)
	mustFinish(t, writer, lines)
	publish(t, log, 10)
	if n := len(observationsOf(t, log, fetch)); n != lines {
		t.Errorf("%d observations", n)
	}
	if n := len(observationsOf(t, log, before)); n != 10*events.GroupSize {
		t.Errorf("%d observations of the one before", n)
	}
}
