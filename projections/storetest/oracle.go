package storetest

import (
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// foldAll returns the views that the observations give, each taken once and in order, in the plainest way.
func foldAll(observations []events.Observation) Views {
	products := map[events.ProductID]projections.Product{}
	since := map[events.ProductID]events.Micros{} // when the products' prices began
	views := Views{Changes: map[events.ProductID][]projections.Change{}}
	for i := range observations {
		o := &observations[i]
		id := o.ProductID()
		var before *projections.Product
		if p, ok := products[id]; ok {
			before = &p
		}
		after, outcome := projections.Fold(before, o)
		products[id] = after
		switch outcome {
		case projections.OutcomeFirst:
			since[id] = o.Position.ObservedAt
		case projections.OutcomeChanged:
			views.Changes[id] = append(views.Changes[id], projections.Change{
				ProductID: id, Number: int64(len(views.Changes[id])) + 1, Price: o.Price, PreviousPrice: before.Price,
				PreviousSince: since[id], At: o.Position, Line: o.Line, Place: o.Place,
			})
			since[id] = o.Position.ObservedAt
		case projections.OutcomeSeen, projections.OutcomeDuplicate, projections.OutcomeLate:
		}
	}
	for _, p := range products {
		views.Products = append(views.Products, p)
	}
	views.Products = selectProducts(views.Products, projections.ProductQuery{})
	return views
}

// selectProducts does in memory what ListProducts does, for any number of products: limit 0 is none.
func selectProducts(products []projections.Product, query projections.ProductQuery) []projections.Product {
	selected := []projections.Product{}
	for i := range products {
		p := &products[i]
		if passes(p, &query.Filter) && query.IsBehind(p) {
			selected = append(selected, *p)
		}
	}
	slices.SortFunc(selected, func(p, q projections.Product) int {
		return query.Compare(&p, &q)
	})
	if query.Limit > 0 && len(selected) > query.Limit {
		selected = selected[:query.Limit]
	}
	return selected
}

func passes(p *projections.Product, filter *projections.ProductFilter) bool {
	switch {
	case filter.Source != "" && p.Source != filter.Source:
		return false
	case filter.MinPriceMicros != nil && p.Price.Micros < *filter.MinPriceMicros:
		return false
	case filter.MaxPriceMicros != nil && p.Price.Micros > *filter.MaxPriceMicros:
		return false
	case filter.ChangedSince != nil && (p.PriceChanges == 0 || p.PriceChangedAt() < *filter.ChangedSince):
		return false
	}
	return projections.NameMatches(p.Name, filter.Words)
}
