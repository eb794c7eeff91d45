package projections_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
)

// watched is a store that counts what is asked of it, and fails now and then: before or after it has done what it is asked.
type watched struct {
	projections.Views

	loaded      int // products asked for
	failBefore  bool
	failAfter   bool
	beforeApply func(projections.Checkpoint)
}

func (w *watched) Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]projections.Product, error) {
	w.loaded += len(ids)
	return w.Views.Products(ctx, ids)
}

func (w *watched) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	return w.write(checkpoint, func() error { return w.Views.ApplyPrices(ctx, delta, checkpoint) })
}

func (w *watched) write(checkpoint projections.Checkpoint, write func() error) error {
	w.beforeApply(checkpoint)
	if w.failBefore {
		return errDown
	}
	if err := write(); err != nil {
		return err
	}
	if w.failAfter {
		return errDown
	}
	return nil
}

func (w *watched) DeferIndexes(ctx context.Context, most int64) (projections.FirstLoad, error) {
	load, err := w.Views.DeferIndexes(ctx, most)
	if load == nil {
		return nil, err
	}
	return watchedLoad{load, w}, err
}

// watchedLoad fails as its store does.
type watchedLoad struct {
	projections.FirstLoad

	views *watched
}

func (l watchedLoad) AppendPrices(
	ctx context.Context, products []projections.Product, behind uint64, checkpoint projections.Checkpoint, index bool,
) error {
	return l.views.write(checkpoint, func() error { return l.FirstLoad.AppendPrices(ctx, products, behind, checkpoint, index) })
}

// actor is one of the projectors of a shard, and how far it has come.
type actor struct {
	*projections.Projection

	views  *watched
	limits limits
	parked map[uint64]bool
	next   int // index of its next message
}

// limits are what a projector knows by.
type limits struct {
	cacheBytes int64
	manyNew    int // in a batch, to take it for a first load
}

var ordinary = limits{cacheBytes: 1 << 20, manyNew: 1000}

func (a *actor) start(ctx context.Context) error {
	a.parked = map[uint64]bool{}
	park := func(_ context.Context, m events.Message, _ error) error {
		a.parked[m.Sequence] = true
		return nil
	}
	projection, checkpoint, err := projections.NewProjection(ctx, a.views, park, a.limits.cacheBytes, a.limits.manyNew)
	a.Projection, a.next = projection, int(checkpoint.Sequence)
	return err
}

// take takes in so many messages, or what there is, and starts again from the checkpoint if that fails.
func (a *actor) take(ctx context.Context, log []events.Message, many int) error {
	end := min(a.next+many, len(log))
	if a.next == end {
		return nil
	}
	first := a.next
	a.views.beforeApply = func(checkpoint projections.Checkpoint) {
		for _, m := range log[first:checkpoint.Sequence] {
			if malformed := string(m.Data) == "malformed"; malformed != a.parked[m.Sequence] {
				panic(fmt.Sprintf("the checkpoint moves to %d, and %d is parked: %v", checkpoint.Sequence, m.Sequence, !malformed))
			}
		}
	}
	err := a.Take(ctx, log[a.next:end])
	if err == nil {
		a.next = end
		return nil
	}
	if !errors.Is(err, errDown) {
		return err
	}
	a.views.failBefore, a.views.failAfter = false, false
	return a.start(ctx)
}

// messagesOf returns the messages of a price stream, of one or several observations each, and between them some that are none.
func messagesOf(t *rapid.T, log []events.Observation) (all []events.Message) {
	add := func(kind events.Kind, data []byte) {
		sequence := uint64(len(all)) + 1
		all = append(all, events.Message{
			Stream: prices, Sequence: sequence, Kind: kind, Data: data, Time: time.Unix(int64(sequence), 0).UTC(),
		})
	}
	var group events.Group
	flush := func() {
		if group.Len() > 0 {
			add(events.KindObserved, group.AppendTo(nil))
		}
	}
	for i := range log {
		if err := group.Add(&log[i]); err != nil { // it is of another source or fetch
			flush()
			if err := group.Add(&log[i]); err != nil {
				t.Fatal(err)
			}
		}
		switch rapid.IntRange(0, 9).Draw(t, "behind it") {
		case 0:
			flush()
			add(events.KindObserved, []byte("malformed"))
		case 1:
			flush()
			add(events.KindMarker, nil)
		case 2, 3, 4:
			flush()
		}
	}
	flush()
	return all
}

