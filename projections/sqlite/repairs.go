package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ReplaceProduct implements projections.Repairs. It is one transaction.
func (db *DB) ReplaceProduct(
	ctx context.Context, id events.ProductID, was, now *projections.Product, changes []projections.Change,
) error {
	err := db.writer.do(ctx, func(ctx context.Context, tx *transaction) error {
		if err := tx.indexIDs(ctx); err != nil {
			return err
		}
		stored, err := tx.product(ctx, id)
		switch {
		case err != nil:
			return err
		case (stored == nil) != (was == nil), stored != nil && *stored != *was:
			return projections.ErrConflict
		}
		for _, text := range []string{
			forgetWords,
			"DELETE FROM changes WHERE product = (SELECT product FROM products WHERE id = ?)",
			takeFromSighting,
			deleteEmptied,
			"DELETE FROM products WHERE id = ?",
		} {
			if err := tx.execText(ctx, text, id[:]); err != nil {
				return err
			}
		}
		if err := tx.execText(ctx, countRemoval); err != nil {
			return err
		}
		if now == nil {
			return nil
		}
		if err := tx.insertProducts(ctx, []projections.Product{*now}); err != nil {
			return err
		}
		return tx.insertChanges(ctx, changes)
	})
	if err == nil && now != nil {
		db.words.follow()
	}
	return db.failed("replace product", id.String(), err)
}

// product returns a product as this transaction sees it, nil if it is not stored.
func (tx *transaction) product(ctx context.Context, id events.ProductID) (*projections.Product, error) {
	p, err := scanProduct(tx.w.conn.QueryRowContext(ctx, selectProducts.text(1), id[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // nothing is stored, and nothing went wrong
	}
	return &p, err
}
