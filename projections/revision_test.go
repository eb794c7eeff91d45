package projections_test

import (
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// revision returns the revision of the live views.
func (w *world) revision(t testing.TB) string {
	t.Helper()
	views, err := w.store.Live(t.Context())
	wantNoError(t, err)
	revision, err := projections.Revision(t.Context(), views, rebuildShards)
	wantNoError(t, err)
	return revision
}

func TestRevision(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	views, err := store.Live(t.Context())
	wantNoError(t, err)
	const shards = 11
	seen := map[string]string{}
	look := func(what string, views projections.Views) {
		t.Helper()
		revision, err := projections.Revision(t.Context(), views, shards)
		wantNoError(t, err)
		if before, ok := seen[revision]; ok {
			t.Errorf("%s and %s have the same revision %q", before, what, revision)
		}
		seen[revision] = what
		again, err := projections.Revision(t.Context(), views, shards)
		if err != nil || again != revision {
			t.Errorf("%s: %q then %q, %v", what, revision, again, err)
		}
	}
	look("nothing", views)
	want := events.LogPosition{0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0, 7: 0, 8: 0, 9: 0, 10: 0}
	for _, at := range []struct {
		shard    uint32
		sequence uint64
	}{{0, 1}, {1, 1}, {0, 11}, {10, 1}, {10, 11}} {
		stream := events.PriceStream(int(at.shard))
		wantNoError(t, views.ApplyPrices(t.Context(), projections.Delta{}, projections.Checkpoint{Stream: stream, Sequence: at.sequence}))
		look(string(stream), views)
		want[at.shard] = at.sequence
		position, err := projections.Position(t.Context(), views, shards)
		wantNoError(t, err)
		if position.String() != want.String() {
			t.Errorf("position %v, want %v", position, want)
		}
	}
	// Fetches are no products.
	before, err := projections.Revision(t.Context(), views, shards)
	wantNoError(t, err)
	wantNoError(t, views.ApplyFetches(t.Context(), projections.FetchDelta{}, projections.Checkpoint{Stream: events.FetchStream, Sequence: 5}))
	if after, err := projections.Revision(t.Context(), views, shards); err != nil || after != before {
		t.Errorf("after a fetch event: %q, %v, before %q", after, err, before)
	}
	other, err := store.Views(t.Context(), 2)
	wantNoError(t, err)
	look("another generation", other)
}
