package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ReplaceProduct implements projections.Repairs. What makes a crash harmless is that it can be done again, with what is
// stored then. The write of the product is a compare-and-set on all that is stored of it.
func (v *views) ReplaceProduct(
	ctx context.Context, id events.ProductID, was, now *projections.Product, changes []projections.Change,
) error {
	r := replacement{views: v, id: uuidKey(id), was: was, now: now}
	return v.failed("replace product", id.String(), r.run(ctx, changes))
}

// replacement is one ReplaceProduct at work.
type replacement struct {
	*views
	id       uuidKey
	was, now *projections.Product
	stored   *productDocument  // nil: none
	sighting *sightingDocument // nil: none
}

func (r *replacement) run(ctx context.Context, changes []projections.Change) error {
	if err := r.check(ctx); err != nil {
		return err
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	if !same(r.current(), r.was) {
		return projections.ErrConflict
	}
	if err := r.writeChanges(ctx, changes); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	if err := r.writeProduct(ctx); err != nil {
		return fmt.Errorf("write product: %w", err)
	}
	if err := r.writeSighting(ctx); err != nil {
		return fmt.Errorf("write sighting: %w", err)
	}
	if err := r.deleteChanges(ctx, changes); err != nil {
		return fmt.Errorf("delete changes: %w", err)
	}
	return nil
}

func (r *replacement) byID() bson.D { return bson.D{{Key: fieldID, Value: r.id}} }

// load reads what is stored, the sighting first, as readProducts does.
func (r *replacement) load(ctx context.Context) (err error) {
	if r.sighting, err = findOne[sightingDocument](ctx, r.sightings, r.byID()); err != nil {
		return err
	}
	r.stored, err = findOne[productDocument](ctx, r.products, r.byID())
	return err
}

func findOne[D any](ctx context.Context, collection *driver.Collection, filter bson.D) (*D, error) {
	var found D
	err := collection.FindOne(ctx, filter).Decode(&found)
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, nil //nolint:nilnil // none is an answer
	}
	return &found, err
}

// current returns the product that is stored, nil if there is none.
func (r *replacement) current() *projections.Product {
	if r.stored == nil {
		return nil
	}
	var seen events.Position
	if r.sighting != nil {
		seen = events.Position(r.sighting.Position)
	}
	p := r.stored.product(seen, r.sighting != nil)
	return &p
}

// same tells whether both are the same product in the same state, or both none.
func same(p, q *projections.Product) bool {
	if p == nil || q == nil {
		return p == q
	}
	return plain(*p) == plain(*q)
}

// plain drops the previous price where it means nothing.
func plain(p projections.Product) projections.Product {
	if p.PriceChanges == 0 {
		p.PreviousPrice = events.Price{}
	}
	return p
}

// writeProduct returns ErrConflict if what is stored is not what was loaded any more.
func (r *replacement) writeProduct(ctx context.Context) error {
	switch {
	case r.stored == nil && r.now == nil:
		return nil
	case r.stored == nil:
		return r.insertProducts(ctx, []projections.Product{*r.now})
	case r.now == nil:
		result, err := r.products.DeleteOne(ctx, r.stored)
		if err == nil && result.DeletedCount == 0 {
			err = projections.ErrConflict
		}
		return err
	}
	if err := r.insertSources(ctx, []projections.Product{*r.now}); err != nil {
		return err
	}
	result, err := r.products.ReplaceOne(ctx, r.stored, newProductDocument(r.now))
	if err == nil && result.MatchedCount == 0 {
		err = projections.ErrConflict
	}
	return err
}

// writeSighting leaves a sighting that another projector has moved meanwhile.
func (r *replacement) writeSighting(ctx context.Context) error {
	switch {
	case r.now == nil && r.sighting == nil:
		return nil
	case r.now == nil:
		_, err := r.sightings.DeleteOne(ctx, r.sighting)
		return err
	case r.sighting == nil:
		return r.insertSightings(ctx, []sightingDocument{newSightingDocument(r.now)})
	}
	_, err := r.sightings.ReplaceOne(ctx, r.sighting, newSightingDocument(r.now))
	return err
}

// deleteChanges deletes the product's other changes. If the product stays, then only as far as it was seen: beyond, another
// projector may have inserted one, and be about to write it to the product.
func (r *replacement) deleteChanges(ctx context.Context, keep []projections.Change) error {
	last := lastPosition
	if r.now != nil {
		last = r.now.Seen
		if r.was != nil && last.Compare(r.was.Seen) < 0 {
			last = r.was.Seen
		}
	}
	keys := documents(keep, func(c *projections.Change) changeKey { return changeKey{c.ProductID, c.At} })
	_, err := r.changes.DeleteMany(ctx, bson.D{{Key: fieldID, Value: bson.D{
		{Key: "$gte", Value: changeKey{events.ProductID(r.id), firstPosition}},
		{Key: "$lte", Value: changeKey{events.ProductID(r.id), last}},
		{Key: "$nin", Value: keys},
	}}})
	return err
}
