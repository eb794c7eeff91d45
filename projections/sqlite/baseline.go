package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/atlant-log/atlant/projections"
)

// Baseline is bare SQLite, which benchmarks compare a store with: it writes the same rows to tables with the same indexes,
// many a statement, with nothing around. It compares nothing, knows no checkpoints, and is not for use by many at once.
type Baseline struct {
	db       *DB
	dir      string // of its own, which is removed
	products int64  // that were inserted
}

// OpenBaseline makes an empty file with the schema and indexes of the views, in a folder of its own within dir.
func OpenBaseline(ctx context.Context, dir string) (*Baseline, error) {
	own, err := os.MkdirTemp(dir, "baseline-")
	if err != nil {
		return nil, fmt.Errorf("make folder of a baseline: %w", err)
	}
	b := &Baseline{dir: own}
	if b.db, err = openDB(ctx, filepath.Join(own, "baseline.db"), 0); err != nil {
		return nil, errors.Join(err, os.RemoveAll(own))
	}
	if err := b.db.BuildIndexes(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// InsertProducts inserts products with their sightings, in the order given, in one transaction. It blocks until they are
// written.
func (b *Baseline) InsertProducts(ctx context.Context, products []projections.Product) error {
	const source = 1
	return b.write(ctx, "insert products", func(ctx context.Context, tx *transaction) error {
		first, order := b.products+1, make([]*projections.Product, len(products))
		b.products += int64(len(products))
		_, err := tx.execRows(ctx, insertProducts, len(products), func(args []any, i int) []any {
			order[i] = &products[i]
			return appendProduct(args, first+int64(i), source, order[i])
		})
		if err != nil {
			return err
		}
		return tx.insertSightings(ctx, first, order)
	})
}

var updatePrices = &rowStatement{
	before: withRows,
	row:    "(?,?,?,?,?,?,?,?)",
	after: `) UPDATE products SET price = v.column2, currency = v.column3, previous_price = v.column4,
			previous_currency = v.column5, price_changes = v.column6, price_changed_at = v.column7, written_fetch = v.column8
		FROM v WHERE products.id = v.column1`,
}

// UpdatePrices sets the products' prices and inserts the last change of each, in the order given, in one transaction. It
// blocks until they are written.
func (b *Baseline) UpdatePrices(ctx context.Context, products []projections.ChangedProduct) error {
	return b.write(ctx, "update prices", func(ctx context.Context, tx *transaction) error {
		_, err := tx.execRows(ctx, updatePrices, len(products), func(args []any, i int) []any {
			return appendPrices(args, &products[i].Product)
		})
		if err != nil {
			return err
		}
		changes := make([]projections.Change, len(products))
		for i := range products {
			p := &products[i]
			changes[i] = projections.Change{
				ProductID: p.ID, Number: p.PriceChanges, Price: p.Price, PreviousPrice: p.PreviousPrice,
				PreviousSince: p.Was.ObservedAt, At: p.Written,
			}
		}
		return tx.insertChanges(ctx, changes)
	})
}

// MoveSightings moves products to where they were seen last, many a statement, in one transaction. It blocks until they are
// written.
func (b *Baseline) MoveSightings(ctx context.Context, products []projections.Product) error {
	return b.write(ctx, "move sightings", func(ctx context.Context, tx *transaction) error { return tx.moveSightings(ctx, products) })
}

func (b *Baseline) write(ctx context.Context, operation string, fn func(context.Context, *transaction) error) error {
	return b.db.failed(operation+" of a baseline in", b.db.path, b.db.writer.do(ctx, fn))
}

// Close closes the file and removes it.
func (b *Baseline) Close() error { return errors.Join(b.db.close(), os.RemoveAll(b.dir)) }
