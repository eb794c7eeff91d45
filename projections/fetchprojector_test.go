package projections_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// appendAll appends the events of a fetch, which is told apart by its id alone.
func appendAll(t testing.TB, log events.FetchLog, id events.FetchID, all ...*atlantv1.FetchEvent) {
	t.Helper()
	var last uint64
	for _, event := range all {
		event = proto.CloneOf(event)
		if r := event.GetRequested(); r != nil {
			r.Id = id.String()
		}
		var err error
		last, err = log.AppendFetchEvents(t.Context(), id, last, event)
		wantNoError(t, err)
	}
}

func TestFetchProjector(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t)
	store := newViews(t)
	p := projections.NewFetchProjector(log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	a, b := newID(t), newID(t)
	appendAll(t, log, a, requested, started, parsed, rejected, completed)
	_, err := log.Claim(t.Context(), "key", &atlantv1.FetchRequested{Id: a.String()})
	wantNoError(t, err)
	publishRaw(t, nc, "fetches.nonsense", nil)
	publishRaw(t, nc, "fetches."+newID(t).String(), []byte{0xff})
	appendAll(t, log, b, requested, started)
	waitForEnd(t, log, store, p)

	got, err := store.GetFetch(t.Context(), a)
	wantNoError(t, err)
	want, _ := foldEvents(requested, started, parsed, rejected, completed)
	want.Fetch.Id = a.String()
	if !proto.Equal(got, want.Fetch) {
		t.Errorf("got %v, want %v", got, want.Fetch)
	}
	rejects, err := store.ListRejects(t.Context(), a, 0, 10)
	if err != nil || len(rejects) != 2 || rejects[1].GetLine() != 5 {
		t.Errorf("%v, %v", rejects, err)
	}
	if got, err := store.GetFetch(t.Context(), b); err != nil || got.GetState() != atlantv1.FetchState_FETCH_STATE_RUNNING {
		t.Errorf("%v, %v", got, err)
	}
	if parked, err := log.Parked(t.Context(), events.FetchStream); err != nil || parked != 2 {
		t.Errorf("%d parked, %v", parked, err)
	}
}

// An event of a fetch that was never requested, or that no version wrote, must not be in the way of the others.
func TestFetchProjectorGetsPastAnything(t *testing.T) {
	t.Parallel()
	misnamed := proto.CloneOf(requested)
	misnamed.GetRequested().Id = "not an id"
	for name, event := range map[string]*atlantv1.FetchEvent{
		"empty":              {},
		"unknown":            unknown,
		"never requested":    started,
		"ended at once":      completed,
		"requested misnamed": misnamed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, nc := newLog(t)
			store := newViews(t)
			p := projections.NewFetchProjector(log, projections.Fixed{Views: store}, quiet)
			run(t, p)
			data, err := proto.Marshal(event)
			wantNoError(t, err)
			publishRaw(t, nc, "fetches."+newID(t).String(), data)
			good := newID(t)
			appendAll(t, log, good, requested)
			eventually(t, "past it, or stuck", func() bool {
				if p.Failure() != nil {
					t.Fatal(p.Failure())
				}
				_, err := store.GetFetch(t.Context(), good)
				return err == nil
			})
		})
	}
}

func TestWaitFor(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	move := func(to uint64) {
		wantNoError(t, store.ApplyPrices(t.Context(), projections.Delta{}, projections.Checkpoint{Stream: prices, Sequence: to}))
	}
	move(5)
	for _, sequence := range []uint64{0, 4, 5} {
		wantReached(t)(projections.WaitFor(t.Context(), projections.Fixed{Views: store}, prices, sequence))
	}
	wantReached(t)(projections.WaitFor(t.Context(), projections.Fixed{Views: store}, "PRICES_01", 0))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := projections.WaitFor(ctx, projections.Fixed{Views: store}, prices, 6); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got error %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
	waited := make(chan error, 1)
	go func() {
		_, err := projections.WaitFor(t.Context(), projections.Fixed{Views: store}, prices, 7)
		waited <- err
	}()
	time.Sleep(20 * time.Millisecond)
	move(6)
	time.Sleep(20 * time.Millisecond)
	select {
	case err := <-waited:
		t.Fatalf("returned at 6: %v", err)
	default:
	}
	move(8)
	wantNoError(t, <-waited)
}

func TestWaitForCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := projections.WaitFor(ctx, projections.Fixed{Views: newViews(t)}, prices, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v", err)
	}
}

func TestWaitForBrokenStore(t *testing.T) {
	t.Parallel()
	store := &flaky{Views: newViews(t)}
	store.down.Store(true)
	if _, err := projections.WaitFor(t.Context(), projections.Fixed{Views: store}, prices, 1); !errors.Is(err, errDown) {
		t.Fatalf("got error %v", err)
	}
}

func TestWaitForPosition(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	wantReached(t)(projections.WaitForPosition(t.Context(), projections.Fixed{Views: store}, nil))
	for _, checkpoint := range []projections.Checkpoint{{Stream: prices, Sequence: 5}, {Stream: "PRICES_07", Sequence: 3}} {
		wantNoError(t, store.ApplyPrices(t.Context(), projections.Delta{}, checkpoint))
	}
	wantReached(t)(projections.WaitForPosition(t.Context(), projections.Fixed{Views: store}, events.LogPosition{0: 5, 7: 3}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := projections.WaitForPosition(ctx, projections.Fixed{Views: store}, events.LogPosition{0: 5, 7: 4}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got error %v", err)
	}
}
