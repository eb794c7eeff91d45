package product_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/product"
	"github.com/atlant-log/atlant/services/rpc"
)

// market is views that are projected to from a log of several shards, and the changes that they ought to tell of.
type market struct {
	store projections.Store

	mu        sync.Mutex
	views     projections.Views // those that are live
	fetch     int
	sequences [shards]uint64
	log       [shards][][]events.Observation // the messages
	known     map[events.ProductID]projections.Product
	changes   [shards][]projections.Change
}

func newMarket(t testing.TB) *market {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { wantNoError(t, store.Close()) })
	views, err := store.Live(t.Context())
	wantNoError(t, err)
	return &market{store: store, views: views, known: map[events.ProductID]projections.Product{}}
}

// Live implements projections.LiveViews.
func (m *market) Live(context.Context) (projections.Views, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.views, nil
}

// rebuild makes other views live that hold the log up to a part of it, and then projects the rest to them.
func (m *market) rebuild(t testing.TB, part int) {
	t.Helper()
	m.mu.Lock()
	number := m.views.Generation() + 1
	m.mu.Unlock()
	views, err := m.store.Views(t.Context(), number)
	wantNoError(t, err)
	m.mu.Lock()
	defer m.mu.Unlock()
	known := map[events.ProductID]projections.Product{}
	var filled [shards]int
	for shard := range m.log {
		filled[shard] = len(m.log[shard]) * part / 100
		delta := projections.FoldBatch(nil, slices.Concat(m.log[shard][:filled[shard]]...))
		for _, p := range slices.Concat(delta.New, delta.Seen) {
			known[p.ID] = p
		}
		wantNoError(t, views.InsertPrices(t.Context(), delta.New, delta.Changes))
		wantNoError(t, views.ApplyPrices(t.Context(), projections.Delta{},
			projections.Checkpoint{Stream: events.PriceStream(shard), Sequence: uint64(filled[shard])}))
	}
	wantNoError(t, views.BuildIndexes(t.Context()))
	m.views, m.known, m.changes = views, known, [shards][]projections.Change{}
	m.mu.Unlock()
	time.Sleep(300 * time.Millisecond) // so that watchers look at views that are behind
	m.mu.Lock()
	for shard := range m.log {
		delta := projections.FoldBatch(nil, slices.Concat(m.log[shard][:filled[shard]]...))
		slices.SortFunc(delta.Changes, projections.CompareInFeed)
		m.changes[shard] = delta.Changes
		m.apply(t, shard, slices.Concat(m.log[shard][filled[shard]:]...))
	}
}

// trade projects another fetch of products, in messages of a few, some in one batch and some in another. A message may hold
// nothing, as the end of a fetch does.
func (m *market) trade(t testing.TB, r *rand.Rand, products int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetch++
	var messages [shards][][]events.Observation
	for n := range products {
		source := []string{"default", "shop"}[n%2]
		o := observe(source, fmt.Sprintf("Café №%d", n), int64(1+r.IntN(4))*1_000_000, 0)
		o.Position = events.Position{ObservedAt: day + 1_000_000*events.Micros(m.fetch), Fetch: o.Position.Fetch}
		shard := events.ShardOf(o.ProductID(), shards)
		if last := len(messages[shard]) - 1; last < 0 || r.IntN(5) == 0 {
			messages[shard] = append(messages[shard], nil)
		}
		last := len(messages[shard]) - 1
		messages[shard][last] = append(messages[shard][last], o)
	}
	for shard := range messages {
		var batch []events.Observation
		for _, message := range append(messages[shard], nil) {
			m.sequences[shard]++
			for i := range message {
				message[i].Place = events.LogPlace{Shard: uint32(shard), Sequence: m.sequences[shard]}
			}
			m.log[shard] = append(m.log[shard], message)
			batch = append(batch, message...)
			if r.IntN(3) == 0 && len(batch) >= products/20 {
				m.apply(t, shard, batch)
				batch = nil
			}
		}
		m.apply(t, shard, batch)
	}
}

func (m *market) apply(t testing.TB, shard int, batch []events.Observation) {
	t.Helper()
	delta := projections.FoldBatch(m.known, batch)
	wantNoError(t, m.views.ApplyPrices(t.Context(), delta,
		projections.Checkpoint{Stream: events.PriceStream(shard), Sequence: m.sequences[shard]}))
	for _, p := range slices.Concat(delta.New, delta.Seen) {
		m.known[p.ID] = p
	}
	slices.SortFunc(delta.Changes, projections.CompareInFeed)
	m.changes[shard] = append(m.changes[shard], delta.Changes...)
}

