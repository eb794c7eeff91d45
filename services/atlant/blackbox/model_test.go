package blackbox_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// model is what the views must show, worked out in the plainest way from lists that were fetched in the order of their times.
type model struct {
	products map[string]*atlantv1.Product  // by source and name; without ids
	changes  map[string][]*atlantv1.Change // the oldest first; without product ids
}

func newModel() *model {
	return &model{products: map[string]*atlantv1.Product{}, changes: map[string][]*atlantv1.Change{}}
}

func key(source, name string) string { return source + "/" + name }

// observe takes a list in that was fetched.
func (m *model) observe(fetch *atlantv1.Fetch, items []item) {
	last := map[string]int{} // the last line of a product wins
	for i, item := range items {
		last[item.name] = i
	}
	for i, item := range items {
		if last[item.name] == i {
			m.see(fetch, item, int64(i+2))
		}
	}
}

func (m *model) see(fetch *atlantv1.Fetch, i item, line int64) {
	at, price := fetch.GetObservedAt(), &atlantv1.Price{AmountMicros: i.micros(), CurrencyCode: fetch.GetDialect().GetCurrencyCode()}
	p := m.products[key(fetch.GetSource(), i.name)]
	if p == nil {
		m.products[key(fetch.GetSource(), i.name)] = &atlantv1.Product{
			Source: fetch.GetSource(), Name: i.name, Price: price, FirstObservedAt: at, ObservedAt: at,
		}
		return
	}
	p.ObservedAt = at
	if proto.Equal(p.GetPrice(), price) {
		return
	}
	k := key(p.GetSource(), p.GetName())
	m.changes[k] = append(m.changes[k], &atlantv1.Change{
		Price: price, PreviousPrice: p.GetPrice(), ObservedAt: at, FetchId: fetch.GetId(), Line: line,
	})
	p.PreviousPrice, p.Price, p.PriceChangedAt = p.GetPrice(), price, at
	p.PriceChanges++
}

// expectProducts compares products, in any order, with those of the model that pass.
func (m *model) expectProducts(tb testing.TB, got []*atlantv1.Product, passes func(*atlantv1.Product) bool) {
	tb.Helper()
	seen := make(map[string]bool, len(got))
	for _, p := range got {
		k := key(p.GetSource(), p.GetName())
		if want := m.products[k]; want == nil || seen[k] || !passes(want) {
			tb.Errorf("should not be in the list, or not twice: %v", p)
		} else if !sameProduct(want, p) {
			tb.Errorf("got %v, want %v", p, want)
		}
		seen[k] = true
	}
	for k, p := range m.products {
		if passes(p) && !seen[k] {
			tb.Errorf("not in the list: %v", p)
		}
	}
}

// sameProduct compares a product of the model, which has no id, with a listed one.
func sameProduct(want, got *atlantv1.Product) bool {
	id := got.GetId()
	defer func() { got.Id = id }()
	got.Id = ""
	return proto.Equal(want, got)
}

// expectChanges compares the changes of a product, the oldest first, with those of the model.
func (m *model) expectChanges(tb testing.TB, p *atlantv1.Product, got []*atlantv1.Change) {
	tb.Helper()
	for _, c := range got {
		if c.GetProductId() != p.GetId() {
			tb.Errorf("a change of another product than %s: %v", p.GetId(), c)
		}
	}
	diff := cmp.Diff(m.changes[key(p.GetSource(), p.GetName())], got,
		protocmp.Transform(), protocmp.IgnoreFields(&atlantv1.Change{}, "product_id"))
	if diff != "" {
		tb.Errorf("changes of %s (-want +got)\n%s", p.GetName(), shorten(diff))
	}
}

func ofSource(source string) func(*atlantv1.Product) bool {
	return func(p *atlantv1.Product) bool { return p.GetSource() == source }
}

// longAgo is a time from which on tests date their observations.
func longAgo() time.Time { return time.Now().Add(-1000 * time.Hour).Truncate(time.Microsecond) }

func stamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }

// shorten keeps a difference readable.
func shorten(diff string) string {
	const most = 4000
	if len(diff) <= most {
		return diff
	}
	return diff[:most] + "…"
}
