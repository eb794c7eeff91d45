package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/atlant-log/atlant/projections"
)

// Baseline is the bare driver, which benchmarks compare a store with: it writes the same documents to collections with the
// same indexes, as many at once, and nothing around. It compares nothing, knows no checkpoints, and is not for use by many at
// once. Its collections are its own, in the database that the URI names.
type Baseline struct {
	bare
	products, sightings, changes *driver.Collection
}

// OpenBaseline connects to the database that the URI names, and makes empty collections with the indexes of the views.
func OpenBaseline(ctx context.Context, uri string) (*Baseline, error) {
	return openBaseline(ctx, uri, true)
}

// openBaseline makes indexes for lists only if it is told to: a rebuild builds them when all is inserted.
func openBaseline(ctx context.Context, uri string, indexed bool) (*Baseline, error) {
	bare, err := openBare(uri, workers)
	if err != nil {
		return nil, err
	}
	b := &Baseline{bare: *bare}
	b.products, b.sightings, b.changes = b.collection("products"), b.collection("sightings"), b.collection("changes")
	if indexed {
		_, err := b.products.Indexes().CreateMany(ctx, sortIndexes())
		if err == nil {
			_, err = b.changes.Indexes().CreateOne(ctx, feedIndex())
		}
		if err != nil {
			return nil, errors.Join(failed("index", "a baseline", err), b.close(context.WithoutCancel(ctx)))
		}
	}
	return b, nil
}

// InsertProducts inserts products with their sightings. It blocks until they are written.
func (b *Baseline) InsertProducts(ctx context.Context, products []projections.Product) error {
	_, err := insertNew(ctx, b.products, documents(products, newProductDocument))
	if err == nil {
		_, err = insertNew(ctx, b.sightings, documents(products, newSightingDocument))
	}
	return failed("insert", "products of a baseline", err)
}

// UpdatePrices inserts the last change of each product and sets its prices. It blocks until they are written.
func (b *Baseline) UpdatePrices(ctx context.Context, products []projections.ChangedProduct) error {
	_, err := insertNew(ctx, b.changes, documents(products, func(p *projections.ChangedProduct) changeDocument {
		return newChangeDocument(&projections.Change{
			ProductID: p.ID, Number: p.PriceChanges, Price: p.Price, PreviousPrice: p.PreviousPrice,
			PreviousSince: p.Was.ObservedAt, At: p.Written,
		})
	}))
	if err == nil {
		_, _, err = writeAll(ctx, b.products, documents(products, func(p *projections.ChangedProduct) driver.WriteModel {
			return driver.NewUpdateOneModel().SetFilter(bson.D{{Key: fieldID, Value: uuidKey(p.ID)}}).
				SetUpdate(bson.D{{Key: "$set", Value: newProductPrices(&p.Product)}})
		}))
	}
	return failed("update", "products of a baseline", err)
}

// MoveSightings moves products, all seen at one position, there: one updateMany for every thousand ids. It blocks until they
// are written.
func (b *Baseline) MoveSightings(ctx context.Context, products []projections.Product) error {
	err := eachChunk(ctx, products, idsPerCommand, func(ctx context.Context, chunk []projections.Product) error {
		ids := documents(chunk, func(p *projections.Product) uuidKey { return uuidKey(p.ID) })
		_, err := b.sightings.UpdateMany(ctx, inIDs(ids), setPosition(positionValue(chunk[0].Seen)))
		return err
	})
	return failed("move", "sightings of a baseline", err)
}

// bare is connections, and collections that are dropped when they are closed.
type bare struct {
	client   *driver.Client
	database *driver.Database
	prefix   string // of the collections' names
	made     []*driver.Collection
}

func openBare(uri string, connections uint64) (*bare, error) {
	target, err := parseURI(uri)
	if err != nil {
		return nil, failed("read", "the URI", err)
	}
	client, err := driver.Connect(target.options.SetMaxPoolSize(connections))
	if err != nil {
		return nil, failed("connect to", target.hosts(), err)
	}
	prefix := fmt.Sprintf("baseline_%s_", strings.ToLower(rand.Text()))
	return &bare{client: client, database: client.Database(target.database), prefix: prefix}, nil
}

func (b *bare) collection(name string) *driver.Collection {
	made := b.database.Collection(b.prefix + name)
	b.made = append(b.made, made)
	return made
}

// Close drops the collections and closes the connections.
func (b *bare) Close() error { return b.close(context.Background()) }

func (b *bare) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var errs []error
	for _, collection := range b.made {
		errs = append(errs, collection.Drop(ctx))
	}
	return failed("close", "a baseline", errors.Join(append(errs, b.client.Disconnect(ctx))...))
}
