package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// productColumns are what scanProduct reads, of products p, sightings s and sources o.
const productColumns = unsightedColumns + ", s.observed_at, s.fetch"

// unsightedColumns are what unsighted reads, of products p and sources o.
const unsightedColumns = `p.id, o.name, p.name, p.price, p.currency, p.previous_price, p.previous_currency, p.price_changes,
	p.first_observed_at, p.price_changed_at, p.written_fetch`

// unsighted returns where the columns of a product are read into.
func unsighted(p *projections.Product, changedAt *int64) []any {
	return []any{
		&p.ID, &p.Source, &p.Name, &p.Price.Micros, &p.Price.Currency, &p.PreviousPrice.Micros, &p.PreviousPrice.Currency,
		&p.PriceChanges, (*int64)(&p.FirstObservedAt), changedAt, &p.Written.Fetch,
	}
}

// productJoins finish a product that was found by an index. CROSS JOIN keeps this order.
const productJoins = " CROSS JOIN sightings s ON " + ofSighting + " CROSS JOIN sources o ON o.source = p.source"

func scanProduct(row interface{ Scan(into ...any) error }) (projections.Product, error) {
	var p projections.Product
	var changedAt int64
	err := row.Scan(append(unsighted(&p, &changedAt), (*int64)(&p.Seen.ObservedAt), &p.Seen.Fetch)...)
	p.Written.ObservedAt = p.FirstObservedAt
	if p.PriceChanges > 0 {
		p.Written.ObservedAt = events.Micros(changedAt)
	}
	return p, err
}

var selectProducts = &rowStatement{
	before: "SELECT " + productColumns + " FROM products p" + productJoins + " WHERE p.id IN (", row: "?", after: ")",
}

// Products implements projections.PriceViews.
func (db *DB) Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]projections.Product, error) {
	known := make(map[events.ProductID]projections.Product, len(ids))
	var args []any
	for chunk := range slices.Chunk(sortedIDs(ids), idsPerStatement) {
		args = appendIDs(args[:0], chunk)
		err := db.reader.query(ctx, selectProducts.text(len(args)), args, func(rows *sql.Rows) error {
			p, err := scanProduct(rows)
			known[p.ID] = p
			return err
		})
		if err != nil {
			return nil, db.failed("read", "products", err)
		}
	}
	return known, nil
}

// sortedIDs returns the ids in their order, each once: neighbours in the index are then looked up together.
func sortedIDs(ids []events.ProductID) []events.ProductID {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, compareIDs)
	return slices.Compact(sorted)
}

// GetProduct implements projections.ProductQueries.
func (db *DB) GetProduct(ctx context.Context, id events.ProductID) (projections.Product, error) {
	known, err := db.Products(ctx, []events.ProductID{id})
	if err != nil {
		return projections.Product{}, err
	}
	p, ok := known[id]
	if !ok {
		return p, projections.ErrNotFound
	}
	return p, nil
}
