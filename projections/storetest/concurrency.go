package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func mustParse(t testing.TB, id string) events.FetchID {
	t.Helper()
	parsed, err := uuid.Parse(id)
	wantNoError(t, "parse id", err)
	return parsed
}

const projectors = 4

// projectTogether has several projectors take in the same log at once, each in batches of its own.
func projectTogether(t *testing.T, store projections.Views, log []events.Observation) {
	t.Helper()
	var group sync.WaitGroup
	for worker := range projectors {
		group.Go(func() {
			random := seeded(uint64(worker))
			for next := 0; next < len(log); {
				end := min(len(log), next+1+random.IntN(80))
				if err := project(t.Context(), store, log[next:end], uint64(end)); err != nil {
					t.Errorf("projector %d, up to %d: %v", worker, end, err)
					return
				}
				next = end
			}
		})
	}
	group.Wait()
}

func testConcurrentProjectors(t *testing.T, store projections.Views) {
	log := history(seeded(5), []string{"one", "two"}, 40, 20)
	// Some come late, as those of a slow fetch would.
	random := seeded(6)
	for range 300 {
		i := random.IntN(len(log) - 60)
		j := i + random.IntN(60)
		log[i], log[j] = log[j], log[i]
	}
	projectTogether(t, store, log)
	wantViews(t, store, foldAll(log))
	checkpoint, err := store.Checkpoint(t.Context(), stream)
	wantNoError(t, "checkpoint", err)
	wantEqual(t, "sequence", checkpoint.Sequence, uint64(len(log)))
}

// testPausedProjector: one of several projectors stops again and again between loading and writing, for as long as others
// take in much more. What it writes then is refused or changes nothing, and it goes on.
func testPausedProjector(t *testing.T, store projections.Views) {
	log := history(seeded(12), []string{"one", "two"}, 40, 20)
	const pauses = 6
	next := 0
	for pause := range pauses {
		end := len(log) * (pause + 1) / pauses
		stale := log[next:min(next+60, end)]
		ids := make([]events.ProductID, len(stale))
		for i := range stale {
			ids[i] = stale[i].ProductID()
		}
		known, err := store.Products(t.Context(), ids)
		wantNoError(t, "load", err)
		delta := projections.FoldBatch(known, stale)

		projectTogether(t, store, log[:end]) // the others, from the beginning, as some that lost their checkpoints

		checkpoint := projections.Checkpoint{Stream: stream, Sequence: uint64(next + len(stale)), Late: delta.Late}
		err = store.ApplyPrices(t.Context(), delta, checkpoint)
		if err != nil && !errors.Is(err, projections.ErrConflict) {
			t.Fatalf("write after a pause: %v", err)
		}
		wantViews(t, store, foldAll(log[:end]))
		mustProject(t, store, stale, checkpoint.Sequence)
		wantViews(t, store, foldAll(log[:end]))
		next = end
	}
}

// testConcurrentReaders: what a reader sees meanwhile is a state that a fold went through.
func testConcurrentReaders(t *testing.T, store projections.Views) {
	log := history(seeded(7), []string{"one", "two"}, 40, 15)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for _, key := range sortKeys {
		readers.Go(func() {
			for ctx.Err() == nil {
				if err := readOnce(t.Context(), store, key); err != nil {
					t.Errorf("read: %v", err)
					return
				}
			}
		})
	}
	projectTogether(t, store, log)
	stop()
	readers.Wait()
	wantViews(t, store, foldAll(log))
}

func readOnce(ctx context.Context, store projections.Views, key projections.SortKey) error {
	query := projections.ProductQuery{SortBy: key, Limit: 20}
	page, err := store.ListProducts(ctx, query)
	if err != nil {
		return err
	}
	for i := range page {
		p := &page[i]
		if p.Written.Compare(p.Seen) > 0 {
			return fmt.Errorf("%s was written at %v, after it was last seen, at %v", p.Name, p.Written, p.Seen)
		}
		if i > 0 && query.Compare(&page[i-1], p) >= 0 {
			return fmt.Errorf("%q is listed behind %q", p.Name, page[i-1].Name)
		}
		changes, err := store.ListChanges(ctx, p.ID, false, nil, 1000)
		if err != nil {
			return err
		}
		if int64(len(changes)) < p.PriceChanges { // it may have got more since
			return fmt.Errorf("%s changed %d times, but has %d changes", p.Name, p.PriceChanges, len(changes))
		}
	}
	return nil
}

func testConcurrentFetches(t *testing.T, store projections.Views) {
	const steps, fetches = 60, 5
	var group sync.WaitGroup
	for range projectors {
		group.Go(func() {
			for step := range steps {
				view := fetchView(step%fetches, "source", day, uint64(step+1))
				view.Fetch.RowsRead = int64(step)
				reject := projections.IndexedReject{Index: int64(step), Reject: &atlantv1.Reject{Line: int64(step)}}
				delta := projections.FetchDelta{
					Fetches: []projections.FetchView{view},
					Rejects: map[events.FetchID][]projections.IndexedReject{fetchID(step % fetches): {reject}},
				}
				checkpoint := projections.Checkpoint{Stream: events.FetchStream, Sequence: uint64(step + 1)}
				if err := store.ApplyFetches(t.Context(), delta, checkpoint); err != nil {
					t.Errorf("step %d: %v", step, err)
					return
				}
			}
		})
	}
	group.Wait()
	for n := range fetches {
		want := fetchView(n, "source", day, uint64(steps-fetches+n+1))
		want.Fetch.RowsRead = int64(steps - fetches + n)
		wantFetch(t, store, n, want)
		rejects, err := store.ListRejects(t.Context(), fetchID(n), 0, steps)
		wantNoError(t, "list rejects", err)
		wantEqual(t, "rejects", len(rejects), steps/fetches)
	}
	wantCheckpoint(t, store, projections.Checkpoint{Stream: events.FetchStream, Sequence: steps})
}

// testCancelled: a context that has ended is an error, not half a result.
func testCancelled(t *testing.T, store projections.Views) {
	first := observe("x", 1, 0)
	mustProject(t, store, []events.Observation{first}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := project(ctx, store, []events.Observation{observe("x", 2, 1)}, 2); err == nil {
		t.Fatal("project: no error")
	}
	delta := projections.FoldBatch(nil, []events.Observation{observe("y", 2, 1)})
	if err := store.ApplyPrices(ctx, delta, projections.Checkpoint{Stream: stream, Sequence: 2}); err == nil {
		t.Fatal("apply: no error")
	}
	wantViews(t, store, foldAll([]events.Observation{first}))
	// The store is as good as before.
	next := observe("x", 2, 1)
	mustProject(t, store, []events.Observation{next}, 2)
	wantViews(t, store, foldAll([]events.Observation{first, next}))
}
