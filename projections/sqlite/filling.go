package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// InsertPrices implements projections.Filling. It is one transaction.
func (db *DB) InsertPrices(ctx context.Context, products []projections.Product, changes []projections.Change) error {
	err := db.writer.do(ctx, func(ctx context.Context, tx *transaction) error {
		if err := tx.indexIDs(ctx); err != nil {
			return fmt.Errorf("index ids: %w", err)
		}
		missing, err := tx.unknown(ctx, products)
		if err != nil {
			return err
		}
		if err := tx.insertProducts(ctx, missing); err != nil {
			return fmt.Errorf("insert products: %w", err)
		}
		return tx.insertChanges(ctx, changes)
	})
	if err == nil && len(products) > 0 {
		db.words.follow()
	}
	return db.failed("insert", "prices", err)
}

var selectIDs = &rowStatement{before: "SELECT id FROM products WHERE id IN (", row: "?", after: ")"}

// unknown returns those of the products that are not stored. A rebuild inserts by id, so that unless an earlier attempt was
// here nothing is stored between the first and the last of them.
func (tx *transaction) unknown(ctx context.Context, products []projections.Product) ([]projections.Product, error) {
	if len(products) == 0 {
		return nil, nil
	}
	byID := func(p, q projections.Product) int { return compareIDs(p.ID, q.ID) }
	first, last := slices.MinFunc(products, byID).ID, slices.MaxFunc(products, byID).ID
	var some bool
	err := tx.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM products WHERE id BETWEEN ? AND ?)", []any{first[:], last[:]}, &some)
	if err != nil || !some {
		return products, err
	}
	stored := map[events.ProductID]bool{}
	for chunk := range slices.Chunk(products, idsPerStatement) {
		ids := make([]events.ProductID, len(chunk))
		for i := range chunk {
			ids[i] = chunk[i].ID
		}
		err := tx.query(ctx, selectIDs, appendIDs(nil, ids), func(rows *sql.Rows) error {
			var id events.ProductID
			err := rows.Scan(&id)
			stored[id] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	missing := make([]projections.Product, 0, len(products)-len(stored))
	for i := range products {
		if !stored[products[i].ID] {
			missing = append(missing, products[i])
		}
	}
	return missing, nil
}
