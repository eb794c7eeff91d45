package storetest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// feedOf returns the changes of a shard in the order of the log.
func feedOf(views Views, shard uint32) []projections.Change {
	var feed []projections.Change
	for _, changes := range views.Changes {
		for _, c := range changes {
			if c.Place.Shard == shard {
				feed = append(feed, c)
			}
		}
	}
	slices.SortFunc(feed, projections.CompareInFeed)
	return feed
}

// walkFeed reads all pages of a feed, each but the last at least as long as the limit.
func walkFeed(ctx context.Context, store projections.ProductQueries, shard uint32, limit int) ([]projections.Change, error) {
	var all []projections.Change
	for after := uint64(0); ; after = all[len(all)-1].Place.Sequence {
		page, err := store.FeedChanges(ctx, shard, after, limit)
		if err != nil {
			return nil, fmt.Errorf("feed behind %d: %w", after, err)
		}
		all = append(all, page...)
		if len(page) < limit {
			return all, nil
		}
	}
}

func testFeed(t *testing.T, store projections.Views) {
	all := history(seeded(14), []string{"one", "two"}, 90, 9)
	for i := range all {
		// As shards do, with sequences that leave some out: those of markers, and of messages that change nothing.
		all[i].Place = events.LogPlace{Shard: uint32(events.ShardOf(all[i].ProductID(), 3)) * 49, Sequence: uint64(i/7)*5 + 3}
	}
	mustProject(t, store, all, 1)
	views := foldAll(all)
	for _, shard := range []uint32{0, 49, 98, 1} {
		want := feedOf(views, shard)
		wantEqual(t, "enough to tell", len(want) > 50, shard != 1)
		for _, limit := range []int{1, 3, 10, len(want), len(want) + 1, 100_000} {
			got, err := walkFeed(t.Context(), store, shard, max(limit, 1))
			wantNoError(t, "walk", err)
			wantEqual(t, fmt.Sprintf("feed of shard %d by %d", shard, limit), got, want)
		}
		for _, after := range []uint64{math.MaxInt64, math.MaxInt64 + 1, math.MaxUint64} {
			got, err := store.FeedChanges(t.Context(), shard, after, 10)
			wantNoError(t, "feed", err)
			wantEqual(t, "feed behind all", len(got), 0)
		}
	}
	// What comes later is found behind what was read.
	last := feedOf(views, 0)
	after := last[len(last)-1].Place.Sequence
	p := mustGet(t, store, last[0].ProductID)
	next := observe(p.Name, 77, 50)
	next.Source, next.Place = p.Source, events.LogPlace{Sequence: after + 1}
	mustProject(t, store, []events.Observation{next}, 2)
	got, err := store.FeedChanges(t.Context(), 0, after, 10)
	wantNoError(t, "feed", err)
	want := foldAll(append(all, next)).Changes[p.ID]
	wantEqual(t, "feed behind what was read", got, want[len(want)-1:])
}

func mustGet(t testing.TB, store projections.ProductQueries, id events.ProductID) projections.Product {
	t.Helper()
	p, err := store.GetProduct(t.Context(), id)
	wantNoError(t, "get product", err)
	return p
}

// testFeedMessages: a page holds all changes of a message or none, and at least one message; the changes of a product within
// a message come in their order.
func testFeedMessages(t *testing.T, store projections.Views) {
	const perMessage = 256
	var all []events.Observation
	for fetch := range 4 {
		for i := range perMessage {
			o := observe(fmt.Sprintf("product %d", i/2), int64(fetch*10+i%2), 4*fetch+i%2)
			o.Place.Sequence = uint64(fetch) + 1
			all = append(all, o)
		}
	}
	mustProject(t, store, all, 4)
	want := feedOf(foldAll(all), 0)
	for limit, messages := range map[int]int{1: 1, 100: 1, perMessage / 2: 1, perMessage/2 + 1: 2, 3 * perMessage: 4, 10 * perMessage: 4} {
		got, err := store.FeedChanges(t.Context(), 0, 0, limit)
		wantNoError(t, "feed", err)
		end := slices.IndexFunc(want, func(c projections.Change) bool { return c.Place.Sequence > uint64(messages) })
		if end < 0 {
			end = len(want)
		}
		wantEqual(t, fmt.Sprintf("feed of at least %d", limit), got, want[:end])
	}
}
