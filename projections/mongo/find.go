package mongo

import (
	"bytes"
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// findAll returns up to limit documents, in one answer of the server unless they are too large for it.
func findAll[D any](
	ctx context.Context, collection *driver.Collection, filter bson.D, limit int, how *options.FindOptionsBuilder,
) ([]D, error) {
	cursor, err := collection.Find(ctx, filter, how.SetLimit(int64(limit)).SetBatchSize(int32(limit)))
	if err != nil {
		return nil, err
	}
	found := []D{}
	return found, cursor.All(ctx, &found)
}

// inIDs is the filter for these ids.
func inIDs(ids []uuidKey) bson.D {
	return bson.D{{Key: fieldID, Value: bson.D{{Key: "$in", Value: ids}}}}
}

func compareIDs(a, b uuidKey) int { return bytes.Compare(a[:], b[:]) }