// keepTrading trades until stop is called.
func (m *market) keepTrading(t testing.TB, seed uint64, products int) (stop func()) {
	t.Helper()
	done := make(chan struct{})
	var trading sync.WaitGroup
	trading.Go(func() {
		for r := rand.New(rand.NewPCG(seed, 1)); ; {
			select {
			case <-done:
				return
			case <-time.After(time.Duration(r.IntN(20)) * time.Millisecond):
				m.trade(t, r, products)
			}
		}
	})
	return func() {
		close(done)
		trading.Wait()
	}
}

func (m *market) position() events.LogPosition {
	m.mu.Lock()
	defer m.mu.Unlock()
	return events.LogPosition{0: m.sequences[0], 1: m.sequences[1]}
}

// expected returns the changes of each shard behind a position that pass.
func (m *market) expected(after events.LogPosition, passes func(*projections.Change, *projections.Product) bool) [shards][]*atlantv1.Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all [shards][]*atlantv1.Change
	for shard := range m.changes {
		for i := range m.changes[shard] {
			c := &m.changes[shard][i]
			p := m.known[c.ProductID]
			if c.Place.Sequence > after[uint32(shard)] && passes(c, &p) {
				all[shard] = append(all[shard], rpc.Change(c))
			}
		}
	}
	return all
}

func everything(*projections.Change, *projections.Product) bool { return true }

// watching is what a client has got, over as many streams as it took.
type watching struct {
	client   atlantv1connect.ProductServiceClient
	request  *atlantv1.WatchRequest
	got      [shards][]*atlantv1.Change
	position events.LogPosition
}

// stream reads responses of one stream until enough returns true, and remembers where to go on.
func (w *watching) stream(t testing.TB, enough func(*atlantv1.WatchResponse) bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := w.client.Watch(ctx, connect.NewRequest(w.request))
	wantNoError(t, err)
	defer stream.Close() // which reads on to the end of what is not cut off before
	defer cancel()
	for stream.Receive() {
		w.take(t, stream.Msg())
		if enough(stream.Msg()) {
			return
		}
	}
	t.Fatalf("the stream ended: %v", stream.Err())
}

func (w *watching) take(t testing.TB, response *atlantv1.WatchResponse) {
	t.Helper()
	for _, c := range response.GetChanges() {
		id := c.GetProduct().GetId()
		if id != c.GetChange().GetProductId() || c.GetProduct().GetPriceChanges() < 1 ||
			c.GetProduct().GetPriceChangedAt().AsTime().Before(c.GetChange().GetObservedAt().AsTime()) {
			t.Errorf("a product that is not as new as its change: %v", c)
		}
		shard := events.ShardOf(events.NewProductID(c.GetProduct().GetSource(), c.GetProduct().GetName()), shards)
		w.got[shard] = append(w.got[shard], c.GetChange())
	}
	position, err := events.ParseLogPosition(response.GetPosition(), shards)
	wantNoError(t, err)
	if len(position) != shards || position[0] < w.position[0] || position[1] < w.position[1] {
		t.Errorf("position %v after %v", position, w.position)
	}
	w.position, w.request.Position = position, response.GetPosition()
}

// reached tells whether all is told up to a position.
func (w *watching) reached(position events.LogPosition) bool {
	return w.position[0] >= position[0] && w.position[1] >= position[1]
}

func wantChanges(t rapid.TB, what string, got, want [shards][]*atlantv1.Change) {
	t.Helper()
	for shard := range want {
		if len(got[shard]) != len(want[shard]) {
			t.Errorf("%s: %d changes of shard %d, want %d", what, len(got[shard]), shard, len(want[shard]))
			continue
		}
		for i := range want[shard] {
			if !proto.Equal(got[shard][i], want[shard][i]) {
				t.Errorf("%s: change %d of shard %d is %v, want %v", what, i, shard, got[shard][i], want[shard][i])
				break
			}
		}
	}
}

