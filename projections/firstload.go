package projections

import "context"

// A first load is many new products where there are few or none. Its products are then appended, and all indexes are built at
// its end: the one on ids, too, which are random, so that each batch would write all over it. What is stored already, nobody
// but the projector knows meanwhile.
const (
	manyNew   = 1000 // in a batch, unless a test has less
	fewStored = 20   // the number of new ones over that of those stored, at least
)

// write writes a delta. goesOn says that more is known to follow.
func (p *priceProjection) write(ctx context.Context, delta Delta, checkpoint Checkpoint, goesOn bool) error {
	if p.firstLoad == nil && goesOn && len(delta.New) >= p.manyNew {
		if err := p.beginFirstLoad(ctx, int64(len(delta.New)/fewStored)); err != nil {
			return err
		}
	}
	if len(delta.Seen) > 0 || len(delta.Changes) > 0 || p.arrived != nil && p.arrived.full() {
		if err := p.indexIDs(ctx); err != nil {
			return err
		}
	}
	if p.arrived != nil {
		return p.appendProducts(ctx, delta.New, checkpoint, !goesOn)
	}
	if p.firstLoad != nil && !goesOn {
		// Before the checkpoint moves: whoever waits for it lists next. Were there one of the new products already, another
		// projector has folded the same.
		if err := p.views.InsertPrices(ctx, delta.New, nil); err != nil {
			return err
		}
		delta.New = nil
		if err := p.idle(ctx); err != nil {
			return err
		}
	}
	return p.views.ApplyPrices(ctx, delta, checkpoint)
}

// beginFirstLoad defers the indexes unless more products than so many are stored.
func (p *priceProjection) beginFirstLoad(ctx context.Context, most int64) (err error) {
	if p.firstLoad, err = p.views.DeferIndexes(ctx, most); err != nil || p.firstLoad == nil {
		return err
	}
	p.arrived = newIDSet()
	if !p.cache.complete {
		return p.indexIDs(ctx)
	}
	p.cache.states.each(func(s *productState) { p.arrived.add(&s.id) })
	return nil
}

// appendProducts writes a batch of new products, and the indexes if it is the last one.
func (p *priceProjection) appendProducts(ctx context.Context, products []Product, checkpoint Checkpoint, last bool) error {
	if err := p.firstLoad.AppendPrices(ctx, products, p.at, checkpoint, last); err != nil {
		return err
	}
	if last {
		p.firstLoad, p.arrived = nil, nil
		return nil
	}
	for i := range products {
		p.arrived.add(&products[i].ID)
	}
	return nil
}

// indexIDs has the views find products by their ids from here on.
func (p *priceProjection) indexIDs(ctx context.Context) error {
	if p.arrived == nil {
		return nil
	}
	p.arrived = nil
	return p.firstLoad.IndexIDs(ctx)
}

// idle implements projection. What seemed to go on may never do.
func (p *priceProjection) idle(ctx context.Context) error {
	if p.firstLoad == nil {
		return nil
	}
	if err := p.views.BuildIndexes(ctx); err != nil {
		return err
	}
	p.firstLoad, p.arrived = nil, nil
	return nil
}
