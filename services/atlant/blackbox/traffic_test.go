package blackbox_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// traffic is a number of suppliers, each with a list that is fetched again and again while prices in it move. It knows what
// must come of that.
type traffic struct {
	*atlant // who serves it
	shop    *shop
	model   *model
	all     []*supplier

	ebbs func() // ends it
	busy sync.WaitGroup
}

// supplier is a source with what was asked for and is not in the model yet.
type supplier struct {
	name   string
	items  []item
	lists  int
	traded []trade
}

// trade is one fetch.
type trade struct {
	id    string
	items []item
}

const (
	suppliers     = 3
	supplierItems = 400
	tradeInterval = time.Second
	jam           = 5000 // messages that the views may be behind
)

func newTraffic(tb testing.TB, a *atlant) *traffic {
	tb.Helper()
	tr := &traffic{atlant: a, shop: newShop(tb), model: newModel(), ebbs: func() {}}
	for s := range suppliers {
		items := make([]item, supplierItems)
		for i := range items {
			items[i] = item{fmt.Sprintf("article %d of %d", i, s), int64(i + 1)}
		}
		tr.all = append(tr.all, &supplier{name: fmt.Sprint("supplier-", s), items: items})
	}
	return tr
}

// flow begins to fetch, each supplier's list once in a while, until ebb is called.
func (tr *traffic) flow(tb testing.TB) {
	tb.Helper()
	ctx, stop := context.WithCancel(tb.Context())
	tr.ebbs = func() {
		stop()
		tr.busy.Wait()
	}
	for n, s := range tr.all {
		tr.busy.Go(func() {
			chance := rand.New(rand.NewPCG(uint64(n), uint64(s.lists)))
			for pause := time.Duration(n) * tradeInterval / suppliers; ; pause = tradeInterval {
				select {
				case <-ctx.Done():
					return
				case <-time.After(pause):
				}
				//nolint:contextcheck // what was asked for when the traffic ends must be known all the same
				if !tr.jammed(ctx) && !tr.trade(tb, s, chance) {
					return
				}
			}
		})
	}
}

// jammed tells whether the views are far behind: on a slow machine the traffic would grow without end. Where the views are
// away that cannot be told, and it goes on.
func (tr *traffic) jammed(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, tradeInterval)
	defer cancel()
	status, err := tr.projection.GetStatus(ctx, connect.NewRequest(&atlantv1.GetStatusRequest{}))
	return err == nil && status.Msg.GetLag() > jam
}

// trade moves a fifth of the prices, drops and brings back some products, and asks for the list.
func (tr *traffic) trade(tb testing.TB, s *supplier, chance *rand.Rand) bool {
	tb.Helper()
	for i := range s.items {
		if chance.IntN(5) == 0 {
			s.items[i].cents = chance.Int64N(100_000)
		}
	}
	items := slices.Clone(s.items[:len(s.items)-chance.IntN(20)])
	s.lists++
	url := tr.shop.sell(fmt.Sprintf("/%s/%d.csv", s.name, s.lists), list(items))
	got, err := insistently(tb.Context(), tr.fetches.Fetch, &atlantv1.FetchRequest{
		Url: url, Source: s.name, RequestId: url, // the request may be sent twice, the fetch is one
		ObservedAt: stamp(began.Add(time.Duration(s.lists) * time.Minute)),
	})
	if err != nil {
		if tb.Context().Err() == nil {
			tb.Errorf("fetch %s: %v", url, err)
		}
		return false
	}
	s.traded = append(s.traded, trade{got.GetFetch().GetId(), items})
	return true
}

var began = longAgo()

// ebb ends the traffic, sees all that was asked for completed, and returns the fetches since the last time.
func (tr *traffic) ebb(tb testing.TB) []*atlantv1.Fetch {
	tb.Helper()
	tr.ebbs()
	var fetches []*atlantv1.Fetch
	for _, s := range tr.all {
		for _, trade := range s.traded {
			fetch := awaitEndOf(tb, tr.atlant, trade.id)
			if fetch.GetState() != completed || fetch.GetPublished() != int64(len(trade.items)) {
				tb.Errorf("accepted, and now: %v", fetch)
			}
			tr.model.observe(fetch, trade.items)
			fetches = append(fetches, fetch)
		}
		s.traded = nil
	}
	return fetches
}

// awaitEndOf polls until a fetch has ended, because a stream might break.
func awaitEndOf(tb testing.TB, a *atlant, id string) *atlantv1.Fetch {
	tb.Helper()
	var fetch *atlantv1.Fetch
	for fetch == nil || !ended(fetch.GetState()) {
		time.Sleep(50 * time.Millisecond)
		fetch = insist(tb, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: id}).GetFetch()
	}
	return fetch
}

// insist asks again while there is nobody to answer.
func insist[Q, R any](tb testing.TB, do method[Q, R], request *Q) *R {
	tb.Helper()
	got, err := insistently(tb.Context(), do, request)
	if err != nil {
		tb.Fatalf("%T: %v", request, err)
	}
	return got
}

// insistently is insist for goroutines.
func insistently[Q, R any](ctx context.Context, do method[Q, R], request *Q) (*R, error) {
	for deadline := time.Now().Add(patience); ; {
		response, err := do(ctx, connect.NewRequest(request))
		if err == nil {
			return response.Msg, nil
		}
		if !isPassing(err) || time.Now().After(deadline) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
