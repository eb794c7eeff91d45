package mongo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
)

// importBatch is how many lines mongoimport sends at once.
const importBatch = 1000

// ImportBaseline does what `mongoimport --mode=upsert` does with a list of names and prices, which benchmarks compare the way
// of a list into the views with: replaceOne with upsert, by name, unordered, 1000 a command, one at a time. It keeps no
// history and detects no change. Its collection is its own, in the database that the URI names.
type ImportBaseline struct {
	bare
	products *driver.Collection
	indexed  bool
	begun    events.Micros
}

// importDocument is a line of a list. A price is what mongoimport makes of it: an integer, or else a double.
type importDocument struct {
	ID      string        `bson:"_id"`
	Price   json.Number   `bson:"price"`
	Indexed *importFields `bson:",inline"`
}

// importFields are there so that lists can be sorted as those of products can.
type importFields struct {
	Source          string        `bson:"source"`
	Name            string        `bson:"name"`
	PriceChanges    int64         `bson:"price_changes"`
	PriceChangedAt  events.Micros `bson:"price_changed_at"`
	FirstObservedAt events.Micros `bson:"first_observed_at"`
}

// OpenImport connects to the database that the URI names, and makes an empty collection. With indexes it has the secondary
// indexes of the products of the views, and so its documents have the fields that these are on: source, name, price,
// price_changes, price_changed_at and first_observed_at. Without, a document is the name as _id, and the price.
func OpenImport(ctx context.Context, uri string, indexes bool) (*ImportBaseline, error) {
	bare, err := openBare(uri, 1)
	if err != nil {
		return nil, err
	}
	b := &ImportBaseline{bare: *bare, indexed: indexes, begun: events.Micros(time.Now().UnixMicro())}
	b.products = b.collection("import")
	if indexes {
		if _, err := b.products.Indexes().CreateMany(ctx, sortIndexes()); err != nil {
			return nil, errors.Join(failed("index", "an import", err), b.close(context.WithoutCancel(ctx)))
		}
	}
	return b, nil
}

// Upsert writes lines: the price of each name, in the text of a decimal number as a CSV file has it, such as 12.50. It blocks
// until they are written. It fails where there are not as many prices as names, or a price is no number.
func (b *ImportBaseline) Upsert(ctx context.Context, names, prices []string) error {
	if len(names) != len(prices) {
		return fmt.Errorf("mongo: %d names have %d prices", len(names), len(prices))
	}
	unordered := options.BulkWrite().SetOrdered(false)
	models := make([]driver.WriteModel, len(names))
	for i, name := range names {
		models[i] = driver.NewReplaceOneModel().SetUpsert(true).
			SetFilter(bson.D{{Key: fieldID, Value: name}}).SetReplacement(b.document(name, prices[i]))
	}
	for chunk := range slices.Chunk(models, importBatch) {
		if _, err := b.products.BulkWrite(ctx, chunk, unordered); err != nil {
			return failed("upsert", "lines of an import", err)
		}
	}
	return nil
}

func (b *ImportBaseline) document(name, price string) importDocument {
	d := importDocument{ID: name, Price: json.Number(price)}
	if b.indexed {
		d.Indexed = &importFields{Source: events.DefaultSource, Name: name, FirstObservedAt: b.begun}
	}
	return d
}