// Over each protocol, and however often it has to come back, a client is told every change once.
func TestWatchIsResumed(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	all := clients(t, m.views)
	stop := m.keepTrading(t, seed, 40)
	watchers := map[string]*watching{}
	var running sync.WaitGroup
	ended := make(chan struct{})
	var end events.LogPosition
	for i, protocol := range slices.Sorted(maps.Keys(all)) {
		w := &watching{client: all[protocol], request: &atlantv1.WatchRequest{Position: events.LogPosition{0: 0, 1: 0}.String()}}
		watchers[protocol] = w
		running.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(i)+2))
			for cuts := 0; ; cuts++ {
				left := r.IntN(4)
				w.stream(t, func(*atlantv1.WatchResponse) bool {
					left--
					select {
					case <-ended:
						return w.reached(end)
					default:
						return left < 0
					}
				})
				select {
				case <-ended:
					if w.reached(end) {
						t.Logf("%s: cut %d times", protocol, cuts)
						return
					}
				default:
				}
			}
		})
	}
	time.Sleep(2 * time.Second)
	stop()
	end = m.position()
	close(ended)
	running.Wait()
	want := m.expected(nil, everything)
	if len(want[0]) == 0 || len(want[1]) == 0 {
		t.Fatal("nothing changed")
	}
	for protocol, w := range watchers {
		wantChanges(t, protocol, w.got, want)
	}
}

// A rebuild makes nobody see anything again, or not at all, whether it is behind what was watched or not.
func TestWatchDuringRebuild(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	r := rand.New(rand.NewPCG(1, 2))
	all := clientsOf(t, product.NewService(m, noLog{}, noLists{}))
	watchers := map[string]*watching{}
	for protocol, client := range all {
		watchers[protocol] = &watching{client: client, request: &atlantv1.WatchRequest{Position: events.LogPosition{0: 0, 1: 0}.String()}}
	}
	var ends []events.LogPosition
	for range 5 {
		m.trade(t, r, 40)
		ends = append(ends, m.position())
	}
	var running sync.WaitGroup
	met := make(chan struct{}, len(watchers))
	final := make(chan events.LogPosition)
	for _, w := range watchers {
		running.Go(func() {
			w.stream(t, func(*atlantv1.WatchResponse) bool { return w.reached(ends[len(ends)-1]) })
			met <- struct{}{}
			end := events.LogPosition(nil)
			w.stream(t, func(*atlantv1.WatchResponse) bool {
				for end == nil {
					end = <-final
				}
				return w.reached(end)
			})
		})
	}
	for range watchers {
		<-met
	}
	for _, part := range []int{100, 50, 0} {
		m.rebuild(t, part)
		m.trade(t, r, 40)
	}
	end := m.position()
	for range watchers {
		final <- end
	}
	running.Wait()
	for protocol, w := range watchers {
		wantChanges(t, protocol, w.got, m.expected(nil, everything))
	}
}

// Whatever is asked for, it is what those changes are that pass one by one.
func TestWatchFilters(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 12 {
		m.trade(t, r, 30)
	}
	client := clients(t, m.views)["grpc"]
	var ids []string
	for id := range m.known {
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	end := m.position()
	rapid.Check(t, func(rt *rapid.T) {
		request := &atlantv1.WatchRequest{
			Source: rapid.SampledFrom([]string{"", "default", "shop", "none"}).Draw(rt, "source"),
			Query:  rapid.SampledFrom([]string{"", "cafe", "CAFÉ 1", "no 2", "x", "1 2"}).Draw(rt, "query"),
		}
		low, high := rapid.Int64Range(0, 3).Draw(rt, "low"), rapid.Int64Range(3, 5).Draw(rt, "high")
		if rapid.Bool().Draw(rt, "from") {
			request.MinPriceMicros = new(low * 1_000_000)
		}
		if rapid.Bool().Draw(rt, "to") {
			request.MaxPriceMicros = new(high * 1_000_000)
		}
		if rapid.Bool().Draw(rt, "some") {
			request.ProductIds = rapid.SliceOfN(rapid.SampledFrom(ids), 1, 10).Draw(rt, "products")
		}
		after := events.LogPosition{
			0: rapid.Uint64Range(0, end[0]).Draw(rt, "after 0"), 1: rapid.Uint64Range(0, end[1]).Draw(rt, "after 1"),
		}
		request.Position = after.String()
		want := m.expected(after, func(c *projections.Change, p *projections.Product) bool {
			return (request.GetSource() == "" || p.Source == request.GetSource()) &&
				(request.MinPriceMicros == nil || c.Price.Micros >= request.GetMinPriceMicros()) &&
				(request.MaxPriceMicros == nil || c.Price.Micros <= request.GetMaxPriceMicros()) &&
				(len(request.GetProductIds()) == 0 || slices.Contains(request.GetProductIds(), c.ProductID.String())) &&
				containsWords(p.Name, request.GetQuery())
		})
		w := &watching{client: client, request: proto.CloneOf(request)}
		if n := len(want[0]) + len(want[1]); n > 0 {
			w.stream(t, func(*atlantv1.WatchResponse) bool { return len(w.got[0])+len(w.got[1]) >= n })
		}
		wantChanges(rt, fmt.Sprint(request), w.got, want)
	})
}

// containsWords does what a search does, for names and queries of the fixture.
func containsWords(name, query string) bool {
	fold := strings.NewReplacer("№", "no ", "é", "e", "É", "e")
	words := strings.Fields(strings.ReplaceAll(strings.ToLower(fold.Replace(name)), "no ", "no"))
	for word := range strings.FieldsSeq(strings.ToLower(fold.Replace(query))) {
		if !slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, word) }) {
			return false
		}
	}
	return true
}

