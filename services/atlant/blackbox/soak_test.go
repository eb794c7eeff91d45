package blackbox_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// soakVariable says how long to soak: 2m, 1h.
const soakVariable = "ATLANT_BLACKBOX_SOAK"

// soak is production under load, to which something happens every few seconds.
type soak struct {
	*faults
	front  *front
	chance *rand.Rand
	counts map[string]int // of the faults that were brought about, by kind
}

// TestSoak keeps a cluster under load, with clients that fetch lists and others that read them, while one thing after another is
// killed, stopped or slow, in no order. When all is quiet again nothing may be lost, and the views must be what the log says.
//
//	ATLANT_BLACKBOX_SOAK=2m go test -count=1 -v -timeout 30m -run TestSoak ./services/atlant/blackbox
//
// prints a table of what happened and what came of it. ATLANT_BLACKBOX_SEED has chance take the same course.
func TestSoak(t *testing.T) {
	given := os.Getenv(soakVariable)
	if given == "" {
		t.Skipf("%s does not say for how long; .ci/run soak does", soakVariable)
	}
	lasts, err := time.ParseDuration(given)
	if err != nil {
		t.Fatalf("%s: %v", soakVariable, err)
	}
	s := newSoak(t)
	report := table.NewWriter()
	report.AppendHeader(table.Row{"what", "figure"})
	defer func() { t.Log("\n" + report.Render()) }()

	s.traffic.flow(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	readers := s.read(ctx)
	for began := time.Now(); time.Since(began) < lasts && !t.Failed(); {
		s.bringAny(t)
	}
	s.awaitCaughtUp(t)
	stop()
	pages := readers()
	fetches := s.traffic.ebb(t)
	s.auditor.take(t)
	lost, accepted := s.auditor.lost(t, fetches)
	for _, kind := range slices.Sorted(maps.Keys(s.counts)) {
		report.AppendRow(table.Row{kind, s.counts[kind]})
	}
	middle, most := visibleAfter(fetches)
	report.AppendSeparator()
	report.AppendRows([]table.Row{
		{"lists fetched", len(fetches)},
		{"rows accepted", accepted},
		{"rows lost", lost},
		{"rows there twice", s.auditor.doubled},
		{"pages read", pages},
		{"visible after, median", middle},
		{"visible after, 99 of 100", most},
	})
	if lost != 0 || s.auditor.doubled != 0 || accepted == 0 || pages == 0 || len(s.counts) == 0 {
		t.Error("see the table")
	}
	verified := run(t, "verify", "--json", "--addr", s.serving.url).objects(t)
	for _, figure := range []string{"products", "missing", "spare", "differing"} {
		report.AppendRow(table.Row{"verify: " + figure, verified[0][figure]})
	}
	s.traffic.wantViews(t, sampledChanges)
}

func newSoak(tb testing.TB) *soak {
	tb.Helper()
	const workers = 3
	p := newProduction(tb, faultShards, workers)
	s := &soak{
		faults: &faults{production: p, auditor: newAuditor(tb, p)}, front: &front{},
		chance: rand.New(rand.NewPCG(seed(tb), 2)), counts: map[string]int{},
	}
	s.front.servers = []*atlant{p.serving, p.serve(tb)}
	client := newHTTPClient(tb, false)
	transport, ok := client.Transport.(*http.Transport)
	if !ok {
		tb.Fatal("a client with another transport")
	}
	transport.DialContext = s.front.dial
	s.serving = &atlant{api: newAPIOver(client, "http://atlant.localhost"), url: p.serving.url}
	s.traffic = newTraffic(tb, s.serving)
	return s
}

// front stands before the processes that serve, as a proxy does: a connection goes to any of those that live.
type front struct {
	mu      sync.Mutex
	servers []*atlant
}

func (f *front) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	f.mu.Lock()
	to := f.servers[rand.IntN(len(f.servers))]
	f.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(to.url, "http://"))
}

