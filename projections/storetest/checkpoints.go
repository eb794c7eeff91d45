package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

func wantCheckpoint(t *testing.T, store projections.Views, want projections.Checkpoint) {
	t.Helper()
	got, err := store.Checkpoint(t.Context(), want.Stream)
	wantNoError(t, "checkpoint", err)
	wantEqual(t, "checkpoint", got, want, cmpopts.IgnoreFields(projections.Checkpoint{}, "ProjectedAt"))
	if age := time.Since(got.ProjectedAt); age < -time.Minute || age > time.Hour {
		t.Fatalf("checkpoint: written at %v, that is %v ago", got.ProjectedAt, age)
	}
}

// wantCheckpoints demands that these are all, and the same as those read one by one.
func wantCheckpoints(t *testing.T, store projections.Views, want ...events.Stream) {
	t.Helper()
	all, err := store.Checkpoints(t.Context())
	wantNoError(t, "checkpoints", err)
	var streams []events.Stream
	for _, got := range all {
		streams = append(streams, got.Stream)
		one, err := store.Checkpoint(t.Context(), got.Stream)
		wantNoError(t, "checkpoint", err)
		wantEqual(t, "checkpoint among all", got, one)
	}
	slices.Sort(streams)
	slices.Sort(want)
	wantEqual(t, "streams with a checkpoint", streams, want)
}

func testCheckpoint(t *testing.T, store projections.Views) {
	apply := func(sequence uint64, late int64) {
		t.Helper()
		checkpoint := projections.Checkpoint{Stream: stream, Sequence: sequence, LoggedAt: loggedAt(sequence), Late: late}
		wantNoError(t, "apply", store.ApplyPrices(t.Context(), projections.Delta{Late: late}, checkpoint))
	}
	ten := projections.Checkpoint{Stream: stream, Sequence: 10, LoggedAt: loggedAt(10), Late: 2}
	apply(10, 2)
	wantCheckpoint(t, store, ten)
	apply(7, 4)
	wantCheckpoint(t, store, ten)
	apply(10, 4)
	wantCheckpoint(t, store, ten)
	apply(1<<62, 3)
	wantCheckpoint(t, store, projections.Checkpoint{Stream: stream, Sequence: 1 << 62, LoggedAt: loggedAt(1 << 62), Late: 5})
}

// loggedAt gives each sequence a time of its own, to the nanosecond.
func loggedAt(sequence uint64) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, int(sequence%1_000_000_000), time.UTC)
}

func testCheckpointStreams(t *testing.T, store projections.Views) {
	wantCheckpoints(t, store)
	first := observe("x", 1, 0)
	mustProject(t, store, []events.Observation{first}, 10)
	checkpoint := projections.Checkpoint{Stream: events.FetchStream, Sequence: 4}
	wantNoError(t, "apply", store.ApplyFetches(t.Context(), projections.FetchDelta{}, checkpoint))
	wantCheckpoint(t, store, checkpoint)
	wantCheckpoint(t, store, projections.Checkpoint{Stream: stream, Sequence: 10})
	wantCheckpoints(t, store, stream, events.FetchStream)
	checkpoint.Sequence = 3
	wantNoError(t, "apply", store.ApplyFetches(t.Context(), projections.FetchDelta{}, checkpoint))
	wantCheckpoint(t, store, projections.Checkpoint{Stream: events.FetchStream, Sequence: 4})

	// Late observations are counted by the fold, and add up.
	mustProject(t, store, []events.Observation{observe("x", 2, 5), observe("x", 3, 4), observe("x", 3, 3)}, 13)
	wantCheckpoint(t, store, projections.Checkpoint{Stream: stream, Sequence: 13, Late: 2})
	mustProject(t, store, []events.Observation{observe("x", 9, 2)}, 14)
	wantCheckpoint(t, store, projections.Checkpoint{Stream: stream, Sequence: 14, Late: 3})
}

// testCheckpointEmpty: a batch may hold nothing for the views, as one of markers does.
func testCheckpointEmpty(t *testing.T, store projections.Views) {
	checkpoint := projections.Checkpoint{Stream: stream, Sequence: 5}
	wantNoError(t, "apply", store.ApplyPrices(t.Context(), projections.Delta{}, checkpoint))
	wantCheckpoint(t, store, checkpoint)
	wantViews(t, store, Views{})
}
