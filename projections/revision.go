package projections

import (
	"context"
	"fmt"
	"strings"

	"github.com/atlant-log/atlant/events"
)

// Position returns how far views have come in each shard of the price log, in one read. What is read from the views after
// that is at least as new.
func Position(ctx context.Context, views Checkpoints, shards int) (events.LogPosition, error) {
	position, _, err := positionAndRepair(ctx, views, shards)
	return position, err
}

// Revision returns a text that is another one after anything about products has changed in the views, but for what their
// projector is just writing and has not checkpointed. What is read from the views after that is at least as new.
func Revision(ctx context.Context, views Views, shards int) (string, error) {
	position, repair, err := positionAndRepair(ctx, views, shards)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d %d", views.Generation(), repair)
	for shard := range shards {
		fmt.Fprintf(&text, " %d", position[uint32(shard)])
	}
	return text.String(), nil
}

func positionAndRepair(
	ctx context.Context, views Checkpoints, shards int,
) (position events.LogPosition, repair uint64, err error) {
	all, err := views.Checkpoints(ctx)
	if err != nil {
		return nil, 0, err
	}
	sequences := make(map[events.Stream]uint64, len(all))
	for i := range all {
		sequences[all[i].Stream] = all[i].Sequence
	}
	position = make(events.LogPosition, shards)
	for shard := range shards {
		position[uint32(shard)] = sequences[events.PriceStream(shard)]
	}
	return position, sequences[repairs], nil
}
