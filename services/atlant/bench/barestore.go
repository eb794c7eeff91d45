package bench

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// insert measures the store's own bulk insert with the products of a list, in batches as large as those of a projector, and
// in the order of their names as a store writes them.
func (r *run) insert(ctx context.Context, l list) (took time.Duration, err error) {
	err = r.onStore(ctx, func(store Store) error {
		took, err = insertProducts(ctx, store, l)
		return err
	})
	return took, err
}

func insertProducts(ctx context.Context, store Store, l list) (took time.Duration, err error) {
	for observations := range batches(l.observations(), portion) {
		products := projections.FoldBatch(nil, observations).New
		slices.SortFunc(products, func(a, b projections.Product) int { return projections.CompareNames(&a, &b) })
		began := time.Now()
		if err := store.InsertProducts(ctx, products); err != nil {
			return 0, err
		}
		took += time.Since(began)
	}
	return took, nil
}

// update measures the store's own bulk update with what the second version of the list changes: some prices, and when each
// product was seen.
func (r *run) update(ctx context.Context) (took time.Duration, err error) {
	if r.options.NoBaselines {
		return 0, nil
	}
	r.sayf("updating %d products in the store alone", r.options.Products)
	settle()
	err = r.onStore(ctx, func(store Store) error {
		if _, err := insertProducts(ctx, store, r.list(0)); err != nil {
			return err
		}
		for observations := range batches(r.list(1).observations(), portion) {
			delta := r.secondFold(observations)
			began := time.Now()
			if err := store.UpdatePrices(ctx, delta.Changed); err != nil {
				return err
			}
			if err := store.MoveSightings(ctx, delta.Seen); err != nil {
				return err
			}
			took += time.Since(began)
		}
		return nil
	})
	return took, err
}

// secondFold folds observations of the second version into products as the first one left them.
func (r *run) secondFold(observations []events.Observation) projections.Delta {
	first, before := r.list(0), make([]events.Observation, len(observations))
	for i, o := range observations {
		o.Position = first.position()
		o.Price.Micros = first.cents(productOf(o.Name)) * microsPerCent
		before[i] = o
	}
	known := make(map[events.ProductID]projections.Product, len(before))
	for _, p := range projections.FoldBatch(nil, before).New {
		known[p.ID] = p
	}
	delta := projections.FoldBatch(known, observations)
	slices.SortFunc(delta.Changed, func(a, b projections.ChangedProduct) int { return projections.CompareNames(&a.Product, &b.Product) })
	slices.SortFunc(delta.Seen, func(a, b projections.Product) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return delta
}

// onStore does something with an empty store.
func (r *run) onStore(ctx context.Context, do func(Store) error) (err error) {
	store, err := r.place.OpenStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}
