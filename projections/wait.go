package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
)

// WaitFor blocks until the live views have taken in a stream up to a sequence, and returns them; or the context's error when
// that ends first. It polls the store, so it works whichever process projects, and a rebuild may switch meanwhile.
func WaitFor(ctx context.Context, live LiveViews, stream events.Stream, sequence uint64) (Views, error) {
	const maxPause = 100 * time.Millisecond
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, maxPause) {
		views, err := live.Live(ctx)
		if err != nil {
			return nil, fmt.Errorf("wait for %s: %w", stream, err)
		}
		checkpoint, err := views.Checkpoint(ctx, stream)
		if err != nil {
			return nil, fmt.Errorf("wait for %s: %w", stream, err)
		}
		if checkpoint.Sequence >= sequence {
			return views, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the views are at %d of %s, not yet at %d: %w", checkpoint.Sequence, stream, sequence, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// WaitForPosition waits for every shard that the position names, and returns the live views that have reached it.
func WaitForPosition(ctx context.Context, live LiveViews, position events.LogPosition) (Views, error) {
	for {
		var last Views
		same := true
		for shard, sequence := range position {
			views, err := WaitFor(ctx, live, events.PriceStream(int(shard)), sequence)
			if err != nil {
				return nil, err
			}
			same = same && (last == nil || last.Generation() == views.Generation())
			last = views
		}
		switch {
		case last == nil:
			return live.Live(ctx)
		case same: // there was no switch between two shards
			return last, nil
		}
	}
}
