package mongo

import (
	"slices"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Names of fields that filters, sorts and indexes use. All prices are in micros, all times in microseconds since the Unix
// epoch unless they say otherwise.
const (
	fieldID              = "_id"
	fieldSource          = "source"
	fieldName            = "name"
	fieldPrice           = "price"
	fieldPriceChanges    = "price_changes"
	fieldFirstObservedAt = "first_observed_at"
	fieldPriceChangedAt  = "price_changed_at"
	fieldWritten         = "written"
	fieldPosition        = "position"
	fieldRequestedAt     = "requested_at"
	fieldSequence        = "sequence"
	fieldShard           = "shard"
)

// productDocument is a product without its last sighting. It is written only when something changes, because an update pays
// for the indexes.
type productDocument struct {
	ID              uuidKey       `bson:"_id"`
	Source          string        `bson:"source"`
	Name            string        `bson:"name"`
	Prices          productPrices `bson:",inline"`
	FirstObservedAt events.Micros `bson:"first_observed_at"`
}

// productPrices is what a change of the price changes.
type productPrices struct {
	Price            int64         `bson:"price"`
	Currency         string        `bson:"currency"`
	PreviousPrice    int64         `bson:"previous_price"` // this and its currency mean nothing while price_changes is 0
	PreviousCurrency string        `bson:"previous_currency"`
	PriceChanges     int64         `bson:"price_changes"`
	PriceChangedAt   events.Micros `bson:"price_changed_at"` // 0 while price_changes is 0
	Written          positionValue `bson:"written"`
}

func newProductDocument(p *projections.Product) productDocument {
	return productDocument{
		ID: uuidKey(p.ID), Source: p.Source, Name: p.Name, FirstObservedAt: p.FirstObservedAt, Prices: newProductPrices(p),
	}
}

func newProductPrices(p *projections.Product) productPrices {
	return productPrices{
		Price: p.Price.Micros, Currency: p.Price.Currency,
		PreviousPrice: p.PreviousPrice.Micros, PreviousCurrency: p.PreviousPrice.Currency,
		PriceChanges: p.PriceChanges, PriceChangedAt: p.PriceChangedAt(), Written: positionValue(p.Written),
	}
}

// product returns the product, last seen at a position. It was seen when it was written in any case: between the two writes
// a projector may have crashed.
func (d productDocument) product(seen events.Position, sighted bool) projections.Product {
	written := events.Position(d.Prices.Written)
	if !sighted || seen.Compare(written) < 0 {
		seen = written
	}
	return projections.Product{
		ID: events.ProductID(d.ID), Source: d.Source, Name: d.Name,
		Price:           events.Price{Micros: d.Prices.Price, Currency: d.Prices.Currency},
		PreviousPrice:   events.Price{Micros: d.Prices.PreviousPrice, Currency: d.Prices.PreviousCurrency},
		PriceChanges:    d.Prices.PriceChanges,
		FirstObservedAt: d.FirstObservedAt,
		Written:         written,
		Seen:            seen,
	}
}

// sightingDocument says where a product was seen last. Every observation writes it, hence no index but the key.
type sightingDocument struct {
	ID       uuidKey       `bson:"_id"`
	Position positionValue `bson:"position"`
}

func newSightingDocument(p *projections.Product) sightingDocument {
	return sightingDocument{ID: uuidKey(p.ID), Position: positionValue(p.Seen)}
}

// productUpdate is a change of a product's price, and when it was written before.
type productUpdate struct {
	ID     uuidKey
	Was    positionValue
	Prices productPrices
}

func newProductUpdate(p *projections.ChangedProduct) productUpdate {
	return productUpdate{uuidKey(p.ID), positionValue(p.Was), newProductPrices(&p.Product)}
}

type changeDocument struct {
	ID               changeKey     `bson:"_id"`
	Number           int64         `bson:"number"` // among the product's changes, counted from 1
	Price            int64         `bson:"price"`
	Currency         string        `bson:"currency"`
	PreviousPrice    int64         `bson:"previous_price"`
	PreviousCurrency string        `bson:"previous_currency"`
	PreviousSince    events.Micros `bson:"previous_since"` // when the previous price began
	Line             int64         `bson:"line"`
	Shard            int32         `bson:"shard"` // this and sequence: of the message of the log
	Sequence         int64         `bson:"sequence"`
}

func newChangeDocument(c *projections.Change) changeDocument {
	return changeDocument{
		ID: changeKey{c.ProductID, c.At}, Number: c.Number, Price: c.Price.Micros, Currency: c.Price.Currency,
		PreviousPrice: c.PreviousPrice.Micros, PreviousCurrency: c.PreviousPrice.Currency, PreviousSince: c.PreviousSince,
		Line: c.Line, Shard: int32(c.Place.Shard), Sequence: int64(c.Place.Sequence),
	}
}

func (d changeDocument) change() projections.Change {
	return projections.Change{
		ProductID: d.ID.product, Number: d.Number, PreviousSince: d.PreviousSince, At: d.ID.at, Line: d.Line,
		Place:         events.LogPlace{Shard: uint32(d.Shard), Sequence: uint64(d.Sequence)},
		Price:         events.Price{Micros: d.Price, Currency: d.Currency},
		PreviousPrice: events.Price{Micros: d.PreviousPrice, Currency: d.PreviousCurrency},
	}
}

// Whose product they are.
func (d productDocument) owner() uuidKey  { return d.ID }
func (d sightingDocument) owner() uuidKey { return d.ID }
func (d changeDocument) owner() uuidKey   { return uuidKey(d.ID.product) }

// inOrder returns what is to be written of products by their ids. What lies together is then written together, and two
// projectors at once never wait for each other crosswise.
func inOrder[T any, D interface{ owner() uuidKey }](items []T, document func(*T) D) []D {
	all := documents(items, document)
	slices.SortStableFunc(all, func(a, b D) int { return compareIDs(a.owner(), b.owner()) })
	return all
}

// byName returns the items by source and name. The products of a batch share most sort values, and their entries in the
// indexes for lists differ by name only: in this order they are written side by side, and as with inOrder nobody waits
// crosswise.
func byName[T any](items []T, product func(*T) *projections.Product) []T {
	sorted := slices.Clone(items)
	slices.SortFunc(sorted, func(a, b T) int { return projections.CompareNames(product(&a), product(&b)) })
	return sorted
}

// documents turns items into what is stored of them.
func documents[T, D any](items []T, document func(*T) D) []D {
	all := make([]D, len(items))
	for i := range items {
		all[i] = document(&items[i])
	}
	return all
}
