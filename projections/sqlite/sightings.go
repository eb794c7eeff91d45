package sqlite

import (
	"context"
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// minGroup is how many products must share a position for one statement to move them all by a list of ids.
const minGroup = 20

// A projector that lags behind must not move a sighting back; that is what the comparison is for.
const moveOnly = ` ON CONFLICT (product) DO UPDATE SET observed_at = excluded.observed_at, fetch = excluded.fetch
	WHERE (observed_at, fetch) < (excluded.observed_at, excluded.fetch)`

var (
	// Inserts, all of whose rows are there: UPDATE FROM would begin with a scan of all sightings, and UPDATE with a list of
	// ids sorts them first, and then the rows that it finds.
	moveSightingsTogether = &rowStatement{
		before: withRows, row: "(?)", after: `) INSERT INTO sightings (product, observed_at, fetch)
			SELECT p.product, ?, ? FROM v CROSS JOIN products p ON p.id = v.column1 WHERE true` + moveOnly,
	}
	moveSightingsEach = &rowStatement{
		before: withRows, row: "(?,?,?)", after: `) INSERT INTO sightings (product, observed_at, fetch)
			SELECT p.product, v.column2, v.column3 FROM v CROSS JOIN products p ON p.id = v.column1 WHERE true` + moveOnly,
	}
	countProducts = &rowStatement{before: "SELECT count(*) FROM products WHERE id IN (", row: "?", after: ")"}
)

// moveSightings moves products to their last observation. Nearly always there are many of one fetch, and these go together.
func (tx *transaction) moveSightings(ctx context.Context, seen []projections.Product) error {
	groups, rest := groupByPosition(seen)
	var moved int64
	for _, group := range groups {
		n, err := tx.moveTogether(ctx, group.position, group.ids)
		if err != nil {
			return err
		}
		moved += n
	}
	n, err := tx.execRows(ctx, moveSightingsEach, len(rest), func(args []any, i int) []any {
		p := rest[i]
		return append(args, p.ID[:], int64(p.Seen.ObservedAt), p.Seen.Fetch[:])
	})
	if err != nil {
		return err
	}
	if moved+n == int64(len(seen)) {
		return nil
	}
	return tx.checkKnown(ctx, seen)
}

// sightingGroup is products whose last observation is the same.
type sightingGroup struct {
	position events.Position
	ids      []events.ProductID
}

// groupByPosition splits products into large groups, in the order of their first products, and those that are in none.
func groupByPosition(seen []projections.Product) (groups []sightingGroup, rest []*projections.Product) {
	size := map[events.Position]int{}
	for i := range seen {
		size[seen[i].Seen]++
	}
	index := map[events.Position]int{}
	for i := range seen {
		p := &seen[i]
		if size[p.Seen] < minGroup {
			rest = append(rest, p)
			continue
		}
		at, ok := index[p.Seen]
		if !ok {
			at = len(groups)
			index[p.Seen] = at
			groups = append(groups, sightingGroup{position: p.Seen, ids: make([]events.ProductID, 0, size[p.Seen])})
		}
		groups[at].ids = append(groups[at].ids, p.ID)
	}
	return groups, rest
}

func (tx *transaction) moveTogether(
	ctx context.Context, position events.Position, ids []events.ProductID,
) (moved int64, err error) {
	var args []any
	slices.SortFunc(ids, compareIDs)
	for chunk := range slices.Chunk(ids, idsPerStatement) {
		args = appendIDs(args[:0], chunk)
		n, err := tx.exec(ctx, moveSightingsTogether, len(args), append(args, int64(position.ObservedAt), position.Fetch[:]))
		if err != nil {
			return 0, err
		}
		moved += n
	}
	return moved, nil
}

// checkKnown returns ErrConflict if one of the products does not exist. A sighting that did not move is else one that
// another projector moved further.
func (tx *transaction) checkKnown(ctx context.Context, seen []projections.Product) error {
	ids := make([]events.ProductID, len(seen))
	for i := range seen {
		ids[i] = seen[i].ID
	}
	for chunk := range slices.Chunk(ids, idsPerStatement) {
		args := appendIDs(nil, chunk)
		var known int
		if err := tx.queryRow(ctx, countProducts.text(len(args)), args, &known); err != nil {
			return err
		}
		if known != len(chunk) {
			return projections.ErrConflict
		}
	}
	return nil
}
