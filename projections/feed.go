package projections

import (
	"context"
	"fmt"
	"slices"

	"github.com/atlant-log/atlant/events"
)

// ReadFeed returns changes of a shard that the log holds behind a sequence, in the order of CompareInFeed, and up to which
// sequence these are all. That is no further than until, which the views had reached before: what is behind it may be there in
// part only. There are about limit changes at most.
func ReadFeed(
	ctx context.Context, views ProductQueries, shard uint32, after, until uint64, limit int,
) (changes []Change, to uint64, err error) {
	changes, err = views.FeedChanges(ctx, shard, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read changes: %w", err)
	}
	to = until
	if len(changes) >= limit {
		to = min(to, changes[len(changes)-1].Place.Sequence)
	}
	return slices.DeleteFunc(changes, func(c Change) bool { return c.Place.Sequence > to }), to, nil
}

// ProductsOf returns the products that changes are of. One may be missing: a repair has just taken it away, and its changes.
func ProductsOf(ctx context.Context, views PriceViews, changes []Change) (map[events.ProductID]Product, error) {
	if len(changes) == 0 {
		return nil, nil //nolint:nilnil // a map without products
	}
	ids := make([]events.ProductID, len(changes))
	for i := range changes {
		ids[i] = changes[i].ProductID
	}
	products, err := views.Products(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read products of changes: %w", err)
	}
	return products, nil
}
