package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections"
)

// ApplyPrices implements projections.PriceViews. It is no transaction; the order of the writes is what makes a crash between
// any two of them harmless. A change may precede its product, and a product its sighting: until then it counts as seen where
// it was written. The sightings come last, because an observation at or before one is taken for folded.
func (v *views) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) error {
	return v.failed("apply prices of", string(checkpoint.Stream), v.applyPrices(ctx, &delta, checkpoint))
}

func (v *views) applyPrices(ctx context.Context, delta *projections.Delta, checkpoint projections.Checkpoint) error {
	if err := v.check(ctx); err != nil {
		return err
	}
	// The compare-and-set below is what counts. This finds a conflict before there are changes that nothing leads to.
	sorted := byName(delta.Changed, func(p *projections.ChangedProduct) *projections.Product { return &p.Product })
	changed := documents(sorted, newProductUpdate)
	if err := v.checkUnchanged(ctx, changed); err != nil {
		return fmt.Errorf("compare products: %w", err)
	}
	if err := v.writeChanges(ctx, delta.Changes); err != nil {
		return fmt.Errorf("write changes: %w", err)
	}
	if err := v.insertProducts(ctx, delta.New); err != nil {
		return fmt.Errorf("insert products: %w", err)
	}
	if err := v.updateProducts(ctx, changed); err != nil {
		return fmt.Errorf("update products: %w", err)
	}
	if err := v.insertSightings(ctx, inOrder(delta.New, newSightingDocument)); err != nil {
		return fmt.Errorf("insert sightings: %w", err)
	}
	if err := v.moveSightings(ctx, delta.Seen); err != nil {
		return fmt.Errorf("update sightings: %w", err)
	}
	return v.writeCheckpoint(ctx, checkpoint)
}

// insertProducts returns ErrConflict if one of the products exists.
func (v *views) insertProducts(ctx context.Context, products []projections.Product) error {
	if err := v.insertSources(ctx, products); err != nil {
		return err
	}
	if err := v.insertWords(ctx, products); err != nil {
		return err
	}
	byName := byName(products, func(p *projections.Product) *projections.Product { return p })
	existed, err := insertNew(ctx, v.products, documents(byName, newProductDocument))
	if err == nil && existed > 0 {
		err = projections.ErrConflict
	}
	return err
}

// insertSources records the products' sources, before there are products of them: a list of all products asks source by
// source.
func (v *views) insertSources(ctx context.Context, products []projections.Product) error {
	var sources []sourceDocument
	met := map[string]bool{}
	for i := range products {
		if name := products[i].Source; !met[name] {
			met[name] = true
			sources = append(sources, sourceDocument{name})
		}
	}
	if _, err := insertNew(ctx, v.sources, sources); err != nil {
		return fmt.Errorf("insert sources: %w", err)
	}
	return nil
}

// checkUnchanged returns ErrConflict if one of the products is not as it was.
func (v *views) checkUnchanged(ctx context.Context, updates []productUpdate) error {
	type state struct {
		ID      uuidKey       `bson:"_id"`
		Written positionValue `bson:"written"`
	}
	return eachChunk(ctx, updates, idsPerCommand, func(ctx context.Context, chunk []productUpdate) error {
		was := make(map[state]bool, len(chunk))
		for i := range chunk {
			was[state{chunk[i].ID, chunk[i].Was}] = true
		}
		ids := documents(chunk, func(u *productUpdate) uuidKey { return u.ID })
		how := options.Find().SetProjection(ordered(1, fieldWritten))
		found, err := findAll[state](ctx, v.products, inIDs(ids), len(ids), how)
		if err == nil && (len(found) != len(chunk) || slices.ContainsFunc(found, func(s state) bool { return !was[s] })) {
			err = projections.ErrConflict
		}
		return err
	})
}

// updateProducts is a compare-and-set on the position of the last write: ErrConflict if one is not as it was.
func (v *views) updateProducts(ctx context.Context, updates []productUpdate) error {
	matched, _, err := writeAll(ctx, v.products, documents(updates, func(u *productUpdate) driver.WriteModel {
		return driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: fieldID, Value: u.ID}, {Key: fieldWritten, Value: u.Was}}).
			SetUpdate(bson.D{{Key: "$set", Value: u.Prices}})
	}))
	if err == nil && matched != len(updates) {
		err = projections.ErrConflict
	}
	return err
}
