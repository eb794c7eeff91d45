package projections

import (
	"context"
	"fmt"

	"github.com/atlant-log/atlant/events"
)

// repairs stands for a stream whose last message is the number of the last repair: a product that was repaired is in a state
// that does not follow from the one before, so a projector that remembers that one has to forget it.
const repairs events.Stream = "REPAIRS"

// repairsOf returns the number of the last repair of the views.
func repairsOf(ctx context.Context, views Checkpoints) (uint64, error) {
	checkpoint, err := views.Checkpoint(ctx, repairs)
	if err != nil {
		return 0, fmt.Errorf("look for repairs: %w", err)
	}
	return checkpoint.Sequence, nil
}

// noteRepair tells every projector to these views, of any process, that what it remembers of them may be wrong. It is called
// after the repair.
func noteRepair(ctx context.Context, views Views) error {
	last, err := repairsOf(ctx, views)
	if err != nil {
		return err
	}
	// Another repair may get the same number: both were made before either read the last one, so it tells of both.
	if err := views.ApplyPrices(ctx, Delta{}, Checkpoint{Stream: repairs, Sequence: last + 1}); err != nil {
		return fmt.Errorf("note the repair: %w", err)
	}
	return nil
}
