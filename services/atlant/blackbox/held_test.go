package blackbox_test

import (
	"fmt"
	"strings"
	"testing"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	held      = atlantv1.FetchState_FETCH_STATE_HELD
	discarded = atlantv1.FetchState_FETCH_STATE_DISCARDED
)

// pricedAt writes a list of products that all cost a little more than a factor.
func pricedAt(products, factor int) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range products {
		fmt.Fprintf(&b, "Product %03d;%d.50\n", i, factor*(i+1))
	}
	return b.String()
}

// priceOf returns what the first product costs, in units.
func (a api) priceOf(tb testing.TB, source string) int64 {
	tb.Helper()
	products := call(tb, a.products.List, &atlantv1.ListRequest{Source: source, PageSize: 1}).GetProducts()
	if len(products) != 1 || products[0].GetName() != "Product 000" {
		tb.Fatalf("got %v", products)
	}
	return products[0].GetPrice().GetAmountMicros() / 1_000_000
}

// TestHeld goes the way of a user whose supplier has moved the decimal mark.
func TestHeld(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	url := s.sell("/list.csv", pricedAt(100, 1))
	good := a.get(t, &atlantv1.FetchRequest{Url: url, Source: "shop"})

	s.sell("/list.csv", pricedAt(100, 1000))
	wait := []string{"fetch", "--wait", "--source", "shop", url}
	r := a.cli(t, 1, wait...)
	r.holds(t, "state      held", "held       prices are ", " times what they were", good.GetId(), "100 accepted", "published  0")
	if !strings.Contains(r.errOut, "atlant approve ") {
		t.Errorf("no way out: %s", r.errOut)
	}
	fetches := call(t, a.fetches.ListFetches, &atlantv1.ListFetchesRequest{Source: "shop"}).GetFetches()
	id := fetches[0].GetId()
	if got := a.priceOf(t, "shop"); got != 1 || fetches[0].GetState() != held {
		t.Errorf("it costs %d, %v", got, fetches[0])
	}
	refuse(t, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: id}, connect.CodeFailedPrecondition, "held")
	refuse(t, a.fetches.ApproveFetch, &atlantv1.ApproveFetchRequest{Id: good.GetId()}, connect.CodeFailedPrecondition, "not held")

	s.sell("/list.csv", "the list that was held is not there any more")
	a.cli(t, 0, "approve", "--wait", id).holds(t, "completed", "100 accepted", "published  100", "visible after")
	if got := a.priceOf(t, "shop"); got != 1000 {
		t.Errorf("it costs %d", got)
	}
	a.cli(t, 0, "approve", id).holds(t, "is completed")
	if r := a.cli(t, 1, "discard", id); !strings.Contains(r.errOut, "not held") {
		t.Error(r.errOut)
	}
}

// TestHeldDiscarded sees that a list that was discarded leaves no trace in the prices, and that the next one takes the place of
// one that is held.
func TestHeldDiscarded(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	request := &atlantv1.FetchRequest{Url: s.sell("/list.csv", pricedAt(100, 1))}
	a.get(t, request)

	s.sell("/list.csv", pricedAt(20, 1)+"Rubbish;free\n")
	first := a.await(t, a.ask(t, request).GetId())
	if first.GetState() != held || first.GetComparison().GetFindings()[0].GetReason() != atlantv1.HoldReason_HOLD_REASON_ROWS {
		t.Fatalf("got %v", first)
	}
	if got := call(t, a.fetches.ListRejects, &atlantv1.ListRejectsRequest{Id: first.GetId()}).GetRejects(); len(got) != 1 {
		t.Errorf("rejects %v", got)
	}
	a.cli(t, 0, "discard", first.GetId()).holds(t, "is discarded")
	refuse(t, a.fetches.ApproveFetch, &atlantv1.ApproveFetchRequest{Id: first.GetId()}, connect.CodeFailedPrecondition, "not held")

	second := a.await(t, a.ask(t, request).GetId())
	s.sell("/list.csv", pricedAt(10, 1))
	third := a.await(t, a.ask(t, request).GetId())
	if second.GetState() != held || third.GetState() != held {
		t.Fatalf("got %v and %v", second, third)
	}
	a.expectSuperseded(t, second, third)
	s.sell("/list.csv", pricedAt(100, 2))
	a.expectSuperseded(t, third, a.get(t, request))
	if got := a.priceOf(t, ""); got != 2 {
		t.Errorf("it costs %d", got)
	}

	s.sell("/list.csv", pricedAt(10, 1))
	request.NoHold = true
	a.get(t, request)
}

func (a api) expectSuperseded(tb testing.TB, earlier, later *atlantv1.Fetch) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		got := call(tb, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: earlier.GetId()}).GetFetch()
		return got.GetState() == discarded && strings.Contains(got.GetError(), later.GetId())
	}, "%s does not take the place of %s", later.GetId(), earlier.GetId())
}

// TestHeldKilled kills the process when a list is held, and again when it was approved: nothing of it is lost.
func TestHeldKilled(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	url := s.sell("/list.csv", pricedAt(100, 1))
	a := start(t, data, allowPrivate)
	a.get(t, &atlantv1.FetchRequest{Url: url})
	s.sell("/list.csv", pricedAt(100, 100))
	id := a.ask(t, &atlantv1.FetchRequest{Url: url}).GetId()
	if got := a.await(t, id); got.GetState() != held {
		t.Fatalf("got %v", got)
	}
	a.kill(t)
	s.sell("/list.csv", "gone")

	a = start(t, data, allowPrivate)
	call(t, a.fetches.ApproveFetch, &atlantv1.ApproveFetchRequest{Id: id})
	a.kill(t)

	a = start(t, data, allowPrivate)
	var got *atlantv1.Fetch
	eventuallyf(t, func() bool {
		got = call(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: id}).GetFetch()
		return got.GetState() == completed
	}, "the list that was approved is not published: %v", got)
	call(t, a.products.List, &atlantv1.ListRequest{PageSize: 1, Position: got.GetPosition()})
	if price := a.priceOf(t, ""); price != 100 {
		t.Errorf("it costs %d", price)
	}
}
