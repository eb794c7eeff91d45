package fetch

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

const (
	// maxDays bounds the moments that a list may give its prices, and so the memory that ordering by them takes.
	maxDays = 1_000_000
	// rowsAtOnce is how many rows are in memory while they are put in order.
	rowsAtOnce = 500_000
)

// errTooManyDays says that the column with the dates of a list is of something else.
var errTooManyDays = fmt.Errorf("the list gives its prices more than %d different times, the most that is taken", maxDays)

// days are the moments at which the prices of a list held, with the number of their rows. They must be published in that
// order: a projector takes what comes after a later price as late.
type days struct {
	rows     map[events.Micros]int
	last     events.Micros
	disorder bool
}

func (d *days) note(at events.Micros) error {
	if d.rows == nil {
		d.rows = map[events.Micros]int{}
	}
	d.disorder = d.disorder || at < d.last
	d.last = at
	d.rows[at]++
	if len(d.rows) > maxDays {
		return errTooManyDays
	}
	return nil
}

// inOrder tells whether the rows are in the order of their days as they are.
func (d *days) inOrder() bool { return !d.disorder }

// spans returns ranges of days, in order, each with as many rows as may be in memory at once, or one day only.
func (d *days) spans() [][2]events.Micros {
	var all [][2]events.Micros
	rows := 0
	for _, day := range slices.Sorted(maps.Keys(d.rows)) {
		if rows += d.rows[day]; len(all) == 0 || rows > rowsAtOnce {
			all, rows = append(all, [2]events.Micros{day, day}), d.rows[day]
		}
		all[len(all)-1][1] = day
	}
	return all
}

// observationsByDay reads the list once for each span of days.
func (r *reading) observationsByDay(
	ctx context.Context, at events.Position, visit func(place int64, o *events.Observation) error,
) error {
	place := int64(0)
	for _, span := range r.days.spans() {
		var all []events.Observation
		err := r.list.Rows(ctx, func(row *pricelist.Row) error {
			if row.Reject != nil || row.ObservedAt < span[0] || row.ObservedAt > span[1] {
				return nil
			}
			if o, ok := r.observation(row, at); ok {
				o.Name = strings.Clone(o.Name) // it is cut from a larger piece
				all = append(all, o)
			}
			return nil
		})
		if err != nil {
			return err
		}
		slices.SortStableFunc(all, func(a, b events.Observation) int {
			return cmp.Compare(a.Position.ObservedAt, b.Position.ObservedAt)
		})
		for i := range all {
			place++
			if err := visit(place, &all[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
