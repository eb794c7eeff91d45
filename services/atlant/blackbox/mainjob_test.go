package blackbox_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	rows  = 1000
	names = 998 // two of the rows name a product again
)

// words begin names, so that the order by code point is no other order: of the alphabet, of UTF-16, of case.
var words = []string{"apple", "Äpfel", "Zebra", "zebra", "éclair", "苹果", "🍎", "\uFF5E tilde", "10 nails", "Ω-3"}

// thousandRows is a list whose last two rows name products again, at another price. Many prices are the same.
func thousandRows() []item {
	items := make([]item, 0, rows)
	for i := range names {
		items = append(items, item{fmt.Sprintf("%s %d", words[i%len(words)], i), int64(i * 37 % 200)})
	}
	return append(items, item{items[100].name, 99_901}, item{items[500].name, 99_905})
}

// repriced returns the list with the prices of some of the first 998 rows raised.
func repriced(items []item, raised func(i int) bool) []item {
	items = slices.Clone(items)
	for i := range names {
		if raised(i) {
			items[i].cents += 1000
		}
	}
	return items
}

// market is an Atlant that has fetched some lists, and what it must know of them.
type market struct {
	*atlant
	shop  *shop
	model *model
	now   time.Time // of the last observation
	last  *atlantv1.Fetch
}

// trade fetches a list of a source an hour after the one before.
func (m *market) trade(tb testing.TB, source string, items []item) {
	tb.Helper()
	m.now = m.now.Add(time.Hour)
	url := m.shop.sell("/"+source+".csv", list(items))
	m.last = m.get(tb, &atlantv1.FetchRequest{Url: url, Source: source, ObservedAt: stamp(m.now), Force: true})
	m.model.observe(m.last, items)
}

func newMarket(tb testing.TB) *market {
	tb.Helper()
	return &market{atlant: startOpen(tb), shop: newShop(tb), model: newModel(), now: longAgo()}
}

func TestThousandRows(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	items := thousandRows()
	m.trade(t, "main", items)
	counts{rows, names, 0, 2, names}.expect(t, m.last)
	if got := m.total(t, "main"); got != names {
		t.Errorf("got %d products, want %d", got, names)
	}
	m.expectAll(t)

	items = repriced(items, func(i int) bool { return i == 3 || i == 700 })
	m.trade(t, "main", items)
	m.expectOnlyChanged(t, items[3].name, items[700].name)

	items = repriced(items, func(i int) bool { return i%5 == 0 })
	m.trade(t, "main", items)
	m.trade(t, "main", items) // the same again changes nothing
	items = repriced(items, func(i int) bool { return i%10 == 0 })
	m.trade(t, "main", items)
	m.trade(t, "other", thousandRows()[300:400]) // the same names in another namespace
	m.trade(t, "main", items)
	m.expectAll(t)
	expectPosition(t, m, items)
	expectChanges(t, m)
	expectOrders(t, m)
	expectFilters(t, m)
	expectTokens(t, m)
}

// expectAll compares everything the views show with the model.
func (m *market) expectAll(tb testing.TB) {
	tb.Helper()
	d := m.dump(tb)
	m.model.expectProducts(tb, d.Products, func(*atlantv1.Product) bool { return true })
	for _, p := range d.Products {
		m.model.expectChanges(tb, p, d.Changes[p.GetId()])
	}
}

// expectOnlyChanged demands that of all products just these have changed, once, in the last fetch.
func (m *market) expectOnlyChanged(tb testing.TB, names ...string) {
	tb.Helper()
	d := m.dump(tb)
	for _, p := range d.Products {
		want := 0
		if slices.Contains(names, p.GetName()) {
			want = 1
		}
		if p.GetPriceChanges() != int64(want) || (p.GetPreviousPrice() != nil) != (want > 0) || len(d.Changes[p.GetId()]) != want {
			tb.Errorf("got %v with changes %v, want %d", p, d.Changes[p.GetId()], want)
		}
		for _, c := range d.Changes[p.GetId()] {
			if c.GetFetchId() != m.last.GetId() || c.GetPrice().GetAmountMicros()-c.GetPreviousPrice().GetAmountMicros() != 10_000_000 {
				tb.Errorf("got %v", c)
			}
		}
	}
	m.expectAll(tb)
}

// expectPosition: who has seen a fetch completed reads what it wrote.
func expectPosition(t *testing.T, m *market, items []item) {
	t.Helper()
	for range 5 {
		items = repriced(items, func(i int) bool { return i%7 == 0 })
		m.now = m.now.Add(time.Hour)
		url := m.shop.sell("/main.csv", list(items))
		fetch := m.await(t, m.ask(t, &atlantv1.FetchRequest{Url: url, Source: "main", ObservedAt: stamp(m.now)}).GetId())
		m.model.observe(fetch, items)
		got := call(t, m.products.List, &atlantv1.ListRequest{Source: "main", PageSize: largestPage, Position: fetch.GetPosition()})
		m.model.expectProducts(t, got.GetProducts(), ofSource("main"))
	}
	for _, bad := range []string{"?", "AAAA", "x" + m.last.GetPosition()} {
		refuse(t, m.products.List, &atlantv1.ListRequest{Position: bad}, connect.CodeInvalidArgument, "position")
	}
}

func expectChanges(t *testing.T, m *market) {
	t.Helper()
	products, _ := m.walk(t, &atlantv1.ListRequest{Source: "main", SortBy: atlantv1.SortBy_SORT_BY_PRICE_CHANGES, Descending: true, PageSize: 20})
	for _, p := range products[:20] {
		if p.GetPriceChanges() < 2 {
			t.Fatalf("want products that changed more than once first, got %v", p)
		}
		for _, size := range []int32{1, 2, largestPage} {
			m.model.expectChanges(t, p, m.changes(t, p.GetId(), size, true))
			newestFirst := m.changes(t, p.GetId(), size, false)
			slices.Reverse(newestFirst)
			m.model.expectChanges(t, p, newestFirst)
		}
		got := call(t, m.products.Get, &atlantv1.GetRequest{Source: "main", Name: "  " + p.GetName() + "\t"}).GetProduct()
		if got.GetId() != p.GetId() {
			t.Errorf("got %v, want %v", got, p)
		}
	}
}
