package mongo

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const duplicateKey = 11000 // the server's code where a document with that _id exists

// insertNew inserts documents, in no order, and returns how many were there already; those stay as they are.
func insertNew[D any](ctx context.Context, collection *driver.Collection, all []D) (existed int, err error) {
	var total atomic.Int64
	err = eachChunk(ctx, all, documentsPerWrite, func(ctx context.Context, chunk []D) error {
		_, err := collection.InsertMany(ctx, chunk, options.InsertMany().SetOrdered(false))
		n, err := duplicates(err)
		total.Add(int64(n))
		return err
	})
	return int(total.Load()), err
}

// writeAll runs writes, in no order, and returns how many found their document, and how many could not insert theirs because
// there is one with that key.
func writeAll(ctx context.Context, collection *driver.Collection, all []driver.WriteModel) (matched, existed int, err error) {
	var found, duplicate atomic.Int64
	err = eachChunk(ctx, all, documentsPerWrite, func(ctx context.Context, chunk []driver.WriteModel) error {
		result, err := collection.BulkWrite(ctx, chunk, options.BulkWrite().SetOrdered(false))
		n, err := duplicates(err)
		duplicate.Add(int64(n))
		if result != nil {
			found.Add(result.MatchedCount)
		}
		return err
	})
	return int(found.Load()), int(duplicate.Load()), err
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
