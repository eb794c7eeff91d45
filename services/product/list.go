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

// List implements ProductService.
func (s *Service) List(
	ctx context.Context, request *connect.Request[atlantv1.ListRequest],
) (*connect.Response[atlantv1.ListResponse], error) {
	query, began, err := s.parseQuery(request.Msg)
	if err != nil {
		return nil, err
	}
	views, now, err := s.viewsFor(ctx, request.Msg.GetPosition(), began)
	if err != nil {
		return nil, err
	}
	if began == nil {
		began = now
	}
	size := query.Limit
	query.Limit++ // one more than the page tells whether there is another
	products, err := s.walks.Page(ctx, views, query, began, now)
	if errors.Is(err, projections.ErrStaleWalk) {
		return nil, rpc.InvalidArgument("page_token", "%v: start again without it", err)
	}
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	page, next, err := rpc.Page(products, size, fingerprint(request.Msg), func(last *projections.PlacedProduct) any {
		return newCursor(last.Place, began)
	})
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListResponse{
		Products: make([]*atlantv1.Product, len(page)), NextPageToken: next, Position: now.String(),
	}
	for i := range page {
		response.Products[i] = rpc.Product(&page[i].Product)
	}
	if request.Msg.GetTotal() {
		if response.TotalSize, err = views.CountProducts(ctx, query.Filter); err != nil {
			return nil, fmt.Errorf("count products: %w", err)
		}
	}
	return connect.NewResponse(response), nil
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
