package sqlite

import (
	"context"
	"database/sql"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// insertChanges leaves a change that is there as it is: another projector folded the same events.
var insertChanges = &rowStatement{
	before: withRows, row: "(?,?,?,?,?,?,?,?,?,?,?,?)",
	after: `) INSERT INTO changes (product, observed_at, fetch, number, price, currency, previous_price, previous_currency,
			previous_since, line, shard, sequence)
		SELECT p.product, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8, v.column9, v.column10,
			v.column11, v.column12
		FROM v CROSS JOIN products p ON p.id = v.column1 WHERE true ON CONFLICT DO NOTHING`,
}

func (tx *transaction) insertChanges(ctx context.Context, changes []projections.Change) error {
	_, err := tx.execRows(ctx, insertChanges, len(changes), func(args []any, i int) []any {
		c := &changes[i]
		return append(args, c.ProductID[:], int64(c.At.ObservedAt), c.At.Fetch[:], c.Number, c.Price.Micros, c.Price.Currency,
			c.PreviousPrice.Micros, c.PreviousPrice.Currency, int64(c.PreviousSince), c.Line, c.Place.Shard, int64(c.Place.Sequence))
	})
	return err
}

// ListChanges implements projections.ProductQueries.
func (db *DB) ListChanges(
	ctx context.Context, id events.ProductID, ascending bool, after *events.Position, limit int,
) ([]projections.Change, error) {
	text, args := changesStatement(id, ascending, after, limit)
	changes, err := db.readChanges(ctx, text, args)
	if err != nil {
		return nil, db.failed("list changes of", id.String(), err)
	}
	return changes, nil
}

// changeColumns are what readChanges reads, of products p and changes c.
const changeColumns = "p.id, " + changeValues

// changeValues are what valuesOf reads, of changes c.
const changeValues = `c.number, c.price, c.currency, c.previous_price, c.previous_currency, c.previous_since,
	c.observed_at, c.fetch, c.line, c.shard, c.sequence`

// valuesOf returns where the columns of a change are read into, behind one that says which product it is of.
func valuesOf(product any, c *projections.Change, sequence *int64) []any {
	return []any{
		product, &c.Number, &c.Price.Micros, &c.Price.Currency, &c.PreviousPrice.Micros, &c.PreviousPrice.Currency,
		(*int64)(&c.PreviousSince), (*int64)(&c.At.ObservedAt), &c.At.Fetch, &c.Line, &c.Place.Shard, sequence,
	}
}

func (db *DB) readChanges(ctx context.Context, text string, args []any) ([]projections.Change, error) {
	changes := []projections.Change{}
	err := db.reader.query(ctx, text, args, func(rows *sql.Rows) error {
		var c projections.Change
		var sequence int64
		err := rows.Scan(valuesOf(&c.ProductID, &c, &sequence)...)
		c.Place.Sequence = uint64(sequence)
		changes = append(changes, c)
		return err
	})
	return changes, err
}

func changesStatement(id events.ProductID, ascending bool, after *events.Position, limit int) (string, []any) {
	text := "SELECT " + changeColumns + " FROM products p CROSS JOIN changes c ON c.product = p.product WHERE p.id = ?"
	args := []any{id[:]}
	order, beyond := " ORDER BY c.observed_at DESC, c.fetch DESC", "<"
	if ascending {
		order, beyond = " ORDER BY c.observed_at, c.fetch", ">"
	}
	if after != nil {
		text += " AND (c.observed_at, c.fetch) " + beyond + " (?, ?)"
		args = append(args, int64(after.ObservedAt), after.Fetch[:])
	}
	return text + order + " LIMIT ?", append(args, limit)
}
