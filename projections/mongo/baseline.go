package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections"
)

// bulkDocuments is the most that one bulk may have on DocumentDB; MongoDB takes four times as many.
const bulkDocuments = 25_000

// Baseline is the bare driver, which benchmarks compare a store with: it writes the same documents to collections with the
// same indexes, and nothing around. It compares nothing, knows no checkpoints, and is not for use by many at once. Its
// collections are its own, in the database that the URI names.
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
	bare, err := openBare(uri)
	if err != nil {
		return nil, err
	}
	b := &Baseline{bare: *bare}
	b.products, b.sightings, b.changes = b.collection("products"), b.collection("sightings"), b.collection("changes")
	if indexed {
		if _, err := b.products.Indexes().CreateMany(ctx, sortIndexes()); err != nil {
			return nil, errors.Join(failed("index", "a baseline", err), b.close(context.WithoutCancel(ctx)))
		}
	}
	return b, nil
}

// InsertProducts inserts products with their sightings, in bulks, in the order given. It blocks until they are written.
func (b *Baseline) InsertProducts(ctx context.Context, products []projections.Product) error {
	if len(products) == 0 {
		return nil
	}
	err := bulkInsert(ctx, b.products, documents(products, newProductDocument))
	if err == nil {
		err = bulkInsert(ctx, b.sightings, documents(products, newSightingDocument))
	}
	return failed("insert", "products of a baseline", err)
}

// UpdatePrices inserts the last change of each product and sets its prices, in bulks, in the order given. It blocks until
// they are written.
func (b *Baseline) UpdatePrices(ctx context.Context, products []projections.ChangedProduct) error {
	if len(products) == 0 {
		return nil
	}
	err := bulkInsert(ctx, b.changes, documents(products, func(p *projections.ChangedProduct) changeDocument {
		return newChangeDocument(&projections.Change{
			ProductID: p.ID, Price: p.Price, PreviousPrice: p.PreviousPrice, At: p.Written,
		})
	}))
	if err == nil {
		models := documents(products, func(p *projections.ChangedProduct) driver.WriteModel {
			return driver.NewUpdateOneModel().SetFilter(bson.D{{Key: fieldID, Value: uuidKey(p.ID)}}).
				SetUpdate(bson.D{{Key: "$set", Value: newProductPrices(&p.Product)}})
		})
		for chunk := range slices.Chunk(models, bulkDocuments) {
			if _, err = b.products.BulkWrite(ctx, chunk, options.BulkWrite().SetOrdered(false)); err != nil {
				break
			}
		}
	}
	return failed("update", "products of a baseline", err)
}

// MoveSightings moves products, all seen at one position, there: one updateMany for every thousand ids. It blocks until they
// are written.
func (b *Baseline) MoveSightings(ctx context.Context, products []projections.Product) error {
	for chunk := range slices.Chunk(products, idsPerCommand) {
		ids := documents(chunk, func(p *projections.Product) uuidKey { return uuidKey(p.ID) })
		if _, err := b.sightings.UpdateMany(ctx, inIDs(ids), setPosition(positionValue(chunk[0].Seen))); err != nil {
			return failed("move", "sightings of a baseline", err)
		}
	}
	return nil
}

// bulkInsert inserts documents in as few calls of the driver as the server takes, in no order.
func bulkInsert[D any](ctx context.Context, collection *driver.Collection, all []D) error {
	for chunk := range slices.Chunk(all, bulkDocuments) {
		if _, err := collection.InsertMany(ctx, chunk, options.InsertMany().SetOrdered(false)); err != nil {
			return err
		}
	}
	return nil
}

// bare is one connection, and collections that are dropped when it is closed.
type bare struct {
	client   *driver.Client
	database *driver.Database
	prefix   string // of the collections' names
	made     []*driver.Collection
}

func openBare(uri string) (*bare, error) {
	target, err := parseURI(uri)
	if err != nil {
		return nil, failed("read", "the URI", err)
	}
	client, err := driver.Connect(target.options.SetMaxPoolSize(1))
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

// Close drops the collections and closes the connection.
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
