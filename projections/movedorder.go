package projections

import (
	"fmt"
	"slices"
	"strconv"
)

// maxOrders is how many orders of the products that have moved since one position are kept, 8 bytes a product each.
const maxOrders = 4

// movedOrder holds those products that have moved and that queries ask for, in their order, so that a page need not look at all.
type movedOrder struct {
	taken  int // of movedProducts.added
	sorted []*Product
}

// order returns the order that a query asks for, with all products that have moved.
func (m *movedProducts) order(query *ProductQuery) *movedOrder {
	key := orderKey(query)
	o := m.orders[key]
	if o == nil {
		if len(m.orders) == maxOrders {
			clear(m.orders)
		}
		o = &movedOrder{}
		m.orders[key] = o
	}
	o.take(query, m.added)
	return o
}

// take takes in what was added since it was called last.
func (o *movedOrder) take(query *ProductQuery, added []*Product) {
	var fresh []*Product
	for _, p := range added[o.taken:] {
		if query.Filter.Passes(p) {
			fresh = append(fresh, p)
		}
	}
	o.taken = len(added)
	if len(fresh) == 0 {
		return
	}
	slices.SortFunc(fresh, query.Compare)
	merged := make([]*Product, 0, len(o.sorted)+len(fresh))
	rest := o.sorted
	for _, p := range fresh {
		at, _ := slices.BinarySearchFunc(rest, p, query.Compare)
		merged = append(append(merged, rest[:at]...), p)
		rest = rest[at:]
	}
	o.sorted = slices.Concat(merged, rest)
}

// behind returns the products of the page that a query asks for.
func (o *movedOrder) behind(query *ProductQuery) []*Product {
	from, _ := slices.BinarySearchFunc(o.sorted, query, func(p *Product, query *ProductQuery) int {
		if query.IsBehind(p) {
			return 1
		}
		return -1
	})
	return o.sorted[from:min(from+query.Limit, len(o.sorted))]
}

// orderKey is the same for two queries that ask for the same products in the same order.
func orderKey(query *ProductQuery) string {
	f := &query.Filter
	bound := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return strconv.FormatInt(*n, 10)
	}
	return fmt.Sprintf("%d %t %q %q %s %s %s", query.SortBy, query.Descending, f.Source, f.Words,
		bound(f.MinPriceMicros), bound(f.MaxPriceMicros), bound((*int64)(f.ChangedSince)))
}