// Who does not read is kept nothing for, holds up nobody, and misses nothing.
func TestWatchSlowReader(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	service := product.NewService(m, noLog{}, noLists{})
	const atMost = 1000
	service.KeepAtMost(atMost)
	all := clientsOf(t, service)
	slow := &watching{client: all["grpc"], request: &atlantv1.WatchRequest{Position: events.LogPosition{0: 0, 1: 0}.String()}}
	quick := &watching{client: all["connect"], request: proto.CloneOf(slow.request)}
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := slow.client.Watch(ctx, connect.NewRequest(slow.request))
	wantNoError(t, err)
	defer stream.Close()
	defer cancel()
	if !stream.Receive() {
		t.Fatal(stream.Err())
	}
	slow.take(t, stream.Msg())
	r := rand.New(rand.NewPCG(5, 6))
	for n := 0; n < 5*atMost; n = len(m.changes[0]) + len(m.changes[1]) {
		m.trade(t, r, 1500)
		end := m.position()
		quick.stream(t, func(*atlantv1.WatchResponse) bool { return quick.reached(end) })
		if kept, _ := service.Kept(); kept > atMost {
			t.Fatalf("%d changes are kept", kept)
		}
	}
	end := m.position()
	for !slow.reached(end) {
		if !stream.Receive() {
			t.Fatal(stream.Err())
		}
		slow.take(t, stream.Msg())
	}
	want := m.expected(nil, everything)
	wantChanges(t, "slow", slow.got, want)
	wantChanges(t, "quick", quick.got, want)
}

// Without a position it begins with what comes next; a position that the views have not reached is waited for, and a fetch's
// position names only the shards that it wrote to.
//
//nolint:tparallel // one after the other: they trade in the same market
func TestWatchFrom(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	r := rand.New(rand.NewPCG(7, 8))
	m.trade(t, r, 40)
	m.trade(t, r, 40)
	now := m.position()
	ahead := events.LogPosition{0: now[0] + 12, 1: now[1] + 3}
	for name, test := range map[string]struct{ from, after events.LogPosition }{
		"nothing":        {nil, now},
		"the start":      {events.LogPosition{0: 0, 1: 0}, events.LogPosition{0: 0, 1: 0}},
		"one shard":      {events.LogPosition{0: 3}, events.LogPosition{0: 3, 1: now[1]}},
		"what comes yet": {ahead, ahead},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for protocol, client := range clients(t, m.views) {
				w := &watching{client: client, request: &atlantv1.WatchRequest{Position: test.from.String()}}
				stream, err := client.Watch(ctx, connect.NewRequest(w.request))
				wantNoError(t, err)
				if !stream.Receive() {
					t.Fatalf("%s: %v", protocol, stream.Err())
				}
				if got := stream.Msg(); len(got.GetChanges()) > 0 || len(test.from) == shards && got.GetPosition() != test.from.String() {
					t.Errorf("%s: the first response is %v", protocol, got)
				}
				w.take(t, stream.Msg())
				after := test.after
				if name == "nothing" || name == "one shard" { // others have traded since
					after = maps.Clone(w.position)
				}
				for m.position()[0] <= ahead[0]+5 || m.position()[1] <= ahead[1]+5 {
					m.trade(t, r, 40)
				}
				m.trade(t, r, 40)
				end := m.position()
				for !w.reached(end) {
					if !stream.Receive() {
						t.Fatalf("%s: %v", protocol, stream.Err())
					}
					w.take(t, stream.Msg())
				}
				wantChanges(t, protocol, w.got, m.expected(after, everything))
			}
		})
	}
}

