package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const duplicateKey = 11000 // the server's code where a document with that _id exists

// insertNew inserts documents, in no order, and returns how many were there already; those stay as they are.
func insertNew[D any](ctx context.Context, collection *driver.Collection, documents []D) (existed int, err error) {
	for chunk := range slices.Chunk(documents, documentsPerInsert) {
		_, err := collection.InsertMany(ctx, chunk, options.InsertMany().SetOrdered(false))
		n, err := duplicates(err)
		if err != nil {
			return existed, err
		}
		existed += n
	}
	return existed, nil
}

// writeAll runs writes in no order, and returns how many found their document, and how many could not be inserted because
// there was one with that key.
func writeAll(ctx context.Context, collection *driver.Collection, models []driver.WriteModel) (matched, existed int, err error) {
	if len(models) == 0 {
		return 0, 0, nil
	}
	result, err := collection.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	existed, err = duplicates(err)
	if result != nil {
		matched = int(result.MatchedCount)
	}
	return matched, existed, err
}

// duplicates returns how many writes failed because there is a document with that key, if no write failed for another
// reason.
func duplicates(err error) (int, error) {
	var failure driver.BulkWriteException
	if !errors.As(err, &failure) || failure.WriteConcernError != nil {
		return 0, err
	}
	for i := range failure.WriteErrors {
		if cause := &failure.WriteErrors[i]; !cause.HasErrorCode(duplicateKey) {
			return 0, fmt.Errorf("%d writes failed, one of them because of: %w", len(failure.WriteErrors), cause.WriteError)
		}
	}
	return len(failure.WriteErrors), nil
}
