package mongo

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

const (
	// fewMatches is up to how many products have a word for all of them to be read and sorted. Where all words of a search are
	// in the names of more, those that have them all are met soon enough on the way through the list.
	fewMatches = 5000
	// walkedAtOnce is how many products are read at once on this way.
	walkedAtOnce = 500
)

// search returns a page of the products that have the words of the filter.
func (v *views) search(ctx context.Context, query *projections.ProductQuery) ([]productDocument, error) {
	found, sure, some, err := v.findWords(ctx, query.Filter.Words, fewMatches)
	if err != nil {
		return nil, err
	}
	if !some {
		return v.walk(ctx, *query)
	}
	matches, err := v.passing(ctx, found, &query.Filter)
	if err != nil {
		return nil, err
	}
	matches = slices.DeleteFunc(matches, func(d productDocument) bool {
		p := d.product(events.Position{}, false)
		return !query.IsBehind(&p) || !sure && !projections.NameMatches(d.Name, query.Filter.Words)
	})
	return firstOf(matches, query), nil
}

// walk goes through the list without the words, and tests the names.
func (v *views) walk(ctx context.Context, query projections.ProductQuery) ([]productDocument, error) {
	words, limit := query.Filter.Words, query.Limit
	query.Filter.Words, query.Limit = nil, max(limit, walkedAtOnce)
	var page []productDocument
	for {
		next, err := v.findProducts(ctx, &query)
		if err != nil {
			return nil, err
		}
		for i := range next {
			if projections.NameMatches(next[i].Name, words) {
				page = append(page, next[i])
			}
		}
		if len(page) >= limit || len(next) < query.Limit {
			return page[:min(len(page), limit)], nil
		}
		last := next[len(next)-1].product(events.Position{}, false)
		query.After = new(last.CursorAt(query.SortBy))
	}
}

// passing reads those of the products that there are and that pass the filter, but for its words, in no order.
func (v *views) passing(ctx context.Context, found idSet, filter *projections.ProductFilter) ([]productDocument, error) {
	var mu sync.Mutex
	var all []productDocument
	err := eachChunk(ctx, found.ids(), idsPerCommand, func(ctx context.Context, ids []uuidKey) error {
		some, err := findAll[productDocument](ctx, v.products, append(inIDs(ids), countFilter(filter)...), len(ids), options.Find())
		mu.Lock()
		defer mu.Unlock()
		all = append(all, some...)
		return err
	})
	return all, err
}

// countFound counts the products that pass the filter, words and all, unless each of the words is in the names of more products
// than that: then exact is false.
func (v *views) countFound(ctx context.Context, filter *projections.ProductFilter, most int) (count int64, exact bool, err error) {
	found, sure, exact, err := v.findWords(ctx, filter.Words, most)
	if err != nil || !exact {
		return 0, false, err
	}
	if !sure {
		matches, err := v.passing(ctx, found, filter)
		matches = slices.DeleteFunc(matches, func(d productDocument) bool { return !projections.NameMatches(d.Name, filter.Words) })
		return int64(len(matches)), true, err
	}
	var sum atomic.Int64
	err = eachChunk(ctx, found.ids(), idsPerCommand, func(ctx context.Context, ids []uuidKey) error {
		some, err := v.products.CountDocuments(ctx, append(inIDs(ids), countFilter(filter)...))
		sum.Add(some)
		return err
	})
	return sum.Load(), true, err
}
