package telemetry

import (
	"context"
	"errors"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The outcomes of an operation of a store.
const (
	outcomeOK          = "ok"
	outcomeNotFound    = "not_found"
	outcomeConflict    = "conflict"
	outcomeUnavailable = "unavailable"
	outcomeCanceled    = "canceled"
	outcomeError       = "error"
)

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return outcomeOK
	case errors.Is(err, projections.ErrNotFound):
		return outcomeNotFound
	case errors.Is(err, projections.ErrConflict):
		return outcomeConflict
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return outcomeCanceled
	case errors.Is(err, projections.ErrUnavailable):
		return outcomeUnavailable
	default:
		return outcomeError
	}
}

// Store returns a store that does the same and is measured. Operations that no caller waits for in passing are left out.
func (t *Telemetry) Store(of projections.Store) projections.Store { return &store{of, t.metrics} }

// measure returns what is called when an operation has ended.
func (m *metrics) measure(ctx context.Context, operation string) func(err error) {
	began := time.Now()
	return func(err error) {
		m.storeDuration.Record(context.WithoutCancel(ctx), time.Since(began).Seconds(),
			labels(labelOperation, operation, labelOutcome, outcomeOf(err)))
	}
}

type store struct {
	projections.Store
	metrics *metrics
}

var _ projections.Store = (*store)(nil)

func (s *store) Live(ctx context.Context) (_ projections.Views, err error) {
	done := s.metrics.measure(ctx, "live")
	defer func() { done(err) }()
	of, err := s.Store.Live(ctx)
	if err != nil {
		return nil, err
	}
	return &views{of, s.metrics}, nil
}

func (s *store) Views(ctx context.Context, number int64) (projections.Views, error) {
	of, err := s.Store.Views(ctx, number)
	if err != nil {
		return nil, err
	}
	return &views{of, s.metrics}, nil
}

type views struct {
	projections.Views
	metrics *metrics
}

var _ projections.Views = (*views)(nil)

func (v *views) Checkpoint(ctx context.Context, stream events.Stream) (_ projections.Checkpoint, err error) {
	done := v.metrics.measure(ctx, "checkpoint")
	defer func() { done(err) }()
	return v.Views.Checkpoint(ctx, stream)
}

func (v *views) Products(ctx context.Context, ids []events.ProductID) (_ map[events.ProductID]projections.Product, err error) {
	done := v.metrics.measure(ctx, "products")
	defer func() { done(err) }()
	return v.Views.Products(ctx, ids)
}

func (v *views) ApplyPrices(ctx context.Context, delta projections.Delta, checkpoint projections.Checkpoint) (err error) {
	done := v.metrics.measure(ctx, "apply_prices")
	defer func() { done(err) }()
	return v.Views.ApplyPrices(ctx, delta, checkpoint)
}

func (v *views) InsertPrices(ctx context.Context, products []projections.Product, changes []projections.Change) (err error) {
	done := v.metrics.measure(ctx, "insert_prices")
	defer func() { done(err) }()
	return v.Views.InsertPrices(ctx, products, changes)
}

func (v *views) DeferIndexes(ctx context.Context, most int64) (projections.FirstLoad, error) {
	of, err := v.Views.DeferIndexes(ctx, most)
	if of == nil || err != nil {
		return nil, err
	}
	return &firstLoad{of, v.metrics}, nil
}

func (v *views) Fetches(ctx context.Context, ids []events.FetchID) (_ map[events.FetchID]projections.FetchView, err error) {
	done := v.metrics.measure(ctx, "fetches")
	defer func() { done(err) }()
	return v.Views.Fetches(ctx, ids)
}

func (v *views) ApplyFetches(ctx context.Context, delta projections.FetchDelta, checkpoint projections.Checkpoint) (err error) {
	done := v.metrics.measure(ctx, "apply_fetches")
	defer func() { done(err) }()
	return v.Views.ApplyFetches(ctx, delta, checkpoint)
}

func (v *views) ListProducts(ctx context.Context, query projections.ProductQuery) (_ []projections.Product, err error) {
	done := v.metrics.measure(ctx, "list_products")
	defer func() { done(err) }()
	return v.Views.ListProducts(ctx, query)
}

func (v *views) ListProductsAt(
	ctx context.Context, query projections.ProductQuery, shards int,
) (_ []projections.Product, _ []projections.Extent, err error) {
	done := v.metrics.measure(ctx, "list_products")
	defer func() { done(err) }()
	return v.Views.ListProductsAt(ctx, query, shards)
}

func (v *views) CountProducts(ctx context.Context, filter projections.ProductFilter) (_ int64, err error) {
	done := v.metrics.measure(ctx, "count_products")
	defer func() { done(err) }()
	return v.Views.CountProducts(ctx, filter)
}

func (v *views) EstimateProducts(
	ctx context.Context, filter projections.ProductFilter, most int64,
) (_ int64, _ bool, err error) {
	done := v.metrics.measure(ctx, "estimate_products")
	defer func() { done(err) }()
	return v.Views.EstimateProducts(ctx, filter, most)
}

func (v *views) GetProduct(ctx context.Context, id events.ProductID) (_ projections.Product, err error) {
	done := v.metrics.measure(ctx, "get_product")
	defer func() { done(err) }()
	return v.Views.GetProduct(ctx, id)
}

func (v *views) ListChanges(
	ctx context.Context, id events.ProductID, ascending bool, after *events.Position, limit int,
) (_ []projections.Change, err error) {
	done := v.metrics.measure(ctx, "list_changes")
	defer func() { done(err) }()
	return v.Views.ListChanges(ctx, id, ascending, after, limit)
}

func (v *views) FeedChanges(ctx context.Context, shard uint32, after uint64, limit int) (_ []projections.Change, err error) {
	done := v.metrics.measure(ctx, "feed_changes")
	defer func() { done(err) }()
	return v.Views.FeedChanges(ctx, shard, after, limit)
}

func (v *views) GetFetch(ctx context.Context, id events.FetchID) (_ *atlantv1.Fetch, err error) {
	done := v.metrics.measure(ctx, "get_fetch")
	defer func() { done(err) }()
	return v.Views.GetFetch(ctx, id)
}

func (v *views) ListFetches(
	ctx context.Context, source string, after *projections.FetchCursor, limit int,
) (_ []*atlantv1.Fetch, err error) {
	done := v.metrics.measure(ctx, "list_fetches")
	defer func() { done(err) }()
	return v.Views.ListFetches(ctx, source, after, limit)
}

func (v *views) ListRejects(ctx context.Context, id events.FetchID, from int64, limit int) (_ []*atlantv1.Reject, err error) {
	done := v.metrics.measure(ctx, "list_rejects")
	defer func() { done(err) }()
	return v.Views.ListRejects(ctx, id, from, limit)
}

type firstLoad struct {
	projections.FirstLoad
	metrics *metrics
}

func (f *firstLoad) AppendPrices(
	ctx context.Context, products []projections.Product, behind uint64, checkpoint projections.Checkpoint, index bool,
) (err error) {
	done := f.metrics.measure(ctx, "append_prices")
	defer func() { done(err) }()
	return f.FirstLoad.AppendPrices(ctx, products, behind, checkpoint, index)
}
