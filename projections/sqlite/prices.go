package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ApplyPrices implements projections.PriceViews. It is one transaction, so that nothing is ever half written.
func (db *DB) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	err := db.writer.do(ctx, func(ctx context.Context, tx *transaction) error {
		if err := tx.indexIDs(ctx); err != nil {
			return fmt.Errorf("index ids: %w", err)
		}
		if err := tx.insertProducts(ctx, delta.New); err != nil {
			return fmt.Errorf("insert products: %w", err)
		}
		if err := tx.updateProducts(ctx, delta.Changed); err != nil {
			return fmt.Errorf("update products: %w", err)
		}
		// After the products: a change of one that is new refers to it.
		if err := tx.insertChanges(ctx, delta.Changes); err != nil {
			return fmt.Errorf("insert changes: %w", err)
		}
		if err := tx.moveSightings(ctx, delta.Seen); err != nil {
			return fmt.Errorf("update sightings: %w", err)
		}
		return tx.writeCheckpoint(ctx, checkpoint)
	})
	if err == nil && len(delta.New) > 0 {
		db.words.follow()
	}
	return db.failed("apply prices of", string(checkpoint.Stream), err)
}

const (
	intoProducts = `INSERT INTO products (product, id, source, name, price, currency, previous_price, previous_currency,
		price_changes, first_observed_at, price_changed_at, written_fetch) VALUES `
	productRow = "(?,?,?,?,?,?,?,?,?,?,?,?)"
)

var (
	appendProducts = &rowStatement{before: intoProducts, row: productRow}
	insertProducts = &rowStatement{before: intoProducts, row: productRow, after: " ON CONFLICT DO NOTHING"}
)

// selectLastProduct gives the number that none yet is beyond. The last products may have been removed, but no number is given
// twice: the words of the next ones would be taken for known.
const selectLastProduct = "SELECT max(coalesce((SELECT max(product) FROM products), 0), (SELECT product FROM name_words_end))"

// insertProducts inserts products with their sightings. It returns ErrConflict if one of them is stored.
func (tx *transaction) insertProducts(ctx context.Context, products []projections.Product) error {
	return tx.writeProducts(ctx, insertProducts, products)
}

func (tx *transaction) writeProducts(ctx context.Context, statement *rowStatement, products []projections.Product) error {
	if len(products) == 0 {
		return nil
	}
	sources, err := tx.sources(ctx, products)
	if err != nil {
		return err
	}
	var last int64
	if err := tx.queryRow(ctx, selectLastProduct, nil, &last); err != nil {
		return err
	}
	first := last + 1
	order := orderByName(products, func(p *projections.Product) *projections.Product { return p })
	written, err := tx.execRows(ctx, statement, len(products), func(args []any, i int) []any {
		return appendProduct(args, first+int64(i), sources[order[i].Source], order[i])
	})
	if err != nil {
		return err
	}
	if written != int64(len(products)) {
		return projections.ErrConflict
	}
	if err := tx.rememberNumbers(ctx, first, order); err != nil {
		return err
	}
	return tx.insertSightings(ctx, first, order)
}

func appendProduct(args []any, number, source int64, p *projections.Product) []any {
	return append(args, number, p.ID[:], source, p.Name, p.Price.Micros, p.Price.Currency, p.PreviousPrice.Micros,
		p.PreviousPrice.Currency, p.PriceChanges, int64(p.FirstObservedAt), int64(p.PriceChangedAt()), p.Written.Fetch[:])
}

// appendPrices appends a product's id and what a change of its price changes.
func appendPrices(args []any, p *projections.Product) []any {
	return append(args, p.ID[:], p.Price.Micros, p.Price.Currency, p.PreviousPrice.Micros, p.PreviousPrice.Currency,
		p.PriceChanges, int64(p.PriceChangedAt()), p.Written.Fetch[:])
}

// sources returns the numbers of the products' sources, and gives numbers to those that are new.
func (tx *transaction) sources(ctx context.Context, products []projections.Product) (map[string]int64, error) {
	numbers := map[string]int64{}
	for i := range products {
		name := products[i].Source
		if _, ok := numbers[name]; ok {
			continue
		}
		if err := tx.execText(ctx, "INSERT INTO sources (name) VALUES (?) ON CONFLICT DO NOTHING", name); err != nil {
			return nil, err
		}
		var number int64
		if err := tx.queryRow(ctx, "SELECT source FROM sources WHERE name = ?", []any{name}, &number); err != nil {
			return nil, err
		}
		numbers[name] = number
	}
	return numbers, nil
}

// updateProducts is a compare-and-set on the position of the last write. Only the three indexes on columns that it sets
// are touched.
var updateProducts = &rowStatement{
	before: withRows,
	row:    "(?,?,?,?,?,?,?,?,?,?)",
	after: `) UPDATE products SET price = v.column2, currency = v.column3, previous_price = v.column4,
			previous_currency = v.column5, price_changes = v.column6, price_changed_at = v.column7, written_fetch = v.column8
		FROM v WHERE products.id = v.column1 AND products.written_fetch = v.column10
			AND CASE products.price_changes WHEN 0 THEN products.first_observed_at ELSE products.price_changed_at END = v.column9`,
}

func (tx *transaction) updateProducts(ctx context.Context, products []projections.ChangedProduct) error {
	order := orderByName(products, func(p *projections.ChangedProduct) *projections.Product { return &p.Product })
	written, err := tx.execRows(ctx, updateProducts, len(products), func(args []any, i int) []any {
		p := order[i]
		return append(appendPrices(args, &p.Product), int64(p.Was.ObservedAt), p.Was.Fetch[:])
	})
	if err != nil {
		return err
	}
	if written != int64(len(products)) {
		return projections.ErrConflict
	}
	return nil
}

// orderByName returns the items by source and name. The products of a batch share most sort values, and their entries in the
// indexes for lists differ by name only: in this order they are written side by side.
func orderByName[T any](items []T, product func(*T) *projections.Product) []*T {
	order := make([]*T, len(items))
	for i := range items {
		order[i] = &items[i]
	}
	slices.SortFunc(order, func(a, b *T) int { return projections.CompareNames(product(a), product(b)) })
	return order
}

func compareIDs(a, b events.ProductID) int { return bytes.Compare(a[:], b[:]) }