// freshViews returns an empty generation of views.
func freshViews(t *rapid.T, store projections.Store, last *int64) projections.Views {
	*last++
	views, err := store.Views(context.Background(), *last)
	if err == nil {
		err = views.BuildIndexes(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
	return views
}

// However the log is cut into batches, whatever fails, however small the caches are, and with several projectors at once that
// lag behind each other, the views are those that the fold gives.
func TestAnyProjectionWithCache(t *testing.T) {
	t.Parallel()
	testAnyProjection(t, priceLog(), []int{1, 4, 1000})
}

// As above, with logs that are first loads for the most part.
func TestAnyFirstLoad(t *testing.T) {
	t.Parallel()
	log := rapid.Custom(func(t *rapid.T) (all []events.Observation) {
		for i := range rapid.IntRange(2, 30).Draw(t, "products") {
			if i > 0 && rapid.IntRange(0, 15).Draw(t, "again") == 0 {
				i = rapid.IntRange(0, i-1).Draw(t, "which")
			}
			o := seen(eur(rapid.Int64Range(0, 1).Draw(t, "price")), at(events.Micros(len(all)), 1))
			o.Name = fmt.Sprint("product ", i)
			all = append(all, o)
		}
		return all
	})
	testAnyProjection(t, log, []int{1})
}

func testAnyProjection(t *testing.T, logs *rapid.Generator[[]events.Observation], manyNew []int) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { wantNoError(t, store.Close()) })
	generation := int64(1)
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		log := logs.Draw(t, "log")
		messages := messagesOf(t, log)
		views := freshViews(t, store, &generation)
		of := limits{
			cacheBytes: rapid.SampledFrom([]int64{0, 300, 600, 1 << 20}).Draw(t, "cache"),
			manyNew:    rapid.SampledFrom(manyNew).Draw(t, "many new"),
		}
		actors := make([]actor, rapid.IntRange(1, 3).Draw(t, "projectors"))
		for i := range actors {
			actors[i] = actor{views: &watched{Views: views}, limits: of}
			mustRapid(t, actors[i].start(ctx))
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			a := &actors[rapid.IntRange(0, len(actors)-1).Draw(t, "who")]
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				mustRapid(t, a.start(ctx))
			case 1:
				a.views.failBefore = true
			case 2:
				a.views.failAfter = true
			case 3:
				mustRapid(t, a.Idle(ctx))
			}
			mustRapid(t, a.take(ctx, messages, rapid.IntRange(1, 12).Draw(t, "messages")))
		}
		for i := range actors {
			actors[i].views.failBefore, actors[i].views.failAfter = false, false
			mustRapid(t, actors[i].take(ctx, messages, len(messages)))
		}
		diff, err := diffViews(ctx, views, log)
		mustRapid(t, err)
		if diff != "" {
			t.Fatal(diff)
		}
		checkpoint, err := views.Checkpoint(ctx, prices)
		mustRapid(t, err)
		if late := lateOf(log); len(actors) == 1 && checkpoint.Late != late {
			t.Fatalf("%d late, want %d", checkpoint.Late, late)
		}
	})
}

func mustRapid(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lateOf(log []events.Observation) int64 { return projections.FoldBatch(nil, log).Late }

// What is in the cache is not asked for, and of what never was stored nothing is.
func TestCacheSparesLoading(t *testing.T) {
	t.Parallel()
	views := &watched{Views: newViews(t)}
	var log []events.Message
	publish := func(all []events.Observation) {
		for i := range all {
			var group events.Group
			wantNoError(t, group.Add(&all[i]))
			log = append(log, events.Message{
				Stream: prices, Sequence: uint64(len(log)) + 1, Kind: events.KindObserved, Data: group.AppendTo(nil),
			})
		}
	}
	a := &actor{views: views, limits: ordinary}
	take := func(wantLoaded int) {
		t.Helper()
		views.loaded = 0
		wantNoError(t, a.take(t.Context(), log, len(log)))
		if views.loaded != wantLoaded {
			t.Errorf("%d products were loaded, want %d", views.loaded, wantLoaded)
		}
	}
	wantNoError(t, a.start(t.Context()))
	publish(list(1, 100))
	take(0)
	publish(list(2, 120)) // 20 of them new
	take(0)
	wantNoError(t, a.start(t.Context()))
	publish(list(3, 120))
	take(120)
	publish(list(4, 130))
	take(10)
	publish(list(2, 130)) // late, and so are 10 that are known by now
	take(0)
	views.failAfter = true
	publish(list(5, 130))
	take(0)
	publish(list(6, 130))
	take(130)
}

// A product that is repaired while a projector remembers it as it was is folded on from what the repair wrote.
func TestRepairOfWhatIsCached(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := newStore(t)
	views, err := store.Live(t.Context())
	wantNoError(t, err)
	observe := func(fetch byte, price int64) []events.Observation {
		return []events.Observation{seen(eur(price), at(events.Micros(fetch), fetch))}
	}
	var all []events.Observation
	start := func() (*projections.Projector, func()) {
		p := projections.NewPriceProjector(0, log, store, quiet)
		return p, run(t, p)
	}
	p, stop := start()
	project := func(fetch byte, price int64) {
		one := observe(fetch, price)
		all = append(all, one...)
		publish(t, log, one)
		waitForEnd(t, log, views, p)
	}
	project(1, 100)
	project(2, 200)
	stop()
	good, err := views.GetProduct(t.Context(), all[0].ProductID())
	wantNoError(t, err)
	bad := good
	bad.PriceChanges = 7
	changes, err := views.ListChanges(t.Context(), good.ID, true, nil, 10)
	wantNoError(t, err)
	wantNoError(t, views.ReplaceProduct(t.Context(), good.ID, &good, &bad, changes))

	p, _ = start()
	project(3, 200) // which the projector folds into what it finds
	found, err := projections.NewAuditor(log, 1, store).Repair(t.Context(), good.ID)
	wantNoError(t, err)
	if found == nil {
		t.Error("nothing was wrong")
	}
	wantViews(t, views, all)
	project(4, 500)
	wantViews(t, views, all)
}
