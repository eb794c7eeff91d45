package projections_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/storetest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const rebuildShards = 3

// world is a log with views that are projected to, and all that was published to it.
type world struct {
	log   *jetstream.Log
	store projections.Store
	stop  func() // ends the projectors

	mu        sync.Mutex
	published []events.Observation
	fetches   byte
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{store: newStore(t)}
	w.log, _ = newShardedLog(t, rebuildShards)
	w.project(t)
	return w
}

func (w *world) project(t testing.TB) {
	t.Helper()
	stops := []func(){run(t, projections.NewFetchProjector(w.log, w.store, quiet))}
	for shard := range rebuildShards {
		stops = append(stops, run(t, projections.NewPriceProjector(shard, w.log, w.store, quiet)))
	}
	w.stop = func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// publish puts another fetch into the log.
func (w *world) publish(t testing.TB, products int) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fetches++
	all := list(w.fetches, products)
	for tries := 0; ; tries++ { // a busy machine may be too slow for the log's patience
		err := tryPublish(t.Context(), w.log, all)
		if err == nil {
			break
		}
		if tries == 5 {
			t.Fatal(err)
		}
	}
	w.published = append(w.published, all...)
	id := all[0].Position.Fetch
	requested := &atlantv1.FetchEvent{At: timestamppb.Now(), Event: &atlantv1.FetchEvent_Requested{
		Requested: &atlantv1.FetchRequested{Id: id.String(), Source: "default", RequestedAt: events.Micros(w.fetches).Timestamp()},
	}}
	if _, err := w.log.AppendFetchEvents(t.Context(), id, 0, requested); err != nil {
		t.Error(err)
	}
}

// publishUntil keeps publishing until stop is called.
func (w *world) publishUntil(t testing.TB, products int) (stop func()) {
	t.Helper()
	done := make(chan struct{})
	var working sync.WaitGroup
	working.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(250 * time.Millisecond): // two cores do more than this, also with the race detector
				if w.fetches < 250 { // they are numbered by a byte
					w.publish(t, products)
				}
			}
		}
	})
	stop = sync.OnceFunc(func() { close(done); working.Wait() })
	t.Cleanup(stop)
	return stop
}

// settled waits until the live views hold all that was published, and returns them.
func (w *world) settled(t testing.TB) projections.Views {
	t.Helper()
	var views projections.Views
	for _, stream := range []events.Stream{"PRICES_00", "PRICES_01", "PRICES_02", events.FetchStream} {
		last, err := w.log.LastSequence(t.Context(), stream)
		wantNoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		views, err = projections.WaitFor(ctx, w.store, stream, last)
		wantNoError(t, err)
	}
	return views
}

func (w *world) wantRight(t testing.TB, generation int64) {
	t.Helper()
	views := w.settled(t)
	if views.Generation() != generation {
		t.Fatalf("generation %d is live, want %d", views.Generation(), generation)
	}
	wantFolded(t, views, w.published)
	fetches, err := views.ListFetches(t.Context(), "", nil, 1000)
	wantNoError(t, err)
	if len(fetches) != int(w.fetches) {
		t.Fatalf("got %d fetches, want %d", len(fetches), w.fetches)
	}
}

// wantFolded is wantViews for long logs.
func wantFolded(t testing.TB, views projections.Views, log []events.Observation) {
	t.Helper()
	got, err := storetest.Dump(t.Context(), views)
	wantNoError(t, err)
	want := projections.FoldBatch(nil, log)
	byID := func(p, q projections.Product) int { return bytes.Compare(p.ID[:], q.ID[:]) }
	if diff := cmp.Diff(slices.SortedFunc(slices.Values(want.New), byID), slices.SortedFunc(slices.Values(got.Products), byID)); diff != "" {
		t.Fatalf("products: -want +got:\n%s", diff)
	}
	changes := map[events.ProductID][]projections.Change{}
	for _, c := range want.Changes {
		changes[c.ProductID] = append(changes[c.ProductID], c)
	}
	for _, all := range got.Changes {
		for i := range all {
			all[i] = unplaced(all[i])
		}
	}
	if diff := cmp.Diff(changes, got.Changes); diff != "" {
		t.Fatalf("changes: -want +got:\n%s", diff)
	}
}

func (w *world) rebuilder() *projections.Rebuilder {
	return projections.NewRebuilder(w.log, rebuildShards, w.store, "test", quiet)
}

// reports gathers what long work reports.
type reports struct {
	mu  sync.Mutex
	all []projections.Progress
}

func (r *reports) add(p projections.Progress) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
	return nil
}

func (r *reports) comparison(t testing.TB) *projections.Comparison {
	t.Helper()
	for _, p := range r.all {
		if p.Comparison != nil {
			return p.Comparison
		}
	}
	t.Fatal("no comparison was reported")
	return nil
}

func TestRebuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		w.publish(t, 300)
	}
	late := list(3, 100)
	for i := range late {
		late[i].Position = at(0, 99)
	}
	publish(t, w.log, late)
	before := w.settled(t)
	var r reports
	wantNoError(t, w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, r.add))
	w.wantRight(t, 2)
	if c := r.comparison(t); !c.Equal() || c.Products != 300 || len(c.Position) != rebuildShards {
		t.Errorf("comparison: %+v", c)
	}
	after := w.settled(t)
	for _, stream := range []events.Stream{"PRICES_00", "PRICES_01", "PRICES_02"} {
		want, err := before.Checkpoint(t.Context(), stream)
		wantNoError(t, err)
		got, err := after.Checkpoint(t.Context(), stream)
		wantNoError(t, err)
		want.ProjectedAt, got.ProjectedAt = time.Time{}, time.Time{}
		if got != want || got.Late == 0 {
			t.Errorf("checkpoint: got %+v, want %+v", got, want)
		}
	}
	record, err := w.store.Generations(t.Context())
	wantNoError(t, err)
	record.Revision = 0
	if diff := cmp.Diff(projections.Generations{Live: 2, Previous: 1, Last: 2}, record); diff != "" {
		t.Errorf("record: -want +got:\n%s", diff)
	}
	w.publish(t, 310) // the projectors have moved on
	w.wantRightWithLate(t, 2, late)
}

// wantRightWithLate is wantRight where some observations of the log came too late to count.
func (w *world) wantRightWithLate(t testing.TB, generation int64, late []events.Observation) {
	t.Helper()
	views := w.settled(t)
	if views.Generation() != generation {
		t.Fatalf("generation %d is live, want %d", views.Generation(), generation)
	}
	wantFolded(t, views, append(w.published, late...))
}

// TestRebuildUnderLoad rebuilds while lists come in and others read: no reader meets an error or a mixture.
func TestRebuildUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, 2000)
	w.settled(t)
	stop := w.publishUntil(t, 100)
	ctx, stopReading := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	var lists atomic.Int64
	for range 2 {
		reading.Go(func() {
			for ctx.Err() == nil {
				if err := w.readPage(t.Context()); err != nil { //nolint:contextcheck // the end must not interrupt a read
					t.Errorf("read: %v", err)
					return
				}
				lists.Add(1)
				time.Sleep(20 * time.Millisecond) // the others need the processors too
			}
		})
	}
	for generation := int64(2); generation <= 4; generation++ {
		var r reports
		if err := w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, r.add); err != nil {
			t.Fatalf("%v: %+v", err, r.comparison(t))
		}
	}
	stopReading()
	reading.Wait()
	stop()
	w.wantRight(t, 4)
	t.Logf("%d lists were read meanwhile", lists.Load())
}

// outrun is a store whose log is written faster than a rebuild takes it in: each write brings about more than it takes in.
type outrun struct {
	projections.Store

	publish func()
}

func (s *outrun) Views(ctx context.Context, number int64) (projections.Views, error) {
	views, err := s.Store.Views(ctx, number)
	return outrunViews{views, s}, err
}

type outrunViews struct {
	projections.Views

	store *outrun
}

func (v outrunViews) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	v.store.publish()
	return v.Views.ApplyPrices(ctx, delta, checkpoint)
}

// TestRebuildOutrun: a rebuild does not run after a log that it cannot reach.
func TestRebuildOutrun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, 2000)
	w.settled(t)
	var r reports
	var reached atomic.Bool
	var writes atomic.Int64
	store := &outrun{w.store, func() {
		switch {
		case reached.Load():
		case writes.Add(1) < 50:
			w.publish(t, 1500)
		case !reached.Swap(true):
			t.Error("the rebuild still runs after the log")
		}
	}}
	err := projections.NewRebuilder(w.log, rebuildShards, store, "test", quiet).Rebuild(
		t.Context(), projections.RebuildOptions{}, func(p projections.Progress) error {
			reached.Store(reached.Load() || p.Stage > projections.StageCatchingUp)
			return r.add(p)
		})
	if err != nil {
		t.Fatalf("%v: %+v", err, r.comparison(t))
	}
	w.wantRight(t, 2)
}

// readPage reads a page as a handler does.
func (w *world) readPage(ctx context.Context) error {
	views, err := w.store.Live(ctx)
	if err != nil {
		return err
	}
	page, err := views.ListProducts(ctx, projections.ProductQuery{SortBy: projections.SortByPrice, Limit: 50})
	if err == nil && len(page) != 50 {
		err = errors.New("a page that is not full")
	}
	return err
}

