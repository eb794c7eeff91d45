package mongo

import (
	"context"
	"fmt"

	"github.com/atlant-log/atlant/projections"
)

// InsertPrices implements projections.Filling.
func (v *views) InsertPrices(ctx context.Context, products []projections.Product, changes []projections.Change) error {
	return v.failed("insert", "prices", v.insertPrices(ctx, products, changes))
}

// DeferIndexes implements projections.Filling: it never does. On the engine that was measured, building the indexes takes as
// long as maintaining them.
func (v *views) DeferIndexes(context.Context, int64) (projections.FirstLoad, error) {
	return nil, nil //nolint:nilnil // as it says
}

func (v *views) insertPrices(ctx context.Context, products []projections.Product, changes []projections.Change) error {
	if err := v.check(ctx); err != nil {
		return err
	}
	if err := v.insertSources(ctx, products); err != nil {
		return err
	}
	if err := v.insertWords(ctx, products); err != nil {
		return err
	}
	if _, err := insertNew(ctx, v.products, inOrder(products, newProductDocument)); err != nil {
		return fmt.Errorf("insert products: %w", err)
	}
	if _, err := insertNew(ctx, v.sightings, inOrder(products, newSightingDocument)); err != nil {
		return fmt.Errorf("insert sightings: %w", err)
	}
	if _, err := insertNew(ctx, v.changes, inOrder(changes, newChangeDocument)); err != nil {
		return fmt.Errorf("insert changes: %w", err)
	}
	return nil
}
