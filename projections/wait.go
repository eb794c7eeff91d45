package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
)

// WaitFor blocks until the checkpoint of a stream has reached a sequence, or returns the context's error when that ends
// first. It polls the store, so it works whichever process projects.
func WaitFor(ctx context.Context, checkpoints Checkpoints, stream events.Stream, sequence uint64) error {
	const maxPause = 100 * time.Millisecond
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, maxPause) {
		checkpoint, err := checkpoints.Checkpoint(ctx, stream)
		if err != nil {
			return fmt.Errorf("wait for %s: %w", stream, err)
		}
		if checkpoint.Sequence >= sequence {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the views are at %d of %s, not yet at %d: %w", checkpoint.Sequence, stream, sequence, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// WaitForPosition waits for every shard that the position names.
func WaitForPosition(ctx context.Context, checkpoints Checkpoints, position events.LogPosition) error {
	for shard, sequence := range position {
		if err := WaitFor(ctx, checkpoints, events.PriceStream(int(shard)), sequence); err != nil {
			return err
		}
	}
	return nil
}
