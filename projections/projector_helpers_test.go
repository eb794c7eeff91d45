package projections_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	"github.com/atlant-log/atlant/projections/storetest"
)

const (
	// patience bounds whatever is expected to happen.
	patience = 30 * time.Second
	prices   = events.Stream("PRICES_00")
)

var quiet = slog.New(slog.DiscardHandler)

func wantNoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newLog returns an empty log on a server of its own, and a connection to break it from behind.
func newLog(t testing.TB) (*jetstream.Log, *nats.Conn) {
	t.Helper()
	return newShardedLog(t, 1)
}

func newShardedLog(t testing.TB, shards int) (*jetstream.Log, *nats.Conn) {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(t.TempDir(), quiet)
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := embedded.Close(); err != nil {
			t.Error(err)
		}
	})
	nc, err := embedded.Connect()
	wantNoError(t, err)
	log, err := jetstream.Open(t.Context(), nc, jetstream.Config{Shards: shards})
	wantNoError(t, err)
	return log, nc
}

func newViews(t testing.TB) projections.Views {
	t.Helper()
	views, err := newStore(t).Live(t.Context())
	wantNoError(t, err)
	return views
}

func newStore(t testing.TB) projections.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// run lets a projector work until the test ends or stop is called.
func run(t testing.TB, p *projections.Projector) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { p.Run(ctx) })
	stop = func() {
		cancel()
		working.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// list returns the observations of a list of products numbered from 0, at prices that the fetch's number decides.
func list(fetch byte, products int) []events.Observation {
	all := make([]events.Observation, products)
	for i := range all {
		all[i] = events.Observation{
			Source: "default", Name: fmt.Sprintf("product %04d", i), Price: eur(int64(100 + i%int(fetch+1))),
			Position: at(events.Micros(fetch), fetch), Line: int64(i) + 1,
		}
	}
	return all
}

func publish(t testing.TB, log events.PriceLog, all []events.Observation) {
	t.Helper()
	wantNoError(t, tryPublish(t.Context(), log, all))
}

// tryPublish publishes a fetch, or goes on with it.
func tryPublish(ctx context.Context, log events.PriceLog, all []events.Observation) error {
	writer, err := log.WritePrices(ctx, all[0].Position.Fetch)
	if err != nil {
		return err
	}
	for i := range all {
		if err := writer.Add(ctx, all[i].Line, &all[i]); err != nil {
			return err
		}
	}
	_, _, err = writer.Finish(ctx)
	return err
}

// publishRaw puts into the log what no writer of ours would.
func publishRaw(t testing.TB, nc *nats.Conn, subject string, data []byte) (sequence uint64) {
	t.Helper()
	js, err := natsjs.New(nc)
	wantNoError(t, err)
	msg := nats.NewMsg(subject)
	msg.Data = data
	ack, err := js.PublishMsg(t.Context(), msg)
	wantNoError(t, err)
	return ack.Sequence
}

// waitForEnd waits until the views hold all that the stream does now.
func waitForEnd(t testing.TB, log events.Source, store projections.Views, p *projections.Projector) {
	t.Helper()
	last, err := log.LastSequence(t.Context(), p.Stream())
	wantNoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := projections.WaitFor(ctx, projections.Fixed{Views: store}, p.Stream(), last); err != nil {
		t.Fatalf("%v; the projector says %v", err, p.Failure())
	}
}

// eventually waits for something that is bound to happen.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// wantViews compares the store with the fold of the observations.
func wantViews(t testing.TB, store projections.Views, log []events.Observation) {
	t.Helper()
	diff, err := diffViews(t.Context(), store, log)
	wantNoError(t, err)
	if diff != "" {
		t.Fatal(diff)
	}
}

// diffViews returns in what the store differs from the fold of the observations.
func diffViews(ctx context.Context, store projections.Views, log []events.Observation) (string, error) {
	got, err := storetest.Dump(ctx, store)
	if err != nil {
		return "", err
	}
	want := wantedViews(log)
	products := map[events.ProductID]projections.Product{}
	for _, p := range got.Products {
		if p.PriceChanges == 0 {
			p.PreviousPrice = events.Price{} // meaningless
		}
		products[p.ID] = p
	}
	if diff := cmp.Diff(want.load(), products); diff != "" {
		return "products: -want +got:\n" + diff, nil
	}
	changes := map[changeKey]projections.Change{}
	for _, all := range got.Changes {
		for _, c := range all {
			changes[changeKey{c.ProductID, c.At}] = unplaced(c)
		}
	}
	if diff := cmp.Diff(want.changes, changes, cmp.AllowUnexported(changeKey{})); diff != "" {
		return "changes: -want +got:\n" + diff, nil
	}
	return "", nil
}

// unplaced returns a change without its place in the log, which observations that were not read from it do not tell.
func unplaced(c projections.Change) projections.Change {
	c.Place = events.LogPlace{}
	return c
}

func newID(t testing.TB) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	wantNoError(t, err)
	return id
}

// wantReached checks what a wait returned.
func wantReached(t testing.TB) func(projections.Views, error) {
	t.Helper()
	return func(views projections.Views, err error) {
		t.Helper()
		wantNoError(t, err)
		if views == nil {
			t.Fatal("no views")
		}
	}
}
