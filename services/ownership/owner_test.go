package ownership_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlant-log/atlant/services/ownership"
)

func TestAloneHoldsEverything(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	b := &board{}
	stop := startWorker(t, openLeases(t, port), "A", b)
	b.awaitEven(t, "alone", "A")
	stop()
	if held := notes(t, openLeases(t, port)); len(held) > 0 {
		t.Errorf("held after the end: %v", held)
	}
}

// TestWorkersComeAndGo: at each stage the units are spread evenly, and at no time did two workers run the same unit.
func TestWorkersComeAndGo(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	b := &board{}
	stopA := startWorker(t, openLeases(t, port), "A", b)
	b.awaitEven(t, "A started", "A")
	stopB := startWorker(t, openLeases(t, port), "B", b)
	b.awaitEven(t, "B came", "A", "B")
	startWorker(t, openLeases(t, port), "C", b)
	b.awaitEven(t, "C came", "A", "B", "C")
	go stopA()
	b.awaitEven(t, "A went", "B", "C")
	go stopB()
	b.awaitEven(t, "B went", "C")
	for _, id := range []string{"D", "E"} {
		startWorker(t, openLeases(t, port), id, b)
	}
	b.awaitEven(t, "D and E came", "C", "D", "E")
	time.Sleep(2 * ttl) // renewals keep it that way
	if !b.even("C", "D", "E") {
		t.Error("it did not stay even")
	}
	b.wantNeverTwice(t)
}

// TestUnitIsReleasedAfterItsRun: what still runs is not handed over, however long it takes.
func TestUnitIsReleasedAfterItsRun(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	b := &board{}
	finish := make(chan struct{})
	stop := startOwner(t, openLeases(t, port), ownership.Config{Worker: "A"}, func(ctx context.Context, unit string) {
		b.enter(unit, "A")
		defer b.leave(unit, "A")
		<-ctx.Done()
		<-finish
	})
	b.awaitEven(t, "A started", "A")
	startWorker(t, openLeases(t, port), "B", b)
	go stop()
	time.Sleep(2 * ttl)
	if !b.even("A") {
		t.Error("units were handed over while they were run")
	}
	close(finish)
	b.awaitEven(t, "A finished", "B")
	b.wantNeverTwice(t)
}

// TestFrozenWorkerLosesItsUnits: a worker that cannot reach NATS stops, others take over, and it comes back.
func TestFrozenWorkerLosesItsUnits(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	b := &board{}
	wire := startProxy(t, port)
	startWorker(t, openLeases(t, wire.port()), "frozen", b)
	startWorker(t, openLeases(t, port), "A", b)
	startWorker(t, openLeases(t, port), "B", b)
	b.awaitEven(t, "three", "A", "B", "frozen")
	wire.gate.Lock()
	b.awaitEven(t, fmt.Sprintf("one frozen, TTL %s", ttl), "A", "B")
	wire.gate.Unlock()
	b.awaitEven(t, "and back", "A", "B", "frozen")
}

// TestRestartOfNATS: nobody works while it is away, for nobody could know what is whose; then all is as before.
func TestRestartOfNATS(t *testing.T) {
	t.Parallel()
	port, stop := startServer(t, -1)
	b := &board{}
	for _, id := range []string{"A", "B", "C"} {
		startWorker(t, openLeases(t, port), id, b)
	}
	b.awaitEven(t, "three", "A", "B", "C")
	stop()
	for begin := time.Now(); len(b.of(groups[0]))+len(b.of(groups[2])) > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal("work goes on without leases")
		}
	}
	b.wantNeverTwice(t)
	startServer(t, port)
	b.awaitEven(t, "NATS is back", "A", "B", "C")
}

// TestQuickRestartOfNATS: NATS is back before the leases would have lapsed, and remembers none of them.
func TestQuickRestartOfNATS(t *testing.T) {
	t.Parallel()
	port, stop := startServer(t, -1)
	b := &board{}
	for _, id := range []string{"A", "B", "C"} {
		startWorker(t, openLeases(t, port), id, b)
	}
	b.awaitEven(t, "three", "A", "B", "C")
	stop()
	startServer(t, port)
	watching := openLeases(t, port)
	for begin := time.Now(); len(notes(t, watching)) != 25 || !b.even("A", "B", "C"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("not all are held again: %v, run: %s", notes(t, watching), b)
		}
	}
}

func TestNotesReachOthers(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	var asked atomic.Int64
	note := func(unit string) []byte { return fmt.Appendf(nil, "%s %d", unit, min(asked.Add(1), 1000)/1000) }
	startOwner(t, openLeases(t, port), ownership.Config{Worker: "A", Note: note}, func(ctx context.Context, _ string) { <-ctx.Done() })
	watching := openLeases(t, port)
	for begin := time.Now(); notes(t, watching)["FETCH_EVENTS"] != "FETCH_EVENTS 0"; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("no note: %v", notes(t, watching))
		}
	}
	asked.Store(1000) // the next renewal says something else
	for begin := time.Now(); notes(t, watching)["FETCH_EVENTS"] != "FETCH_EVENTS 1"; time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("the note is old: %v", notes(t, watching))
		}
	}
}

func TestRunThatReturnsIsCalledAgain(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	calls := make(chan struct{})
	startOwner(t, openLeases(t, port), ownership.Config{Worker: "A"}, func(ctx context.Context, unit string) {
		if unit != "FETCH_EVENTS" {
			<-ctx.Done()
			return
		}
		select {
		case calls <- struct{}{}:
		case <-ctx.Done():
		}
	})
	for range 3 {
		select {
		case <-calls:
		case <-time.After(patience):
			t.Fatal("it is not called")
		}
	}
}

// TestChanges: every lease of a unit that is taken is released or lost, and those told of are no others.
func TestChanges(t *testing.T) {
	t.Parallel()
	port, _ := startServer(t, -1)
	var mu sync.Mutex
	changes := map[ownership.Change][]string{}
	config := ownership.Config{Worker: "A", Changed: func(unit string, change ownership.Change) {
		mu.Lock()
		defer mu.Unlock()
		changes[change] = append(changes[change], unit)
	}}
	b := &board{}
	stop := startOwner(t, openLeases(t, port), config, func(ctx context.Context, unit string) {
		b.enter(unit, "A")
		defer b.leave(unit, "A")
		<-ctx.Done()
	})
	b.awaitEven(t, "alone", "A")
	stop()
	mu.Lock()
	defer mu.Unlock()
	units := slices.Sorted(slices.Values(slices.Concat(groups...)))
	taken, released := slices.Sorted(slices.Values(changes[ownership.Taken])), slices.Sorted(slices.Values(changes[ownership.Released]))
	if !slices.Equal(taken, units) || !slices.Equal(released, units) || len(changes[ownership.Lost]) > 0 {
		t.Errorf("told of %v, want each of %q once taken and released", changes, units)
	}
}