// replace lets connections go to another process than one that is gone.
func (f *front) replace(gone, by *atlant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers[slices.Index(f.servers, gone)] = by
}

// bringAny has something happen, chosen by chance, and a pause after it.
func (s *soak) bringAny(t *testing.T) {
	t.Helper()
	kinds := []struct {
		name string
		odds int
		does func(*testing.T)
	}{
		{"worker killed", 4, s.killWorker},
		{"worker stopped", 2, s.stopWorker},
		{"worker paused", 1, s.pauseWorker},
		{"server killed", 3, s.killServer},
		{"database slow", 1, s.slowDown},
		{"database down", 1, s.takeDown},
	}
	sum := 0
	for _, kind := range kinds {
		sum += kind.odds
	}
	draw := s.chance.IntN(sum)
	for _, kind := range kinds {
		if draw -= kind.odds; draw < 0 {
			kind.does(t)
			s.counts[kind.name]++
			break
		}
	}
	time.Sleep(s.upTo(3 * time.Second))
}

// upTo returns a time by chance, at most this one.
func (s *soak) upTo(most time.Duration) time.Duration {
	return time.Duration(s.chance.Int64N(int64(most)))
}

func (s *soak) anyWorker() *atlant { return s.working[s.chance.IntN(len(s.working))] }

// killWorker kills a process that works, at times the one that projects a shard for certain, and starts another one.
func (s *soak) killWorker(t *testing.T) {
	t.Helper()
	victim := s.anyWorker()
	if owner := s.worker(s.owners(t)[string(events.PriceStream(s.chance.IntN(faultShards)))]); owner != nil {
		victim = owner
	}
	victim.kill(t)
	s.dismiss(victim)
	s.work(t)
}

// stopWorker has a process leave as in an upgrade, after the one that takes its place has begun.
func (s *soak) stopWorker(t *testing.T) {
	t.Helper()
	leaving := s.anyWorker()
	s.work(t)
	s.dismiss(leaving)
	leaving.stop(t)
}

// pauseWorker stalls a process for so long that others take its place, and lets it go on as if nothing had happened.
func (s *soak) pauseWorker(t *testing.T) {
	t.Helper()
	paused := s.anyWorker()
	s.signal(t, paused, syscall.SIGSTOP)
	time.Sleep(longPause)
	s.signal(t, paused, syscall.SIGCONT)
}

// killServer kills a process that serves, under those who ask it, and starts another one.
func (s *soak) killServer(t *testing.T) {
	t.Helper()
	victim := s.front.servers[s.chance.IntN(len(s.front.servers))]
	victim.kill(t)
	another := s.serve(t)
	s.front.replace(victim, another)
	s.serving.url = another.url
}

func (s *soak) slowDown(t *testing.T) {
	t.Helper()
	const toxic = `{"name": "late", "type": "latency", "attributes": {"latency": 150, "jitter": 100}}`
	if _, err := s.database.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second + s.upTo(8*time.Second))
	s.database.Toxics.ResetToxics(t.Context())
}

func (s *soak) takeDown(t *testing.T) {
	t.Helper()
	s.database.Stop()
	time.Sleep(time.Second + s.upTo(8*time.Second))
	if err := s.database.Start(); err != nil {
		t.Fatal(err)
	}
}

// visibleAfter returns how long it took from the request of a fetch until its prices could be read, of one in two and of 99 in a
// hundred. What was asked for while the database was down waited for it.
func visibleAfter(fetches []*atlantv1.Fetch) (middle, most time.Duration) {
	var all []time.Duration
	for _, f := range fetches {
		if f.GetVisibleAt() != nil {
			all = append(all, f.GetVisibleAt().AsTime().Sub(f.GetRequestedAt().AsTime()))
		}
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	round := func(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
	return round(all[len(all)/2]), round(all[len(all)*99/100])
}
