package projections_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// TestFeedTellsPlaces: each change names the message of the log that holds its observation, and a rebuild gives the same feed.
func TestFeedTellsPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 4 {
		w.publish(t, 700)
	}
	feed := w.feed(t, w.settled(t))
	held := w.observations(t)
	for i := range feed {
		c := &feed[i]
		if !slices.ContainsFunc(held[c.Place], func(o events.Observation) bool {
			return o.ProductID() == c.ProductID && o.Position == c.At && o.Price == c.Price && o.Line == c.Line
		}) {
			t.Fatalf("the message at %v does not hold what brought %+v", c.Place, c)
		}
		if c.PreviousSince >= c.At.ObservedAt || c.Number < 1 {
			t.Fatalf("a change out of order: %+v", c)
		}
	}
	if len(feed) < 1000 {
		t.Fatalf("only %d changes", len(feed))
	}
	wantNoError(t, w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, (&reports{}).add))
	if diff := cmp.Diff(feed, w.feed(t, w.settled(t))); diff != "" {
		t.Errorf("feed after a rebuild: -want +got:\n%s", diff)
	}
}

// feed returns the feeds of all shards, one after the other.
func (w *world) feed(t testing.TB, views projections.Views) []projections.Change {
	t.Helper()
	var all []projections.Change
	for shard := range uint32(rebuildShards) {
		found, err := views.FeedChanges(t.Context(), shard, 0, 1_000_000)
		wantNoError(t, err)
		all = append(all, found...)
	}
	return all
}

// observations returns what the messages of the log hold.
func (w *world) observations(t testing.TB) map[events.LogPlace][]events.Observation {
	t.Helper()
	held := map[events.LogPlace][]events.Observation{}
	for shard := range rebuildShards {
		last, err := w.log.LastSequence(t.Context(), events.PriceStream(shard))
		wantNoError(t, err)
		reader, err := w.log.Read(t.Context(), events.PriceStream(shard), 0)
		wantNoError(t, err)
		for read := uint64(0); read < last; {
			messages, err := reader.Next(t.Context(), events.Batch{Limit: 1000})
			wantNoError(t, err)
			for _, m := range messages {
				read = m.Sequence
				if m.Kind == events.KindObserved {
					place := events.LogPlace{Shard: uint32(shard), Sequence: m.Sequence}
					held[place], err = events.DecodeObservations(nil, m.Data)
					wantNoError(t, err)
				}
			}
		}
		reader.Close()
	}
	return held
}
