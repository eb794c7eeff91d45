package mongo

import (
	"context"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// EstimateProducts implements projections.ProductQueries.
func (v *views) EstimateProducts(ctx context.Context, filter projections.ProductFilter, most int64) (int64, bool, error) {
	count, exact, err := v.estimate(ctx, &filter, most)
	if err == nil && count == 0 {
		err = v.check(ctx)
	}
	if err != nil {
		return 0, false, v.failed("estimate", "products", err)
	}
	return count, exact, nil
}

func (v *views) estimate(ctx context.Context, filter *projections.ProductFilter, most int64) (count int64, exact bool, err error) {
	found, exact, err := v.countUpTo(ctx, filter, most)
	if err != nil || exact {
		return found, exact, err
	}
	match, looked, all, err := v.sample(ctx, filter)
	return projections.Estimate(max(all, found), match, looked, found), false, err
}

// countUpTo counts matches among so many products: those that have the words, or those in a range of the index that the
// filter bounds best. Exact tells whether there are no more.
func (v *views) countUpTo(ctx context.Context, filter *projections.ProductFilter, most int64) (found int64, exact bool, err error) {
	if len(filter.Words) > 0 {
		return v.countFound(ctx, filter, int(most))
	}
	key := projections.SortByName
	switch {
	case filter.ChangedSince != nil:
		key = projections.SortByPriceChangedAt
	case filter.MinPriceMicros != nil || filter.MaxPriceMicros != nil:
		key = projections.SortByPrice
	}
	inRange := bson.D{}
	if filter.Source != "" {
		inRange = append(inRange, bson.E{Key: fieldSource, Value: filter.Source})
	} else { // the indexes are led by it
		sources, err := v.sourcesOf(ctx, "")
		if err != nil {
			return 0, false, err
		}
		inRange = append(inRange, bson.E{Key: fieldSource, Value: oneOf(sources)})
	}
	if bounds := sortBounds(key, filter).operators(); len(bounds) > 0 {
		inRange = append(inRange, bson.E{Key: sortOrders[key].field, Value: bounds})
	}
	passes := append(bson.D{}, otherConditions(filter, key)...)
	count := bson.D{{Key: "$count", Value: "n"}}
	looked, err := v.countOf(ctx, bson.D{{Key: "$match", Value: inRange}}, bson.D{{Key: "$limit", Value: most + 1}}, count)
	if err != nil || looked == 0 || len(passes) == 0 {
		return looked, looked <= most, err
	}
	found, err = v.countOf(ctx, bson.D{{Key: "$match", Value: inRange}}, bson.D{{Key: "$limit", Value: most + 1}},
		bson.D{{Key: "$match", Value: passes}}, count)
	return found, looked <= most, err
}

// countOf returns what a pipeline counted, which gives nothing for nothing.
func (v *views) countOf(ctx context.Context, stages ...bson.D) (int64, error) {
	cursor, err := v.products.Aggregate(ctx, driver.Pipeline(stages))
	if err != nil {
		return 0, err
	}
	var counted []struct {
		N int64 `bson:"n"`
	}
	if err := cursor.All(ctx, &counted); err != nil || len(counted) == 0 {
		return 0, err
	}
	return counted[0].N, nil
}

// sample looks at the products with the lowest ids. Ids are as good as random, so these are a fair sample of all, and how high
// the last of them is tells how many there are. It returns how many of those that it looked at match.
func (v *views) sample(ctx context.Context, filter *projections.ProductFilter) (match, looked, all int64, err error) {
	how := options.Find().SetSort(ordered(1, fieldID))
	sampled, err := findAll[productDocument](ctx, v.products, bson.D{}, projections.SampledProducts, how)
	if err != nil || len(sampled) == 0 {
		return 0, 0, 0, err
	}
	for i := range sampled {
		p := sampled[i].product(events.Position{}, false)
		if filter.Passes(&p) {
			match++
		}
	}
	looked = int64(len(sampled))
	if looked < projections.SampledProducts {
		return match, looked, looked, nil
	}
	last := binary.BigEndian.Uint32(sampled[looked-1].ID[:])
	return match, looked, looked << 32 / (int64(last) + 1), nil
}
