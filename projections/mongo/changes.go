package mongo

import (
	"context"
	"math"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// The changes of a product are those between its first and its last possible position.
var (
	firstPosition = events.Position{ObservedAt: math.MinInt64, Fetch: uuid.Nil}
	lastPosition  = events.Position{ObservedAt: math.MaxInt64, Fetch: uuid.Max}
)

// writeChanges inserts changes. Those that are there are replaced: nearly always by the same, folded from the same events, but
// a fold that met a conflict has left what it made of an older state.
func (v *views) writeChanges(ctx context.Context, changes []projections.Change) error {
	all := inOrder(changes, newChangeDocument)
	existed, err := insertNew(ctx, v.changes, all)
	if err != nil || existed == 0 {
		return err
	}
	_, _, err = writeAll(ctx, v.changes, documents(all, func(d *changeDocument) driver.WriteModel {
		return driver.NewReplaceOneModel().SetFilter(bson.D{{Key: fieldID, Value: d.ID}}).SetReplacement(d)
	}))
	return err
}

// ListChanges implements projections.ProductQueries.
func (v *views) ListChanges(
	ctx context.Context, id events.ProductID, ascending bool, after *events.Position, limit int,
) ([]projections.Change, error) {
	filter, direction := changesRange(id, ascending, after)
	changes, err := v.findChanges(ctx, filter, direction, limit)
	if err != nil {
		return nil, v.failed("list changes of", id.String(), err)
	}
	return changes, nil
}

// changesRange returns the range of keys behind a position, and the direction to read it in.
func changesRange(id events.ProductID, ascending bool, after *events.Position) (filter bson.D, direction int) {
	lower := bson.E{Key: "$gte", Value: changeKey{id, firstPosition}}
	upper := bson.E{Key: "$lte", Value: changeKey{id, lastPosition}}
	direction = -1
	if ascending {
		direction = 1
	}
	switch {
	case after != nil && ascending:
		lower = bson.E{Key: "$gt", Value: changeKey{id, *after}}
	case after != nil:
		upper = bson.E{Key: "$lt", Value: changeKey{id, *after}}
	}
	return bson.D{{Key: fieldID, Value: bson.D{lower, upper}}}, direction
}

// findChanges makes sure that the views are there if it finds nothing.
func (v *views) findChanges(ctx context.Context, filter bson.D, direction, limit int) ([]projections.Change, error) {
	found, err := findAll[changeDocument](ctx, v.changes, filter, limit, options.Find().SetSort(ordered(direction, fieldID)))
	if err == nil && len(found) == 0 {
		err = v.check(ctx)
	}
	return documents(found, func(d *changeDocument) projections.Change { return d.change() }), err
}
