package blackbox_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// auditor counts what the log itself holds, past Atlant.
type auditor struct {
	nc       *nats.Conn
	log      *jetstream.Log
	taken    map[events.Stream]uint64              // how far the log was read
	lines    map[events.FetchID]map[int64]struct{} // found of each fetch
	doubled  int64                                 // rows that were there before
	disowned map[events.Stream]map[uint64]struct{} // sequences that do not count: a test wrote them
}

func newAuditor(tb testing.TB, p *production) *auditor {
	tb.Helper()
	nc, err := nats.Connect(p.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	log, err := jetstream.Open(tb.Context(), nc, jetstream.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	a := auditorOf(log)
	a.nc = nc
	return a
}

// auditorOf returns an auditor of a log that is open.
func auditorOf(log *jetstream.Log) *auditor {
	return &auditor{
		log: log, taken: map[events.Stream]uint64{}, lines: map[events.FetchID]map[int64]struct{}{},
		disowned: map[events.Stream]map[uint64]struct{}{},
	}
}

// take reads what has come since the last time.
func (a *auditor) take(tb testing.TB) {
	tb.Helper()
	for shard := range a.log.Shards() {
		stream := events.PriceStream(shard)
		last, err := a.log.LastSequence(tb.Context(), stream)
		if err != nil {
			tb.Fatal(err)
		}
		reader, err := a.log.Read(tb.Context(), stream, a.taken[stream])
		if err != nil {
			tb.Fatal(err)
		}
		for a.taken[stream] < last {
			batch, err := reader.Next(within(tb), events.Batch{Limit: 10_000, Gap: time.Second, Wait: time.Second, Until: last})
			if err != nil {
				tb.Fatal(err)
			}
			for _, m := range batch {
				a.count(tb, m)
			}
		}
		reader.Close()
	}
}

func (a *auditor) count(tb testing.TB, m events.Message) {
	tb.Helper()
	a.taken[m.Stream] = m.Sequence
	if _, ours := a.disowned[m.Stream][m.Sequence]; ours || m.Kind != events.KindObserved {
		return
	}
	all, err := events.DecodeObservations(nil, m.Data)
	if err != nil {
		tb.Fatal(err)
	}
	for _, o := range all {
		lines := a.lines[o.Position.Fetch]
		if lines == nil {
			lines = map[int64]struct{}{}
			a.lines[o.Position.Fetch] = lines
		}
		if _, again := lines[o.Line]; again {
			a.doubled++
		}
		lines[o.Line] = struct{}{}
	}
}

// lost returns how many rows of the fetches are in no stream, and how many were accepted.
func (a *auditor) lost(tb testing.TB, fetches []*atlantv1.Fetch) (lost, accepted int64) {
	tb.Helper()
	for _, fetch := range fetches {
		id, err := uuid.Parse(fetch.GetId())
		if err != nil {
			tb.Fatal(err)
		}
		accepted += fetch.GetAccepted()
		lost += fetch.GetAccepted() - int64(len(a.lines[id]))
	}
	return lost, accepted
}

// wantViews sees that the views are what the model says, where of so many products the changes are looked at, and what a
// fold of the log says.
func (tr *traffic) wantViews(tb testing.TB, sample int) {
	tb.Helper()
	tr.caughtUp(tb)
	if r := run(tb, "verify", "--addr", tr.url); r.code != 0 || !strings.Contains(r.out, "products compared: equal") {
		tb.Fatalf("verify: %+v", r)
	}
	products, _ := tr.walk(tb, &atlantv1.ListRequest{PageSize: largestPage})
	if len(products) != len(tr.model.products) {
		tb.Fatalf("%d products, want %d", len(products), len(tr.model.products))
	}
	for _, p := range products {
		if want := tr.model.products[key(p.GetSource(), p.GetName())]; !sameProduct(want, p) {
			tb.Fatalf("got %v, want %v", p, want)
		}
	}
	rand.Shuffle(len(products), func(i, j int) { products[i], products[j] = products[j], products[i] })
	products = products[:min(sample, len(products))]
	for id, changes := range tr.allChanges(tb, products) {
		tr.model.expectChanges(tb, products[slices.IndexFunc(products, func(p *atlantv1.Product) bool { return p.GetId() == id })], changes)
	}
}
