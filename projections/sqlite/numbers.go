package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// maxKnownNumbers bounds the numbers that are remembered, and so their memory, which is some 40 bytes each.
const maxKnownNumbers = 1 << 19

// numberTable remembers numbers of products, because to look them up takes longer than what is then done with them. It remembers
// the first ones that it meets and no more, for lists come again in the same order: what came last would always be forgotten
// when it is needed. Only who has the turn to write uses it.
type numberTable struct {
	numbers  map[events.ProductID]int64
	removals int64 // that had been when it was used last: a number is given to no other product, but may be taken away
}

func (t *numberTable) remember(id events.ProductID, number int64) {
	if t.numbers == nil {
		t.numbers = map[events.ProductID]int64{}
	}
	if _, known := t.numbers[id]; known || len(t.numbers) < maxKnownNumbers {
		t.numbers[id] = number
	}
}

func (t *numberTable) forget() { t.numbers = nil }

const (
	selectRemovals = "SELECT products FROM removals"
	countRemoval   = "UPDATE removals SET products = products + 1"
)

// knownNumbers returns the table, empty if what it remembered may not be true any more, whichever process did that.
func (tx *transaction) knownNumbers(ctx context.Context) (*numberTable, error) {
	known := &tx.w.known
	before := known.removals
	if err := tx.queryRow(ctx, selectRemovals, nil, &known.removals); err != nil {
		return nil, err
	}
	if known.removals != before {
		known.forget()
	}
	return known, nil
}

// rememberNumbers remembers those of new products, from the first on, in their order.
func (tx *transaction) rememberNumbers(ctx context.Context, first int64, products []*projections.Product) error {
	known, err := tx.knownNumbers(ctx)
	if err != nil {
		return err
	}
	for i, p := range products {
		known.remember(p.ID, first+int64(i))
	}
	return nil
}

var selectNumbers = &rowStatement{before: "SELECT id, product FROM products WHERE id IN (", row: "?", after: ")"}

// numbersOf returns the number of each of the products. It returns ErrConflict if one of them is not stored.
func (tx *transaction) numbersOf(ctx context.Context, products []projections.Product) ([]int64, error) {
	known, err := tx.knownNumbers(ctx)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, len(products))
	var unknown []events.ProductID
	for i := range products {
		var ok bool
		if numbers[i], ok = known.numbers[products[i].ID]; !ok {
			unknown = append(unknown, products[i].ID)
		}
	}
	if len(unknown) == 0 {
		return numbers, nil
	}
	found, err := tx.findNumbers(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for i := range numbers {
		if numbers[i] > 0 {
			continue
		}
		number, ok := found[products[i].ID]
		if !ok {
			return nil, projections.ErrConflict
		}
		numbers[i] = number
	}
	return numbers, nil
}

// findNumbers looks numbers up, and remembers them.
func (tx *transaction) findNumbers(ctx context.Context, ids []events.ProductID) (map[events.ProductID]int64, error) {
	found := make(map[events.ProductID]int64, len(ids))
	var args []any
	for ids := range slices.Chunk(sortedIDs(ids), idsPerStatement) {
		args = appendIDs(args[:0], ids)
		err := tx.query(ctx, selectNumbers, args, func(rows *sql.Rows) error {
			var id events.ProductID
			var number int64
			err := rows.Scan(&id, &number)
			found[id] = number
			tx.w.known.remember(id, number)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