// harm makes the live views of three products wrong, each in another way.
func (w *world) harm(t testing.TB) (missing, spare, differing events.ProductID) {
	t.Helper()
	views := w.settled(t)
	products, err := views.ScanProducts(t.Context(), nil, 10)
	wantNoError(t, err)
	wantNoError(t, views.ReplaceProduct(t.Context(), products[0].ID, &products[0], nil, nil))
	extra := projections.Product{Source: "default", Name: "never seen", Price: eur(1), Written: at(1, 1), Seen: at(1, 1)}
	extra.ID = events.NewProductID(extra.Source, extra.Name)
	wantNoError(t, views.ReplaceProduct(t.Context(), extra.ID, nil, &extra, nil))
	other := products[1]
	other.Price.Micros++
	wantNoError(t, views.ReplaceProduct(t.Context(), other.ID, &products[1], &other, nil))
	return products[0].ID, extra.ID, other.ID
}

func wantFound(t testing.TB, c *projections.Comparison, missing, spare, differing events.ProductID) {
	t.Helper()
	for kind, id := range map[projections.DivergenceKind]events.ProductID{
		projections.DivergenceMissing: missing, projections.DivergenceSpare: spare, projections.DivergenceDiffers: differing,
	} {
		samples := c.Samples[kind]
		if c.Counts[kind] != 1 || len(samples) != 1 || samples[0].ID != id {
			t.Errorf("kind %d: %d, %+v; want %s", kind, c.Counts[kind], samples, id)
		}
	}
}

func TestRebuildFindsDifferences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.publish(t, 200)
	}
	missing, spare, differing := w.harm(t)
	var r reports
	err := w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, r.add)
	if !errors.Is(err, projections.ErrDifferent) {
		t.Fatalf("got error %v", err)
	}
	wantFound(t, r.comparison(t), missing, spare, differing)
	if live := w.settled(t); live.Generation() != 1 {
		t.Errorf("generation %d is live", live.Generation())
	}
	wantNoError(t, w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{AcceptDifferences: true}, r.add))
	w.wantRight(t, 2)

	// Back to what was there before, brought up to date; and forth.
	w.publish(t, 210)
	w.settled(t)
	wantNoError(t, w.rebuilder().Rollback(t.Context(), r.add))
	live := w.settled(t)
	if live.Generation() != 1 {
		t.Errorf("generation %d is live", live.Generation())
	}
	if p, err := live.GetProduct(t.Context(), spare); err != nil || p.Name != "never seen" {
		t.Errorf("the earlier generation has lost its own: %v", err)
	}
	wantNoError(t, w.rebuilder().Rollback(t.Context(), r.add))
	w.wantRight(t, 2)
}

func TestRollbackNeedsAnEarlierGeneration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var r reports
	if err := w.rebuilder().Rollback(t.Context(), r.add); !errors.Is(err, projections.ErrNoPrevious) {
		t.Errorf("got error %v", err)
	}
}

// TestRebuildInterrupted ends a rebuild at each of its steps, as a kill would, and goes on with it.
func TestRebuildInterrupted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 {
		w.publish(t, 500)
	}
	for step := range 30 {
		store := &interrupted{Store: w.store}
		store.left.Store(int64(step))
		err := projections.NewRebuilder(w.log, rebuildShards, store, "test", quiet).Rebuild(t.Context(), projections.RebuildOptions{},
			func(projections.Progress) error { return nil })
		if step%4 == 3 {
			w.publish(t, 520)
		}
		if err == nil {
			w.wantRight(t, 2)
			t.Logf("done after %d interruptions", step)
			return
		}
		if !errors.Is(err, errInterrupted) {
			t.Fatalf("step %d: %v", step, err)
		}
		if live := w.settled(t); live.Generation() > 1 {
			w.wantRight(t, 2) // it was interrupted after the switch
			return
		}
	}
	t.Fatal("it never got done")
}

var errInterrupted = errors.New("interrupted")

// interrupted fails all writes after so many.
type interrupted struct {
	projections.Store

	left atomic.Int64
}

func (s *interrupted) write() error {
	if s.left.Add(-1) < 0 {
		return errInterrupted
	}
	return nil
}

func (s *interrupted) SetGenerations(ctx context.Context, was, now projections.Generations) error {
	if err := s.write(); err != nil {
		return err
	}
	return s.Store.SetGenerations(ctx, was, now)
}

func (s *interrupted) Views(ctx context.Context, number int64) (projections.Views, error) {
	views, err := s.Store.Views(ctx, number)
	return interruptedViews{views, s}, err
}

type interruptedViews struct {
	projections.Views

	store *interrupted
}

func (v interruptedViews) InsertPrices(ctx context.Context, products []projections.Product, changes []projections.Change) error {
	if err := v.store.write(); err != nil {
		return err
	}
	return v.Views.InsertPrices(ctx, products, changes)
}

