package projections

import "slices"

// firstProducts finds those of many products that come first on the page that a query asks for.
type firstProducts struct {
	query *ProductQuery
	all   []*Product // up to twice the limit
	last  *Product   // the last that can be among the first, as far as that is known
}

func (f *firstProducts) add(p *Product) {
	if f.last != nil && f.query.Compare(p, f.last) > 0 || !f.query.IsBehind(p) || !f.query.Filter.Passes(p) {
		return
	}
	f.all = append(f.all, p)
	if len(f.all) >= 2*f.query.Limit {
		f.cut()
		f.last = f.all[len(f.all)-1]
	}
}

// cut sorts them and leaves out those that are too many.
func (f *firstProducts) cut() {
	slices.SortFunc(f.all, f.query.Compare)
	f.all = f.all[:min(len(f.all), f.query.Limit)]
}

// sorted returns the first ones, in their order.
func (f *firstProducts) sorted() []Product {
	f.cut()
	sorted := make([]Product, len(f.all))
	for i, p := range f.all {
		sorted[i] = *p
	}
	return sorted
}
