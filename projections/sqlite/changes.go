package sqlite

import (
	"context"
	"database/sql"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// insertChanges leaves a change that is there as it is: another projector folded the same events.
var insertChanges = &rowStatement{
	before: withRows, row: "(?,?,?,?,?,?,?,?)",
	after: `) INSERT INTO changes (product, observed_at, fetch, price, currency, previous_price, previous_currency, line)
		SELECT p.product, v.column2, v.column3, v.column4, v.column5, v.column6, v.column7, v.column8
		FROM v CROSS JOIN products p ON p.id = v.column1 WHERE true ON CONFLICT DO NOTHING`,
}

func (tx *transaction) insertChanges(ctx context.Context, changes []projections.Change) error {
	_, err := tx.execRows(ctx, insertChanges, len(changes), func(args []any, i int) []any {
		c := &changes[i]
		return append(args, c.ProductID[:], int64(c.At.ObservedAt), c.At.Fetch[:], c.Price.Micros, c.Price.Currency,
			c.PreviousPrice.Micros, c.PreviousPrice.Currency, c.Line)
	})
	return err
}

// ListChanges implements projections.ProductQueries.
func (db *DB) ListChanges(
	ctx context.Context, id events.ProductID, ascending bool, after *events.Position, limit int,
) ([]projections.Change, error) {
	text, args := changesStatement(id, ascending, after, limit)
	changes := []projections.Change{}
	err := db.reader.query(ctx, text, args, func(rows *sql.Rows) error {
		c := projections.Change{ProductID: id}
		err := rows.Scan((*int64)(&c.At.ObservedAt), &c.At.Fetch, &c.Price.Micros, &c.Price.Currency,
			&c.PreviousPrice.Micros, &c.PreviousPrice.Currency, &c.Line)
		changes = append(changes, c)
		return err
	})
	if err != nil {
		return nil, db.failed("list changes of", id.String(), err)
	}
	return changes, nil
}

func changesStatement(id events.ProductID, ascending bool, after *events.Position, limit int) (string, []any) {
	text := `SELECT observed_at, fetch, price, currency, previous_price, previous_currency, line FROM changes
		WHERE product = (SELECT product FROM products WHERE id = ?)`
	args := []any{id[:]}
	order, beyond := " ORDER BY observed_at DESC, fetch DESC", "<"
	if ascending {
		order, beyond = " ORDER BY observed_at, fetch", ">"
	}
	if after != nil {
		text += " AND (observed_at, fetch) " + beyond + " (?, ?)"
		args = append(args, int64(after.ObservedAt), after.Fetch[:])
	}
	return text + order + " LIMIT ?", append(args, limit)
}
