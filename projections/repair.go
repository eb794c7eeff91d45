package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
)

// repairAttempts bounds how often a repair is tried while projectors write to the product.
const repairAttempts = 20

// Repair folds the observations of one product afresh, and puts that in place of what the live views hold. It reads the
// whole shard, and blocks meanwhile. It returns what was wrong, nil if nothing was, and ErrNotFound if neither the log nor the
// views have such a product. If it fails otherwise, do it again, even if the product is right by then: the projectors may not know.
func (a *Auditor) Repair(ctx context.Context, id events.ProductID) (*Divergence, error) {
	views, err := a.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	for attempt := range repairAttempts {
		if attempt > 0 {
			if err := sleep(ctx, time.Duration(attempt)*50*time.Millisecond); err != nil {
				return nil, err
			}
		}
		found, err := a.repair(ctx, views, id)
		if err == nil {
			err = noteRepair(ctx, views)
		}
		if !errors.Is(err, ErrConflict) {
			return found, err
		}
	}
	return nil, fmt.Errorf("repair product %s: %w: it is being written all the time", id, ErrConflict)
}

// repair tries once.
func (a *Auditor) repair(ctx context.Context, views Views, id events.ProductID) (*Divergence, error) {
	stream := events.PriceStream(events.ShardOf(id, a.shards))
	checkpoint, err := views.Checkpoint(ctx, stream)
	if err != nil {
		return nil, err
	}
	got, err := readProduct(ctx, views, id)
	if err != nil {
		return nil, err
	}
	// What is written may be ahead of the projectors, which then meet duplicates, but never behind what they have written.
	end, err := a.source.LastSequence(ctx, stream)
	if err != nil {
		return nil, err
	}
	var changes []Change
	replay := newShardReplay(
		func(other events.ProductID) bool { return other == id },
		func(_ *replayed, c *Change) error { changes = append(changes, *c); return nil },
	)
	r := &replayer{source: a.source}
	if err := r.each(ctx, stream, 0, checkpoint.Sequence, replay.fold); err != nil {
		return nil, err
	}
	s := suspect{got: got}
	s.look(replay.find(id))
	err = r.each(ctx, stream, checkpoint.Sequence, end, func(of events.ProductID, o *events.Observation) error {
		err := replay.fold(of, o)
		s.look(replay.find(id))
		return err
	})
	if err != nil {
		return nil, err
	}
	s.want = replay.find(id)
	switch {
	case got == nil && s.want == nil:
		return nil, ErrNotFound
	case s.product && s.changes:
		return nil, nil //nolint:nilnil // nothing was wrong
	}
	var was, now *Product
	if got != nil {
		was = &got.Product
	}
	if s.want != nil {
		now = &s.want.Product
	}
	if err := views.ReplaceProduct(ctx, id, was, now, changes); err != nil {
		return nil, err
	}
	d := s.divergence(id)
	return &d, nil
}
