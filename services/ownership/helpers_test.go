package ownership_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/services/ownership"
)

const (
	patience = 30 * time.Second
	ttl      = time.Second
)

// groups are of three sizes, one of them smaller than the number of workers.
var groups = [][]string{units("PRICES_", 8), {"FETCH_EVENTS"}, units("queue/", 16)}

func units(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%02d", prefix, i)
	}
	return names
}

// startServer starts a NATS server; port -1 takes any. It returns the port, and stop, which the end of the test calls too.
func startServer(t testing.TB, port int) (at int, stop func()) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	stop = sync.OnceFunc(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	t.Cleanup(stop)
	if !srv.ReadyForConnections(patience) {
		t.Fatal("the server does not start")
	}
	return srv.Addr().(*net.TCPAddr).Port, stop
}

func openLeases(t testing.TB, port int) *jetstream.Leases {
	t.Helper()
	nc, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", port), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	leases, err := jetstream.OpenLeases(t.Context(), nc, jetstream.LeaseConfig{TTL: ttl})
	if err != nil {
		t.Fatal(err)
	}
	return leases
}

// board notes who runs which unit.
type board struct {
	mu      sync.Mutex
	running map[string][]string // unit → workers
	twice   []string            // what was run by two at once
}

func (b *board) enter(unit, worker string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == nil {
		b.running = map[string][]string{}
	}
	if others := b.running[unit]; len(others) > 0 {
		b.twice = append(b.twice, fmt.Sprintf("%s by %s and %s", unit, others, worker))
	}
	b.running[unit] = append(b.running[unit], worker)
}

func (b *board) leave(unit, worker string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running[unit] = slices.DeleteFunc(b.running[unit], func(w string) bool { return w == worker })
}

// of returns how many units of a group each worker runs alone.
func (b *board) of(group []string) map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	counts := map[string]int{}
	for _, unit := range group {
		if by := b.running[unit]; len(by) == 1 {
			counts[by[0]]++
		}
	}
	return counts
}

// even tells whether exactly these workers share all units evenly.
func (b *board) even(workers ...string) bool {
	totals := map[string]int{}
	for _, group := range groups {
		here := b.of(group)
		if !level(here, workers, len(group)) {
			return false
		}
		for worker, n := range here {
			totals[worker] += n
		}
	}
	return level(totals, workers, len(slices.Concat(groups...)))
}

// level tells whether the counts are of these workers alone, make up the sum, and differ by at most one.
func level(counts map[string]int, workers []string, sum int) bool {
	least, most := sum, 0
	for _, worker := range workers {
		least, most = min(least, counts[worker]), max(most, counts[worker])
		sum -= counts[worker]
	}
	return sum == 0 && most-least <= 1
}

// awaitEven waits until exactly these workers share all units evenly, and says how long that took.
func (b *board) awaitEven(t testing.TB, what string, workers ...string) {
	t.Helper()
	begin := time.Now()
	for !b.even(workers...) {
		if time.Since(begin) > patience {
			t.Fatalf("%s: not even among %s: %s", what, workers, b)
		}
		time.Sleep(time.Millisecond)
	}
	t.Logf("%s: even after %s", what, time.Since(begin).Round(time.Millisecond))
}

func (b *board) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.running)
}

func (b *board) wantNeverTwice(t testing.TB) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.twice) > 0 {
		t.Errorf("run by two at once: %q", b.twice)
	}
}

// startWorker starts an owner whose runs are on the board; stop stops it and blocks until all is handed over.
func startWorker(t testing.TB, leases events.Leases, id string, b *board) (stop func()) {
	t.Helper()
	return startOwner(t, leases, ownership.Config{Worker: id}, func(ctx context.Context, unit string) {
		b.enter(unit, id)
		defer b.leave(unit, id)
		<-ctx.Done()
	})
}

func startOwner(
	t testing.TB, leases events.Leases, config ownership.Config, run func(ctx context.Context, unit string),
) (stop func()) {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ownership.NewOwner(leases, config).Run(ctx, groups, run)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

// proxy passes connections on to a port, and nothing while it is frozen: as a network that swallows packets.
type proxy struct {
	listener net.Listener
	gate     sync.RWMutex // locked while frozen
}

func startProxy(t testing.TB, to int) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener}
	var all sync.WaitGroup
	all.Go(func() { p.serve(to, &all) })
	t.Cleanup(func() {
		listener.Close()
		all.Wait()
	})
	return p
}

func (p *proxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *proxy) serve(to int, all *sync.WaitGroup) {
	var open []net.Conn
	for {
		client, err := p.listener.Accept()
		if err != nil {
			break
		}
		upstream, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", to))
		if err != nil {
			client.Close()
			continue
		}
		open = append(open, client, upstream)
		all.Go(func() { p.pass(upstream, client) })
		all.Go(func() { p.pass(client, upstream) })
	}
	for _, conn := range open {
		conn.Close()
	}
}

func (p *proxy) pass(to io.WriteCloser, from io.ReadCloser) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.gate.RLock()
		_, failed := to.Write(buf[:n])
		p.gate.RUnlock()
		if err != nil || failed != nil {
			return
		}
	}
}

// notes returns the notes of all claims on units, none while NATS cannot be asked.
func notes(t testing.TB, leases events.Leases) map[string]string {
	t.Helper()
	claims, err := leases.Held(t.Context())
	if err != nil && !errors.Is(err, events.ErrUnavailable) {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, claim := range claims {
		if !strings.HasPrefix(claim.Name, ownership.WorkerPrefix) {
			all[claim.Name] = string(claim.Note)
		}
	}
	return all
}
