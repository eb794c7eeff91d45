package blackbox_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
)

var (
	workerKills  = extent(4, 20)
	workerPauses = extent(1, 3)
	workerStops  = extent(2, 3)
)

const (
	// takeoverEvery is how many kills there are until all is quiet for once, and the takeover timed.
	takeoverEvery = 4
	faultShards   = 4
	// longPause is longer than the leases of a process last.
	longPause = 7 * time.Second
)

// stopWorkers has workers leave as they do in an upgrade.
func (f *faults) stopWorkers(t *testing.T) figures {
	t.Helper()
	got := figures{did: fmt.Sprintf("%d × SIGTERM", workerStops)}
	for range workerStops {
		got.inFlight = append(got.inFlight, f.awaitInFlight(t))
		leaving := f.working[0]
		f.dismiss(leaving)
		began := time.Now()
		leaving.stop(t)
		f.awaitTakeover(t, leaving)
		got.took = append(got.took, time.Since(began))
		f.work(t)
		f.awaitOwners(t)
	}
	return got
}

// killWorkers kills one worker after the other in the middle of writing, as a rule before the last one's place is taken.
func (f *faults) killWorkers(t *testing.T) figures {
	t.Helper()
	got := figures{did: fmt.Sprintf("%d × kill -9", workerKills)}
	chance := rand.New(rand.NewPCG(seed(t), 1))
	for n := range workerKills {
		victim := f.working[chance.IntN(len(f.working))]
		isTimed := n%takeoverEvery == takeoverEvery-1
		if isTimed { // it must have something to be taken over
			f.awaitOwners(t)
			victim = f.ownerOf(t, events.PriceStream(chance.IntN(faultShards)))
		}
		time.Sleep(time.Duration(chance.Int64N(int64(tradeInterval)))) // at any point of a list
		got.inFlight = append(got.inFlight, f.awaitInFlight(t))
		victim.kill(t)
		f.dismiss(victim)
		began := time.Now()
		f.work(t)
		if isTimed {
			f.awaitTakeover(t, victim)
			got.took = append(got.took, time.Since(began))
			f.awaitOwners(t)
		}
	}
	return got
}

// pauseWorkers stops workers for so long that others take their place, and lets them go on as if nothing had happened.
func (f *faults) pauseWorkers(t *testing.T) figures {
	t.Helper()
	got := figures{did: fmt.Sprintf("%d × SIGSTOP, SIGCONT %s later", workerPauses, longPause)}
	for n := range workerPauses {
		paused := f.working[n%len(f.working)]
		got.inFlight = append(got.inFlight, f.awaitInFlight(t))
		f.signal(t, paused, syscall.SIGSTOP)
		began := time.Now()
		got.took = append(got.took, f.awaitTakeover(t, paused))
		time.Sleep(longPause - time.Since(began))
		f.signal(t, paused, syscall.SIGCONT)
		f.awaitCaughtUp(t)
	}
	return got
}

func (f *faults) signal(t *testing.T, to *atlant, signal syscall.Signal) {
	t.Helper()
	if err := to.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// rebuildTwice has two servers rebuild the views at once, of which one does and one is told so; kills the one that does in the
// middle, and has the other one bring it to its end. A third one serves the traffic.
func (f *faults) rebuildTwice(t *testing.T) figures {
	t.Helper()
	got := figures{did: "2 at once, kill -9 of the serve that does it, gone on with on the other", inFlight: []int64{f.awaitInFlight(t)}}
	rebuilding := []*atlant{f.serve(t), f.serve(t)}
	ends := []chan result{make(chan result, 1), make(chan result, 1)}
	for n, a := range rebuilding {
		go func() { ends[n] <- run(t, "rebuild", "--addr", a.url) }()
	}
	var refused result
	var victim, other int
	select {
	case refused = <-ends[0]:
		victim, other = 1, 0
	case refused = <-ends[1]:
		victim, other = 0, 1
	}
	if refused.code != 1 || !strings.Contains(refused.errOut, rebuildRuns) {
		t.Errorf("a second rebuild: %+v", refused)
	}
	rebuilding[victim].kill(t)
	began := time.Now()
	if killed := <-ends[victim]; killed.code != 1 {
		t.Errorf("the process that rebuilds was killed, and the command ended with %+v", killed)
	}
	eventuallyf(t, func() bool {
		r := run(t, "rebuild", "--addr", rebuilding[other].url)
		if r.code != 0 && !strings.Contains(r.errOut, rebuildRuns) { // it does until its lease lapses
			t.Fatalf("rebuild: %+v", r)
		}
		return r.code == 0 && strings.Contains(r.out, "products compared: equal") && strings.Contains(r.out, "is live")
	}, "the rebuild does not come to an end")
	got.took = []time.Duration{time.Since(began)}
	return got
}

// rebuildRuns is what a second rebuild is told.
const rebuildRuns = "a rebuild is running already"
