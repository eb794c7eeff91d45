package storetest

import (
	"context"
	"fmt"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Views is all that a store knows of prices.
type Views struct {
	Products []projections.Product                     // by name, then by id
	Changes  map[events.ProductID][]projections.Change // of products that changed, the earliest first
}

// dumpPage is small enough for dumps to cross pages in tests, and large enough for dumps of benchmarks.
const dumpPage = 500

// Dump reads the products and changes of the store. What is written meanwhile may be in it or not.
func Dump(ctx context.Context, store projections.ProductQueries) (Views, error) {
	return DumpSource(ctx, store, "")
}

// DumpSource is Dump for the products of one source; empty means all.
func DumpSource(ctx context.Context, store projections.ProductQueries, source string) (Views, error) {
	query := projections.ProductQuery{Filter: projections.ProductFilter{Source: source}, Limit: dumpPage}
	products, err := walk(ctx, store, query)
	if err != nil {
		return Views{}, err
	}
	views := Views{Products: products, Changes: map[events.ProductID][]projections.Change{}}
	for i := range products {
		changes, err := walkChanges(ctx, store, products[i].ID, true, dumpPage)
		if err != nil {
			return Views{}, fmt.Errorf("changes of %s: %w", products[i].Name, err)
		}
		if len(changes) > 0 {
			views.Changes[products[i].ID] = changes
		}
	}
	return views, nil
}

// walk reads all pages of a list.
func walk(
	ctx context.Context, store projections.ProductQueries, query projections.ProductQuery,
) ([]projections.Product, error) {
	var all []projections.Product
	for {
		page, err := store.ListProducts(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("list products after %d: %w", len(all), err)
		}
		if len(page) > query.Limit {
			return nil, fmt.Errorf("list products after %d: got %d, more than the limit of %d", len(all), len(page), query.Limit)
		}
		all = append(all, page...)
		if len(page) < query.Limit {
			return all, nil
		}
		query.After = new(page[len(page)-1].CursorAt(query.SortBy))
	}
}

// walkChanges reads all pages of a product's changes.
func walkChanges(
	ctx context.Context, store projections.ProductQueries, id events.ProductID, ascending bool, limit int,
) ([]projections.Change, error) {
	var all []projections.Change
	var after *events.Position
	for {
		page, err := store.ListChanges(ctx, id, ascending, after, limit)
		if err != nil {
			return nil, fmt.Errorf("list changes after %d: %w", len(all), err)
		}
		if len(page) > limit {
			return nil, fmt.Errorf("list changes after %d: got %d, more than the limit of %d", len(all), len(page), limit)
		}
		all = append(all, page...)
		if len(page) < limit {
			return all, nil
		}
		after = &page[len(page)-1].At
	}
}
