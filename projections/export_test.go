package projections

import (
	"context"
	"log/slog"

	"github.com/atlant-log/atlant/events"
)

// Projection is a projector of prices without the reading.
type Projection struct{ prices *priceProjection }

// NewProjection returns a projection that goes on behind the checkpoint of the views, with so many bytes for its cache, for
// which so many new products in a batch may be a first load.
func NewProjection(
	ctx context.Context, views Views, park parker, cacheBytes int64, manyNew int,
) (*Projection, Checkpoint, error) {
	p := NewPriceProjector(0, nil, nil, slog.New(slog.DiscardHandler))
	p.caches = &cacheBudget{bytes: cacheBytes}
	checkpoint, err := views.Checkpoint(ctx, p.stream)
	if err != nil {
		return nil, checkpoint, err
	}
	to, _, err := p.projectionTo(ctx, views, checkpoint)
	if err != nil {
		return nil, checkpoint, err
	}
	prices := to.(*priceProjection)
	prices.park, prices.manyNew = park, manyNew
	return &Projection{prices}, checkpoint, nil
}

// Take takes a batch of messages in.
func (p *Projection) Take(ctx context.Context, messages []events.Message) error {
	return p.prices.apply(ctx, p.prices.decode(messages))
}

// Idle tells the projection that nothing comes.
func (p *Projection) Idle(ctx context.Context) error { return p.prices.idle(ctx) }
