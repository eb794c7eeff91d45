package blackbox_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	"github.com/atlant-log/atlant/projections/mongo/mongotest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// production is Atlant beyond one machine, as compose.yaml has it: three NATS servers that keep everything three times, a
// database, processes that serve and processes that work. The servers are cut off and killed by natstest, the database by
// the proxy in front of it, the processes by signals.
type production struct {
	*natstest.Cluster
	tb       testing.TB // whose end ends everything
	database *toxiproxy.Proxy
	flags    []string
	serving  *atlant // is left alone
	working  []*atlant
}

func newProduction(tb testing.TB, shards, working int) *production {
	tb.Helper()
	p := &production{tb: tb}
	p.database = newDatabaseProxy(tb, mongotest.Start(tb).URI)
	p.Cluster = natstest.StartCluster(tb, 3)
	p.flags = []string{
		"--nats", p.URL(), "--replicas", "3", "--shards", strconv.Itoa(shards),
		"--views", "mongodb://" + p.database.Listen + "/" + mongotest.Database(tb) + "?directConnection=true",
	}
	p.serving = p.serve(tb)
	for range working {
		p.work(tb)
	}
	p.awaitOwners(tb)
	return p
}

// newDatabaseProxy returns a proxy that hands everything on to an engine, until it is stopped or made to be slow.
func newDatabaseProxy(tb testing.TB, uri string) *toxiproxy.Proxy {
	tb.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	upstream := strings.Trim(strings.TrimPrefix(uri, "mongodb://"), "/")
	proxy := toxiproxy.NewProxy(server, "database", "127.0.0.1:0", upstream)
	if err := proxy.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(proxy.Stop)
	return proxy
}

// serve starts a process that answers requests.
func (p *production) serve(tb testing.TB) *atlant {
	tb.Helper()
	a := launch(p.tb, nil, append([]string{"serve", "--listen", "127.0.0.1:0"}, p.flags...)...)
	a.awaitUp(p.tb)
	return a
}

// work starts a process that fetches and projects.
func (p *production) work(tb testing.TB) {
	tb.Helper()
	a := launch(p.tb, nil, append([]string{"work", "--data", p.tb.TempDir(), allowPrivate}, p.flags...)...)
	a.awaitWorking(tb)
	p.working = append(p.working, a)
}

var workMessage = regexp.MustCompile(`works on its share as ([^ ]+?)(?:\.| and) `)

// awaitWorking waits until a process works, and remembers what it is called.
func (a *atlant) awaitWorking(tb testing.TB) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		if match := workMessage.FindStringSubmatch(a.stderr.String()); match != nil {
			a.name = match[1]
		}
		return a.name != ""
	}, "a process does not begin to work")
}

// awaitOwners waits until every stream is projected by a process that works.
func (p *production) awaitOwners(tb testing.TB) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		for _, owner := range p.owners(tb) {
			if !p.works(owner) {
				return false
			}
		}
		return true
	}, "a stream is projected by nobody")
}

func (p *production) works(name string) bool { return p.worker(name) != nil }

// worker returns the process that works under a name, or nil.
func (p *production) worker(name string) *atlant {
	for _, a := range p.working {
		if a.name == name {
			return a
		}
	}
	return nil
}

// ownerOf returns the process that projects a stream.
func (p *production) ownerOf(tb testing.TB, stream events.Stream) *atlant {
	tb.Helper()
	var owner *atlant
	eventuallyf(tb, func() bool {
		owner = p.worker(p.owners(tb)[string(stream)])
		return owner != nil
	}, "%s is projected by nobody", stream)
	return owner
}

// awaitTakeover waits until others project what a process did, and returns how long that took.
func (p *production) awaitTakeover(tb testing.TB, from *atlant) time.Duration {
	tb.Helper()
	began := time.Now()
	eventuallyf(tb, func() bool {
		for _, owner := range p.owners(tb) {
			if owner == "" || owner == from.name {
				return false
			}
		}
		return true
	}, "nobody takes over from %s", from.name)
	return time.Since(began)
}

// owners returns who projects each stream.
func (p *production) owners(tb testing.TB) map[string]string {
	tb.Helper()
	owners := map[string]string{}
	for _, s := range insist(tb, p.serving.projection.GetStatus, &atlantv1.GetStatusRequest{}).GetProjections() {
		owners[s.GetStream()] = s.GetOwner()
	}
	return owners
}

// dismiss forgets a worker that was killed.
func (p *production) dismiss(gone *atlant) {
	for i, a := range p.working {
		if a == gone {
			p.working = append(p.working[:i], p.working[i+1:]...)
			return
		}
	}
}
