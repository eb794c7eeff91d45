package blackbox_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
)

var kills = extent(15, 30)

const (
	killInStart  = 5 // every so many kills comes while Atlant is still starting
	shortestLife = 20 * time.Millisecond
	longestLife  = 400 * time.Millisecond
)

// TestKill kills Atlant again and again, at any point of its work. Whatever it has accepted it does in the end, once, and
// the views are those of a run in peace.
func TestKill(t *testing.T) {
	t.Parallel()
	chance := rand.New(rand.NewPCG(seed(t), 0))
	s := newShop(t)
	sc := newScenario(t, s)

	peaceful := startOpen(t)
	ids, _ := sc.submit(t.Context(), peaceful, make([]string, len(sc.requests)), len(sc.requests))
	want := sc.finish(t, peaceful, ids)
	peaceful.stop(t)

	data := t.TempDir()
	ids = make([]string, len(sc.requests))
	phases := map[string]int{}
	for n := range kills {
		accepted := ids
		ids = sc.live(t, chance, data, ids, n)
		expectKept(t, accepted, ids)
		phases[phase(t, data)]++
	}
	t.Logf("killed while %v", phases)
	a := start(t, data, allowPrivate)
	before := ids
	ids, err := sc.submit(t.Context(), a, make([]string, len(ids)), len(ids)) // all once more: the request ids are known
	if err != nil {
		t.Fatal(err)
	}
	expectKept(t, before, ids)
	got := sc.finish(t, a, ids)
	got.expectSame(t, want)
	a.stop(t)
	var accepted int64
	for _, receipt := range got.receipts {
		accepted += receipt.GetAccepted()
	}
	if rows := readLog(t, filepath.Join(data, "log"), got.receipts); rows != accepted {
		t.Errorf("the log holds %d rows, want %d", rows, accepted)
	}
}

func seed(tb testing.TB) uint64 {
	tb.Helper()
	value := uint64(time.Now().UnixNano())
	if given := os.Getenv("ATLANT_BLACKBOX_SEED"); given != "" {
		var err error
		if value, err = strconv.ParseUint(given, 10, 64); err != nil {
			tb.Fatalf("ATLANT_BLACKBOX_SEED: %v", err)
		}
	}
	tb.Logf("ATLANT_BLACKBOX_SEED=%d", value)
	return value
}

// submit sends the requests before the given one that were not accepted yet, one after the other. It returns the ids of all
// that are accepted now; an error means that it was interrupted.
func (sc *scenario) submit(ctx context.Context, a *atlant, ids []string, before int) ([]string, error) {
	ids = append([]string(nil), ids...)
	for n, request := range sc.requests[:before] {
		if ids[n] != "" {
			continue
		}
		response, err := a.fetches.Fetch(ctx, connect.NewRequest(request))
		if err != nil {
			return ids, err
		}
		ids[n] = response.Msg.GetFetch().GetId()
	}
	return ids, nil
}

// live runs Atlant for a while, sends it some more requests, and kills it. It returns the ids of all that were accepted.
func (sc *scenario) live(t *testing.T, chance *rand.Rand, data string, ids []string, n int) []string {
	t.Helper()
	life := shortestLife + time.Duration(chance.Int64N(int64(longestLife-shortestLife)))
	a := launch(t, nil, upArguments(data, allowPrivate)...)
	if n%killInStart == killInStart-1 {
		time.Sleep(life)
		a.kill(t)
		return ids
	}
	a.awaitUp(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var submitting sync.WaitGroup
	before := min(len(sc.requests), 2*(n+1)*len(sc.requests)/kills)   // after half of the kills all
	submitting.Go(func() { ids, _ = sc.submit(ctx, a, ids, before) }) // the kill interrupts it
	time.Sleep(life)
	a.kill(t)
	cancel()
	submitting.Wait()
	return ids
}

// expectKept: what was accepted has the same id for ever.
func expectKept(tb testing.TB, accepted, now []string) {
	tb.Helper()
	for n, id := range accepted {
		if id != "" && now[n] != id {
			tb.Errorf("request %d was accepted as fetch %s, and is now %s", n, id, now[n])
		}
	}
}

// phase tells by the spool what a kill has hit. It is only logged.
func phase(tb testing.TB, data string) string {
	tb.Helper()
	for _, p := range []struct{ pattern, name string }{{"*.part", "downloading"}, {"*.csv", "reading or publishing"}} {
		if found, err := filepath.Glob(filepath.Join(data, "spool", p.pattern)); err == nil && len(found) > 0 {
			return p.name
		}
	}
	return "doing something else"
}
