package mongo

import (
	"context"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// Products implements projections.PriceViews.
func (v *views) Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]projections.Product, error) {
	known, err := v.readProducts(ctx, ids)
	if err == nil && len(known) == 0 {
		err = v.check(ctx)
	}
	if err != nil {
		return nil, v.failed("read", "products", err)
	}
	return known, nil
}

// readProducts reads the sightings first. They are written last, so what is then read of the products is at least as new: a
// state that the fold went through. The other way round, an observation could count as folded into a price that it changed.
func (v *views) readProducts(ctx context.Context, ids []events.ProductID) (map[events.ProductID]projections.Product, error) {
	known := make(map[events.ProductID]projections.Product, len(ids))
	var mu sync.Mutex
	err := eachChunk(ctx, sortedIDs(ids), idsPerCommand, func(ctx context.Context, chunk []uuidKey) error {
		sightings, err := v.findSightings(ctx, chunk)
		if err != nil {
			return err
		}
		found, err := findAll[productDocument](ctx, v.products, inIDs(chunk), len(chunk), options.Find())
		mu.Lock()
		defer mu.Unlock()
		for i := range found {
			seen, sighted := sightings[found[i].ID]
			known[events.ProductID(found[i].ID)] = found[i].product(seen, sighted)
		}
		return err
	})
	return known, err
}

// sortedIDs returns the ids in their order, each once: neighbours are then looked up together.
func sortedIDs[ID ~[16]byte](ids []ID) []uuidKey {
	sorted := documents(ids, func(id *ID) uuidKey { return uuidKey(*id) })
	slices.SortFunc(sorted, compareIDs)
	return slices.Compact(sorted)
}

// GetProduct implements projections.ProductQueries.
func (v *views) GetProduct(ctx context.Context, id events.ProductID) (projections.Product, error) {
	known, err := v.Products(ctx, []events.ProductID{id})
	if err != nil {
		return projections.Product{}, err
	}
	p, ok := known[id]
	if !ok {
		return p, projections.ErrNotFound
	}
	return p, nil
}

// sighted adds to products, read in some order, where they were seen last. For a moment that may be at the price that is
// about to be written: good enough to look at, and nothing is folded into it.
func (v *views) sighted(ctx context.Context, found []productDocument) ([]projections.Product, error) {
	products := make([]projections.Product, 0, len(found))
	for chunk := range slices.Chunk(found, idsPerCommand) {
		sightings, err := v.findSightings(ctx, documents(chunk, func(d *productDocument) uuidKey { return d.ID }))
		if err != nil {
			return nil, err
		}
		for i := range chunk {
			seen, ok := sightings[chunk[i].ID]
			products = append(products, chunk[i].product(seen, ok))
		}
	}
	return products, nil
}
