package sqlite

import (
	"context"
	"database/sql"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ScanProducts implements projections.Scans.
func (db *DB) ScanProducts(ctx context.Context, after *events.ProductID, limit int) ([]projections.Product, error) {
	// CROSS JOIN keeps the order; a UNIQUE column has an index of its own.
	text := "SELECT " + productColumns + " FROM products p" + productJoins
	var args []any
	if after != nil {
		text += " WHERE p.id > ?"
		args = append(args, after[:])
	}
	products := []projections.Product{}
	err := db.reader.query(ctx, text+" ORDER BY p.id LIMIT ?", append(args, limit), func(rows *sql.Rows) error {
		p, err := scanProduct(rows)
		products = append(products, p)
		return err
	})
	if err != nil {
		return nil, db.failed("scan", "products", err)
	}
	return products, nil
}

// ScanChanges implements projections.Scans. Two statements, because SQLite takes a range over two tables for a scan.
func (db *DB) ScanChanges(ctx context.Context, after *projections.ChangeCursor, limit int) ([]projections.Change, error) {
	const of = " FROM products p CROSS JOIN changes c ON c.product = p.product WHERE "
	changes := []projections.Change{}
	read := func(where string, args ...any) error {
		text := "SELECT " + changeColumns + of + where + " ORDER BY p.id, c.observed_at, c.fetch LIMIT ?"
		more, err := db.readChanges(ctx, text, append(args, limit-len(changes)))
		changes = append(changes, more...)
		return err
	}
	beyond := []byte{}
	if after != nil {
		beyond = after.ProductID[:]
		err := read("p.id = ? AND (c.observed_at, c.fetch) > (?, ?)", beyond, int64(after.At.ObservedAt), after.At.Fetch[:])
		if err != nil {
			return nil, db.failed("scan", "changes", err)
		}
	}
	if len(changes) < limit {
		if err := read("p.id > ?", beyond); err != nil {
			return nil, db.failed("scan", "changes", err)
		}
	}
	return changes, nil
}