func (v interruptedViews) BuildIndexes(ctx context.Context) error {
	if err := v.store.write(); err != nil {
		return err
	}
	return v.Views.BuildIndexes(ctx)
}

func (v interruptedViews) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	if err := v.store.write(); err != nil {
		return err
	}
	return v.Views.ApplyPrices(ctx, delta, checkpoint)
}

// TestRebuildsAtOnce: whichever of them switches, the views are right, and nothing is left behind.
func TestRebuildsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, 1500)
	stop := w.publishUntil(t, 100)
	var working sync.WaitGroup
	var switched atomic.Int64
	for range 3 {
		working.Go(func() {
			err := w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, func(projections.Progress) error { return nil })
			switch {
			case err == nil:
				switched.Add(1)
			case !errors.Is(err, projections.ErrSuperseded) && !errors.Is(err, projections.ErrDifferent):
				t.Errorf("rebuild: %v", err)
			}
		})
	}
	working.Wait()
	stop()
	if switched.Load() == 0 {
		wantNoError(t, w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, func(projections.Progress) error { return nil }))
	}
	w.wantRight(t, w.settled(t).Generation())
	record, err := w.store.Generations(t.Context())
	wantNoError(t, err)
	if record.Next != 0 || record.Live < 2 {
		t.Errorf("record: %+v", record)
	}
	t.Logf("%d switched", switched.Load())
}

func TestRebuildStartsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.publish(t, 300)
	w.harm(t)
	var r reports
	if err := w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{}, r.add); !errors.Is(err, projections.ErrDifferent) {
		t.Fatalf("got error %v", err)
	}
	for _, rebuild := range []func() error{
		func() error { // another version would fold in another way
			other := projections.NewRebuilder(w.log, rebuildShards, w.store, "other", quiet)
			return other.Rebuild(t.Context(), projections.RebuildOptions{}, r.add)
		},
		func() error {
			return w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{Restart: true}, r.add)
		},
	} {
		if err := rebuild(); !errors.Is(err, projections.ErrDifferent) {
			t.Fatalf("got error %v", err)
		}
	}
	record, err := w.store.Generations(t.Context())
	wantNoError(t, err)
	if record.Next != 4 || record.Live != 1 {
		t.Errorf("record: %+v", record)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 4 {
		w.publish(t, 400)
	}
	stop := w.publishUntil(t, 100)
	auditor := projections.NewAuditor(w.log, rebuildShards, w.store)
	var r reports
	for range 3 { // while it is written to
		comparison, err := auditor.Verify(t.Context(), r.add)
		wantNoError(t, err)
		if !comparison.Equal() || comparison.Products != 400 {
			t.Fatalf("comparison: %+v", comparison)
		}
	}
	stop()
	missing, spare, differing := w.harm(t)
	comparison, err := auditor.Verify(t.Context(), r.add)
	wantNoError(t, err)
	wantFound(t, &comparison, missing, spare, differing)
	if d := comparison.Samples[projections.DivergenceDiffers][0]; d.Changes || d.Want.Price == d.Got.Price {
		t.Errorf("divergence: %+v", d)
	}

	for _, id := range []uuid.UUID{missing, spare, differing} {
		before := w.revision(t)
		divergence, err := auditor.Repair(t.Context(), id)
		wantNoError(t, err)
		if divergence == nil || divergence.ID != id {
			t.Errorf("repair of %s: %+v", id, divergence)
		}
		if w.revision(t) == before {
			t.Error("a repair does not change the revision")
		}
		var want error
		if id == spare {
			want = projections.ErrNotFound // by now
		}
		if divergence, err = auditor.Repair(t.Context(), id); !errors.Is(err, want) || divergence != nil {
			t.Errorf("repair again: %+v, %v", divergence, err)
		}
	}
	comparison, err = auditor.Verify(t.Context(), r.add)
	wantNoError(t, err)
	if !comparison.Equal() {
		t.Errorf("comparison: %+v", comparison)
	}
	w.wantRight(t, 1)
}

// TestRebuildOfAnotherLog: views that were made from a log that is gone stand still, and are replaced all the same.
func TestRebuildOfAnotherLog(t *testing.T) {
	t.Parallel()
	old := newWorld(t)
	for range 3 {
		old.publish(t, 50)
	}
	old.settled(t)
	old.stop()
	w := &world{store: old.store}
	w.log, _ = newShardedLog(t, rebuildShards)
	w.publish(t, 20)
	w.project(t)
	var r reports
	wantNoError(t, w.rebuilder().Rebuild(t.Context(), projections.RebuildOptions{AcceptDifferences: true}, r.add))
	w.wantRight(t, 2)
	if c := r.comparison(t); c.Counts[projections.DivergenceSpare] != 30 {
		t.Errorf("comparison: %+v", c)
	}
}
