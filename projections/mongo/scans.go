package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ScanProducts implements projections.Scans.
func (v *views) ScanProducts(ctx context.Context, after *events.ProductID, limit int) ([]projections.Product, error) {
	filter := bson.D{}
	if after != nil {
		filter = behind(uuidKey(*after))
	}
	found, err := findAll[productDocument](ctx, v.products, filter, limit, options.Find().SetSort(ordered(1, fieldID)))
	var products []projections.Product
	switch {
	case err != nil:
	case len(found) == 0:
		err = v.check(ctx)
	default:
		products, err = v.sighted(ctx, found)
	}
	return products, v.failed("scan", "products", err)
}

// ScanChanges implements projections.Scans.
func (v *views) ScanChanges(ctx context.Context, after *projections.ChangeCursor, limit int) ([]projections.Change, error) {
	filter := bson.D{}
	if after != nil {
		filter = behind(changeKey{after.ProductID, after.At})
	}
	changes, err := v.findChanges(ctx, filter, 1, limit)
	return changes, v.failed("scan", "changes", err)
}

func behind(key bson.ValueMarshaler) bson.D {
	return bson.D{{Key: fieldID, Value: bson.D{{Key: "$gt", Value: key}}}}
}
