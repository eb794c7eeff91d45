package projections

import (
	"context"
	"math"

	"github.com/atlant-log/atlant/events"
)

// Extent is how far views were in one shard of the price log while something was read from them.
type Extent struct {
	Checkpoint uint64 // they had come so far before it was read, or when it was
	LastChange uint64 // what was read shows no change of a message behind this one
}

// AnyChange is the LastChange of a store that does not know.
const AnyChange = math.MaxUint64

// ListAfterPosition implements ListProductsAt for stores that read nothing at the same moment as something else.
func ListAfterPosition(
	ctx context.Context, views interface {
		ProductQueries
		Checkpoints
	}, query ProductQuery, shards int,
) ([]Product, []Extent, error) {
	position, err := Position(ctx, views, shards)
	if err != nil {
		return nil, nil, err
	}
	products, err := views.ListProducts(ctx, query)
	extents := make([]Extent, shards)
	for shard := range extents {
		extents[shard] = Extent{Checkpoint: position[uint32(shard)], LastChange: AnyChange}
	}
	return products, extents, err
}

// positionOf returns how far the views had come before something was read.
func positionOf(extents []Extent) events.LogPosition {
	position := make(events.LogPosition, len(extents))
	for shard := range extents {
		position[uint32(shard)] = extents[shard].Checkpoint
	}
	return position
}
