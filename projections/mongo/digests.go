package mongo

import (
	"context"
	"fmt"
	"hash/maphash"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// digestBatch is how many documents come in one answer of the server.
const digestBatch = 5000

// ScanDigests implements projections.Scans. The digests are of whole documents as the server has them, which nobody decodes; all
// collections are read at once, each in its own order.
func (v *views) ScanDigests(ctx context.Context, sums *projections.DigestSums) error {
	reading, readingCtx := errgroup.WithContext(ctx)
	reading.Go(func() error { return scanDigests(readingCtx, v.products, sums.Seed, sums.AddProduct) })
	reading.Go(func() error { return scanDigests(readingCtx, v.sightings, sums.Seed, sums.Add) })
	reading.Go(func() error { return scanDigests(readingCtx, v.changes, sums.Seed, sums.Add) })
	err := reading.Wait()
	if err == nil {
		err = v.check(ctx) // a collection that was dropped meanwhile answers like an empty one
	}
	return v.failed("scan", "digests", err)
}

func scanDigests(
	ctx context.Context, collection *driver.Collection, seed maphash.Seed, add func(id events.ProductID, digest uint64),
) error {
	cursor, err := collection.Find(ctx, bson.D{}, options.Find().SetBatchSize(digestBatch))
	if err != nil {
		return err
	}
	defer cursor.Close(context.WithoutCancel(ctx)) //nolint:errcheck // what was read is complete
	for cursor.Next(ctx) {
		id, err := productOf(cursor.Current)
		if err != nil {
			return fmt.Errorf("%s: %w", collection.Name(), err)
		}
		add(id, maphash.Bytes(seed, cursor.Current))
	}
	return cursor.Err()
}

// productOf returns the id of the product that a document is of, which its key is or begins with.
func productOf(document bson.Raw) (id events.ProductID, err error) {
	_, key, ok := document.Lookup(fieldID).BinaryOK()
	if !ok || len(key) < sizeID {
		return id, fmt.Errorf("the key %s is none of a product", document.Lookup(fieldID))
	}
	copy(id[:], key)
	return id, nil
}
