package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
)

// ErrTooManyChanged says that more products have changed since a time than can be put in the order of what they cost then.
var ErrTooManyChanged = errors.New("too many products have changed since")

const (
	// maxChangedSince is of how many products the price at a time is looked up to sort by it.
	maxChangedSince = 20_000
	// maxLooked is how many products are looked at for a page as of a time, at most: it is then shorter than asked for.
	maxLooked = 20_000
	// lookups is how many prices are looked up at once.
	lookups = 8
)

// List returns a page of the products that were first observed at or before a time, as they were then: with the state
// that their observations up to it give, but for where they were seen last, and by which fetch they were written. They are
// filtered as they were, and sorted by name or price, and next is the place where the page behind begins, nil if this is the
// last. A page may be shorter than the limit. By price it returns ErrTooManyChanged if more products than maxChangedSince have
// changed since the time.
func (p *Past) List(
	ctx context.Context, views Walked, query ProductQuery, at events.Micros,
) (page []PlacedProduct, next *ProductCursor, err error) {
	first, err := views.ListProducts(ctx, ProductQuery{
		SortBy: SortByFirstObservedAt, Filter: ProductFilter{Source: query.Filter.Source}, Limit: 1,
	})
	if err != nil || len(first) == 0 || first[0].FirstObservedAt > at {
		return nil, nil, err
	}
	l := asOf{views: views, query: query, changed: newPastPrices(at)}
	if query.SortBy == SortByPrice {
		l.changed = p.of(at)
	}
	more, err := l.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	found := l.merged()
	if len(found) > query.Limit {
		found = found[:query.Limit]
		more = new(found[query.Limit-1].CursorAt(query.SortBy))
	}
	page = make([]PlacedProduct, len(found))
	err = l.each(ctx, len(found), func(ctx context.Context, i int) error {
		page[i] = PlacedProduct{Product: found[i], Place: found[i].CursorAt(query.SortBy)}
		if _, changed := l.changed.get(found[i].ID); !changed || found[i].PriceChanges == 0 {
			return nil
		}
		last, err := views.ListChanges(ctx, found[i].ID, false, l.changed.end(), 1)
		if err == nil && len(last) == 1 {
			page[i].PreviousPrice, page[i].Written = last[0].PreviousPrice, last[0].At
		}
		return err
	})
	return page, more, err
}

// asOf reads a page as of a time.
type asOf struct {
	views Walked
	query ProductQuery

	stay    []Product      // of the page, or behind it, that have not changed since
	horizon *ProductCursor // up to where they were looked for; nil: all
	changed *pastPrices    // those that have, and perhaps others that no page of the query has
}

func (l *asOf) changedSince(p *Product) bool {
	return p.PriceChanges > 0 && p.PriceChangedAt() > l.changed.at
}

// read goes through the list as it is now, until there are enough for the page and one more. It returns where to go on if it
// gave up before.
func (l *asOf) read(ctx context.Context) (more *ProductCursor, err error) {
	now := l.query
	if l.query.SortBy == SortByName { // the prices that count are those of then
		now.Filter.MinPriceMicros, now.Filter.MaxPriceMicros = nil, nil
	}
	now.Limit = l.query.Limit + 1
	for looked := 0; ; now.Limit = min(2*now.Limit, skipPage) {
		page, err := l.views.ListProducts(ctx, now)
		if err != nil {
			return nil, err
		}
		looked += len(page)
		if err := l.take(ctx, page); err != nil {
			return nil, err
		}
		ended := len(page) < now.Limit
		if !ended {
			now.After = new(page[len(page)-1].CursorAt(l.query.SortBy))
		}
		if !ended && len(l.stay) <= l.query.Limit && looked < maxLooked {
			continue
		}
		if l.query.SortBy == SortByPrice {
			// After the page was read: what has left it meanwhile has changed by now.
			if err := l.readChanged(ctx); err != nil {
				return nil, err
			}
		}
		switch {
		case ended:
			return nil, nil //nolint:nilnil // there is no more
		case looked >= maxLooked || len(l.stay) > l.query.Limit:
			l.horizon = now.After
			return now.After, nil
		}
	}
}

// take takes in products as they are now. By name each is in its place; by price only those that have not changed are.
func (l *asOf) take(ctx context.Context, page []Product) error {
	var changed []Product
	for i := range page {
		switch p := &page[i]; {
		case p.FirstObservedAt > l.changed.at:
		case !l.changedSince(p):
			if l.query.Filter.Passes(p) {
				l.stay = append(l.stay, *p)
			}
		default:
			changed = append(changed, *p)
		}
	}
	if l.query.SortBy != SortByName {
		return nil
	}
	if err := l.lookUp(ctx, changed); err != nil {
		return err
	}
	for i := range changed {
		if then, ok := l.changed.get(changed[i].ID); ok && l.query.Filter.Passes(&then) {
			l.stay = append(l.stay, then)
		}
	}
	return nil
}

// readChanged looks up what all products that have changed since cost then, and takes them out of those that have not.
func (l *asOf) readChanged(ctx context.Context) error {
	query := ProductQuery{SortBy: SortByPriceChangedAt, Limit: skipPage}
	query.Filter = ProductFilter{Source: l.query.Filter.Source, Words: l.query.Filter.Words, ChangedSince: new(l.changed.at + 1)}
	for found := 0; ; {
		page, err := l.views.ListProducts(ctx, query)
		if err != nil {
			return err
		}
		if found += len(page); found > maxChangedSince {
			return fmt.Errorf("%w: more than %d", ErrTooManyChanged, maxChangedSince)
		}
		if err := l.lookUp(ctx, page); err != nil {
			return err
		}
		if len(page) < query.Limit {
			break
		}
		query.After = new(page[len(page)-1].CursorAt(query.SortBy))
	}
	l.stay = slices.DeleteFunc(l.stay, func(p Product) bool { _, changed := l.changed.get(p.ID); return changed })
	return nil
}

// lookUp finds out what products that have changed since were like then, unless that is known.
func (l *asOf) lookUp(ctx context.Context, changed []Product) error {
	return l.each(ctx, len(changed), func(ctx context.Context, i int) error {
		p := &changed[i]
		if _, known := l.changed.get(p.ID); known || p.FirstObservedAt > l.changed.at {
			return nil
		}
		next, err := l.views.ListChanges(ctx, p.ID, true, l.changed.end(), 1)
		if err != nil || len(next) == 0 {
			return err
		}
		l.changed.put(next[0].Before(p))
		return nil
	})
}

// each calls do for so many, some at once.
func (l *asOf) each(ctx context.Context, many int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	for i := range many {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// merged returns what there is up to the horizon, in order.
func (l *asOf) merged() []Product {
	all := l.stay
	if l.query.SortBy == SortByPrice {
		behind := ProductQuery{SortBy: l.query.SortBy, Descending: l.query.Descending, After: l.horizon}
		l.changed.each(func(p *Product) {
			if l.query.IsBehind(p) && (l.horizon == nil || !behind.IsBehind(p)) && l.query.Filter.Passes(p) {
				all = append(all, *p)
			}
		})
	}
	slices.SortFunc(all, func(p, q Product) int { return l.query.Compare(&p, &q) })
	return all
}