func TestWatchHeartbeat(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	r := rand.New(rand.NewPCG(9, 10))
	service := product.NewService(m, noLog{}, noLists{})
	for protocol, client := range clientsOf(t, service) {
		// Nothing passes, and yet the position moves.
		w := &watching{client: client, request: &atlantv1.WatchRequest{Source: "none"}}
		beats := 0
		m.trade(t, r, 10)
		end := m.position()
		w.stream(t, func(*atlantv1.WatchResponse) bool { beats++; return beats > 3 && w.reached(end) })
		if len(w.got[0])+len(w.got[1]) > 0 {
			t.Errorf("%s: %v", protocol, w.got)
		}
	}
}

// When the server shuts down clients are told to come back.
func TestWatchClosing(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.trade(t, rand.New(rand.NewPCG(1, 1)), 4)
	service := product.NewService(m, noLog{}, noLists{})
	all := clientsOf(t, service)
	var running sync.WaitGroup
	joined := make(chan struct{}, len(all))
	for protocol, client := range all {
		running.Go(func() {
			stream, err := client.Watch(t.Context(), connect.NewRequest(&atlantv1.WatchRequest{}))
			wantNoError(t, err)
			for stream.Receive() {
				joined <- struct{}{}
			}
			if err := stream.Err(); connect.CodeOf(err) != connect.CodeUnavailable || !strings.Contains(err.Error(), "last position") {
				t.Errorf("%s: %v", protocol, err)
			}
		})
	}
	for range all {
		<-joined
	}
	service.Close()
	service.Close()
	running.Wait()
	for protocol, client := range all {
		stream, err := client.Watch(t.Context(), connect.NewRequest(&atlantv1.WatchRequest{}))
		wantNoError(t, err)
		for stream.Receive() {
			if len(stream.Msg().GetChanges()) > 0 {
				t.Errorf("%s: %v", protocol, stream.Msg())
			}
		}
		if err := stream.Err(); connect.CodeOf(err) != connect.CodeUnavailable {
			t.Errorf("%s: %v", protocol, err)
		}
	}
	wantNobodyWatches(t, service)
}

// wantNobodyWatches waits until all handlers have ended.
func wantNobodyWatches(t testing.TB, service *product.Service) {
	t.Helper()
	for range 500 {
		kept, watchers := service.Kept()
		if kept == 0 && watchers == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("somebody is still watching, or something is kept for nobody")
}

// A client that goes away leaves nothing behind.
func TestWatchLeaves(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	r := rand.New(rand.NewPCG(2, 2))
	service := product.NewService(m, noLog{}, noLists{})
	for _, client := range clientsOf(t, service) {
		w := &watching{client: client, request: &atlantv1.WatchRequest{Position: events.LogPosition{0: 0, 1: 0}.String()}}
		m.trade(t, r, 20)
		end := m.position()
		w.stream(t, func(*atlantv1.WatchResponse) bool { return w.reached(end) })
		wantNobodyWatches(t, service)
	}
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	all := clients(t, newViews(t))
	many := make([]string, 1001)
	for i := range many {
		many[i] = events.NewProductID("", fmt.Sprint(i)).String()
	}
	for names, request := range map[string]*atlantv1.WatchRequest{
		"position":         {Position: "x"},
		"position ":        {Position: events.LogPosition{shards: 1}.String()},
		"query":            {Query: strings.Repeat("x", 257)},
		"query ":           {Query: "!?"},
		"min_price_micros": {MinPriceMicros: new(int64(-1))},
		"max_price_micros": {MaxPriceMicros: new(int64(-1))},
		"is greater than":  {MinPriceMicros: new(int64(2)), MaxPriceMicros: new(int64(1))},
		"product_ids[1]":   {ProductIds: []string{many[0], "x"}},
		"product_ids":      {ProductIds: many},
	} {
		for protocol, client := range all {
			stream, err := client.Watch(t.Context(), connect.NewRequest(request))
			wantNoError(t, err)
			if stream.Receive() {
				t.Errorf("%s, %s: got %v", protocol, names, stream.Msg())
			}
			if err := stream.Err(); connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), strings.TrimSpace(names)) {
				t.Errorf("%s, %s: %v", protocol, names, err)
			}
		}
	}
}

// Views that cannot be read are told of, and no more than that.
func TestWatchBrokenStore(t *testing.T) {
	t.Parallel()
	for protocol, client := range clients(t, broken{newViews(t)}) {
		stream, err := client.Watch(t.Context(), connect.NewRequest(&atlantv1.WatchRequest{}))
		wantNoError(t, err)
		if stream.Receive() || errors.Is(stream.Err(), errBroken) {
			t.Errorf("%s: %v", protocol, stream.Msg())
		}
		wantInternal(t, protocol, stream.Err())
	}
}
