package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections"
)

// sortOrder is how a sort key is stored: its field, and the index on it.
// Those that never changed are in the index on the time of the change, under 0 and in the order of their names. In the index
// on the number of changes they would be the same way, so it is without them, and a new product has one entry less.
type sortOrder struct{ field, index string }

var sortOrders = map[projections.SortKey]sortOrder{
	projections.SortByName:            {fieldName, "by_name"},
	projections.SortByPrice:           {fieldPrice, "by_price"},
	projections.SortByPriceChanges:    {fieldPriceChanges, "by_changes"},
	projections.SortByPriceChangedAt:  {fieldPriceChangedAt, "by_price_changed_at"},
	projections.SortByFirstObservedAt: {fieldFirstObservedAt, "by_first_observed_at"},
}

// changesByPlace is the index on changes in the order of the log.
const changesByPlace = "by_place"

// The indexes of fetches.
const (
	fetchesByRequest       = "by_request"
	fetchesBySourceRequest = "by_source_request"
)

// BuildIndexes implements projections.Filling: one index for each sort. Each is led by the source, so that a page of a
// source is one range of it at any depth, and ends in name and id, by which ranges are merged; and one for the feed of changes.
func (v *views) BuildIndexes(ctx context.Context) error {
	if err := v.check(ctx); err != nil {
		return v.failed("build", "indexes", err)
	}
	// One command, because the server then reads the products once.
	if _, err := v.products.Indexes().CreateMany(ctx, sortIndexes()); err != nil {
		return v.failed("build", "indexes", err)
	}
	if _, err := v.changes.Indexes().CreateOne(ctx, feedIndex()); err != nil {
		return v.failed("build", "index of changes", err)
	}
	v.indexed.Store(true)
	return nil
}

func sortIndexes() []driver.IndexModel {
	var models []driver.IndexModel
	for key, order := range sortOrders {
		model := indexModel(order.index, fieldSource, order.field, fieldName, fieldID)
		switch key {
		case projections.SortByName:
			model.Keys = ordered(1, fieldSource, fieldName, fieldID)
		case projections.SortByPriceChanges:
			model.Options.SetPartialFilterExpression(bson.D{{Key: fieldPriceChanges, Value: bson.D{{Key: "$gte", Value: firstChange}}}})
		case projections.SortByPrice, projections.SortByPriceChangedAt, projections.SortByFirstObservedAt:
		}
		models = append(models, model)
	}
	return models
}

func feedIndex() driver.IndexModel { return indexModel(changesByPlace, fieldShard, fieldSequence) }

// create makes what must be there before anything is written; collections make themselves.
func (v *views) create(ctx context.Context) error {
	_, err := v.fetches.Indexes().CreateMany(ctx, []driver.IndexModel{
		indexModel(fetchesByRequest, fieldRequestedAt, fieldID),
		indexModel(fetchesBySourceRequest, fieldSource, fieldRequestedAt, fieldID),
	})
	return err
}

func indexModel(name string, fields ...string) driver.IndexModel {
	return driver.IndexModel{Keys: ordered(1, fields...), Options: options.Index().SetName(name)}
}

// ordered returns the keys of an index, or a sort: 1 is ascending, -1 descending. An index can be read from either end.
func ordered(direction int, fields ...string) bson.D {
	keys := make(bson.D, len(fields))
	for i, field := range fields {
		keys[i] = bson.E{Key: field, Value: direction}
	}
	return keys
}
