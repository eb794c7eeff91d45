package mongo

import (
	"context"
	"fmt"
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections"
)

// FeedChanges implements projections.ProductQueries.
func (v *views) FeedChanges(ctx context.Context, shard uint32, after uint64, limit int) ([]projections.Change, error) {
	changes, err := v.readFeed(ctx, int32(shard), int64(min(after, math.MaxInt64)), limit)
	slices.SortFunc(changes, projections.CompareInFeed)
	return changes, v.failed("read changes of", fmt.Sprintf("shard %d", shard), err)
}

// readFeed reads the last message's changes once more if the limit may have cut them: a message has few.
func (v *views) readFeed(ctx context.Context, shard int32, after int64, limit int) ([]projections.Change, error) {
	find := func(operator string, sequence int64, most int) ([]changeDocument, error) {
		filter := bson.D{{Key: fieldShard, Value: shard}, {Key: fieldSequence, Value: bson.D{{Key: operator, Value: sequence}}}}
		how := options.Find().SetHint(changesByPlace).SetSort(ordered(1, fieldShard, fieldSequence))
		return findAll[changeDocument](ctx, v.changes, filter, most, how)
	}
	found, err := find("$gt", after, limit)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return []projections.Change{}, v.check(ctx)
	case len(found) == limit:
		last := found[limit-1].Sequence
		found = slices.DeleteFunc(found, func(d changeDocument) bool { return d.Sequence == last })
		all, err := find("$eq", last, math.MaxInt32)
		if err != nil {
			return nil, err
		}
		found = append(found, all...)
	}
	return documents(found, func(d *changeDocument) projections.Change { return d.change() }), nil
}
