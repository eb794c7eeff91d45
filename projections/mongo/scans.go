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
	products, err := v.scanProducts(ctx, after, limit)
	if err == nil && len(products) == 0 {
		err = v.check(ctx)
	}
	return products, v.failed("scan", "products", err)
}

// scanProducts reads on until the page is full or nothing is left: a product that is removed meanwhile makes no short page.
func (v *views) scanProducts(ctx context.Context, after *events.ProductID, limit int) ([]projections.Product, error) {
	products := make([]projections.Product, 0, limit)
	for len(products) < limit {
		ids, err := v.scanIDs(ctx, after, limit-len(products))
		if err != nil || len(ids) == 0 {
			return products, err
		}
		// Not with the ids: readProducts has an order of its own.
		known, err := v.readProducts(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if p, ok := known[id]; ok {
				products = append(products, p)
			}
		}
		after = &ids[len(ids)-1]
	}
	return products, nil
}

func (v *views) scanIDs(ctx context.Context, after *events.ProductID, limit int) ([]events.ProductID, error) {
	filter := bson.D{}
	if after != nil {
		filter = behind(uuidKey(*after))
	}
	type key struct {
		ID uuidKey `bson:"_id"`
	}
	how := options.Find().SetSort(ordered(1, fieldID)).SetProjection(ordered(1, fieldID))
	found, err := findAll[key](ctx, v.products, filter, limit, how)
	return documents(found, func(k *key) events.ProductID { return events.ProductID(k.ID) }), err
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
