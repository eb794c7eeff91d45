package product

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// positionTimeout bounds how long List waits for the views to reach a position.
const positionTimeout = 30 * time.Second

// countedProducts is up to how many products are looked at to count those that match; beyond, their number is estimated.
const countedProducts = 100_000

// List implements ProductService.
func (s *Service) List(
	ctx context.Context, request *connect.Request[atlantv1.ListRequest],
) (*connect.Response[atlantv1.ListResponse], error) {
	source, err := rpc.ConfinedSource(ctx, "source", request.Msg.GetSource())
	if err != nil {
		return nil, err
	}
	request.Msg.Source = source
	query, err := s.parseQuery(request.Msg)
	if err != nil {
		return nil, err
	}
	views, now, err := s.viewsFor(ctx, request.Msg.GetPosition(), query.began)
	if err != nil {
		return nil, err
	}
	if query.began == nil {
		query.began = now
	}
	page, next, err := s.page(ctx, views, query, now)
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListResponse{Products: make([]*atlantv1.Product, len(page)), Position: now.String()}
	for i := range page {
		response.Products[i] = rpc.Product(&page[i].Product)
		if query.asOf != nil {
			response.Products[i].ObservedAt = nil // it is not kept when it was observed last by then
		}
	}
	if next != nil {
		if response.NextPageToken, err = rpc.EncodePageToken(fingerprint(request.Msg), newCursor(*next, query.began)); err != nil {
			return nil, err
		}
	}
	if request.Msg.GetTotal() {
		count, exact, err := views.EstimateProducts(ctx, query.Filter, countedProducts)
		if err != nil {
			return nil, fmt.Errorf("count products: %w", err)
		}
		response.TotalSize, response.TotalEstimated = count, !exact
	}
	return connect.NewResponse(response), nil
}

// page returns a page of products, and where the next one begins, nil if there is none.
func (s *Service) page(
	ctx context.Context, views projections.Views, query *listQuery, now events.LogPosition,
) (page []projections.PlacedProduct, next *projections.ProductCursor, err error) {
	if query.asOf != nil {
		page, next, err = s.past.List(ctx, views, query.ProductQuery, *query.asOf)
	} else {
		more := query.ProductQuery
		more.Limit++ // one more than the page tells whether there is another
		page, err = s.walks.Page(ctx, views, more, query.began, now)
		if len(page) > query.Limit {
			page = page[:query.Limit]
			next = &page[query.Limit-1].Place
		}
	}
	switch {
	case errors.Is(err, projections.ErrStaleWalk):
		return nil, nil, rpc.InvalidArgument("page_token", "%v: start again without it", err)
	case errors.Is(err, projections.ErrTooManyChanged):
		return nil, nil, rpc.InvalidArgument("as_of", "%v to sort by price: sort by name", err)
	case err != nil:
		return nil, nil, fmt.Errorf("list products: %w", err)
	}
	return page, next, nil
}

// viewsFor returns the live views, once they hold what a client has been told is in the log and what its walk began with, and
// how far they have come.
func (s *Service) viewsFor(
	ctx context.Context, text string, began events.LogPosition,
) (views projections.Views, now events.LogPosition, err error) {
	position, err := events.ParseLogPosition(text, s.shards)
	if err != nil {
		return nil, nil, rpc.InvalidArgument("position", "%v", err)
	}
	if views, err = s.reach(ctx, "position", position); err != nil {
		return nil, nil, err
	}
	now, err = projections.Position(ctx, views, s.shards)
	if err != nil || now.Reaches(began) {
		return views, now, err
	}
	// Another generation of the views is live since, and is about to catch up.
	if views, err = s.reach(ctx, "page_token", began); err != nil {
		return nil, nil, err
	}
	now, err = projections.Position(ctx, views, s.shards)
	return views, now, err
}

// reach returns the live views once they have come to a position, which a field of the request asks for.
func (s *Service) reach(ctx context.Context, field string, position events.LogPosition) (projections.Views, error) {
	ctx, cancel := context.WithTimeout(ctx, positionTimeout)
	defer cancel()
	views, err := projections.WaitForPosition(ctx, s.live, position)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%s: %w; ProjectionService.GetStatus tells how they get on", field, err)
		return nil, connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return views, err
}
