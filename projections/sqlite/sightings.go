package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

var (
	// addSightings adds products to blocks, in which they are not yet.
	addSightings = &rowStatement{
		before: "INSERT INTO sightings (block, observed_at, fetch, products) VALUES ", row: "(?,?,?,?)",
		after: " ON CONFLICT DO UPDATE SET products = products | excluded.products",
	}
	setSightings = &rowStatement{
		before: addSightings.before, row: addSightings.row, after: " ON CONFLICT DO UPDATE SET products = excluded.products",
	}
	deleteSightings = &rowStatement{
		before: withRows, row: "(?,?,?)", after: ") DELETE FROM sightings WHERE (block, observed_at, fetch) IN (SELECT * FROM v)",
	}
	selectSightings = &rowStatement{
		before: "SELECT block, observed_at, fetch, products FROM sightings WHERE block IN (", row: "?", after: ")",
	}
)

const (
	// ofSighting finds the sighting s of a product p.
	ofSighting = "s.block = p.product >> 6 AND (s.products >> (p.product & 63)) & 1"
	// takeFromSighting takes a product out of its sighting, which goes with the last one.
	takeFromSighting = `UPDATE sightings SET products = products & ~(1 << (p.product & 63)) FROM products p
		WHERE p.id = ? AND sightings.block = p.product >> 6 AND (sightings.products >> (p.product & 63)) & 1`
	deleteEmptied = "DELETE FROM sightings WHERE products = 0 AND block = (SELECT product >> 6 FROM products WHERE id = ?)"
)

// insertSightings inserts those of new products, from the first of their numbers on, in their order.
func (tx *transaction) insertSightings(ctx context.Context, first int64, products []*projections.Product) error {
	blocks := gatherSightings(len(products), func(i int) (int64, events.Position) { return first + int64(i), products[i].Seen })
	return tx.writeSightings(ctx, addSightings, blocks)
}

// moveSightings moves products to their last observation, unless another projector, which is ahead, has moved them further. It
// returns ErrConflict if one of the products does not exist.
func (tx *transaction) moveSightings(ctx context.Context, seen []projections.Product) error {
	if len(seen) == 0 {
		return nil
	}
	numbers, err := tx.numbersOf(ctx, seen)
	if err != nil {
		return err
	}
	arrived := gatherSightings(len(seen), func(i int) (int64, events.Position) { return numbers[i], seen[i].Seen })
	for len(arrived) > 0 {
		some := firstBlocks(arrived, idsPerStatement)
		stored, err := tx.sightings(ctx, some)
		if err != nil {
			return err
		}
		changed, emptied := moveSightings(stored, some)
		if err := tx.writeSightings(ctx, setSightings, changed); err != nil {
			return err
		}
		_, err = tx.execRows(ctx, deleteSightings, len(emptied), func(args []any, i int) []any {
			return append(args, emptied[i].block, int64(emptied[i].at.ObservedAt), emptied[i].at.Fetch[:])
		})
		if err != nil {
			return err
		}
		arrived = arrived[len(some):]
	}
	return nil
}

// sightings returns what is stored of the blocks of some sightings, which come by block; so does what it returns.
func (tx *transaction) sightings(ctx context.Context, of []sighting) ([]sighting, error) {
	var args []any
	for i := range of {
		if i == 0 || of[i].block != of[i-1].block {
			args = append(args, of[i].block)
		}
	}
	var stored []sighting
	err := tx.query(ctx, selectSightings, pad(args), func(rows *sql.Rows) error {
		var s sighting
		var products int64
		err := rows.Scan(&s.block, (*int64)(&s.at.ObservedAt), &s.at.Fetch, &products)
		s.products = uint64(products)
		stored = append(stored, s)
		return err
	})
	slices.SortFunc(stored, sighting.compare)
	return stored, err
}

func (tx *transaction) writeSightings(ctx context.Context, statement *rowStatement, sightings []sighting) error {
	_, err := tx.execRows(ctx, statement, len(sightings), func(args []any, i int) []any {
		s := &sightings[i]
		return append(args, s.block, int64(s.at.ObservedAt), s.at.Fetch[:], int64(s.products))
	})
	return err
}
