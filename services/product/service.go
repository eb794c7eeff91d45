// Package product answers what products cost and how their prices changed. It reads the views and never touches the log.
package product

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// positionTimeout bounds how long List waits for the views to reach a position.
const positionTimeout = 30 * time.Second

// Service is the handler of ProductService.
type Service struct {
	atlantv1connect.UnimplementedProductServiceHandler

	live   projections.LiveViews
	shards int
	feed   *feed
}

var _ atlantv1connect.ProductServiceHandler = (*Service)(nil)

// NewService returns the handler for the live views of a log of so many shards. Close ends its streams.
func NewService(live projections.LiveViews, shards int) *Service {
	return &Service{live: live, shards: shards, feed: newFeed(live, shards)}
}

// List implements ProductService.
func (s *Service) List(
	ctx context.Context, request *connect.Request[atlantv1.ListRequest],
) (*connect.Response[atlantv1.ListResponse], error) {
	query, err := parseQuery(request.Msg)
	if err != nil {
		return nil, err
	}
	views, err := s.reach(ctx, request.Msg.GetPosition())
	if err != nil {
		return nil, err
	}
	size := query.Limit
	query.Limit++ // one more than the page tells whether there is another
	products, err := views.ListProducts(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	page, next, err := rpc.Page(products, size, fingerprint(request.Msg), func(last *projections.Product) any {
		return cursor(last.CursorAt(query.SortBy))
	})
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListResponse{Products: make([]*atlantv1.Product, len(page)), NextPageToken: next}
	for i := range page {
		response.Products[i] = rpc.Product(&page[i])
	}
	if request.Msg.GetTotal() {
		if response.TotalSize, err = views.CountProducts(ctx, query.Filter); err != nil {
			return nil, fmt.Errorf("count products: %w", err)
		}
	}
	return connect.NewResponse(response), nil
}

// reach returns the live views, once they hold what a client has been told is in the log.
func (s *Service) reach(ctx context.Context, text string) (projections.Views, error) {
	position, err := events.ParseLogPosition(text, s.shards)
	if err != nil {
		return nil, rpc.InvalidArgument("position", "%v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, positionTimeout)
	defer cancel()
	views, err := projections.WaitForPosition(ctx, s.live, position)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("position: %w; ProjectionService.GetStatus tells how they get on", err)
		return nil, connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return views, err
}

// Get implements ProductService.
func (s *Service) Get(
	ctx context.Context, request *connect.Request[atlantv1.GetRequest],
) (*connect.Response[atlantv1.GetResponse], error) {
	id, err := productID(request.Msg)
	if err != nil {
		return nil, err
	}
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	p, err := views.GetProduct(ctx, id)
	if errors.Is(err, projections.ErrNotFound) {
		return nil, notFound(request.Msg)
	}
	if err != nil {
		return nil, fmt.Errorf("get product: %w", err)
	}
	return connect.NewResponse(&atlantv1.GetResponse{Product: rpc.Product(&p)}), nil
}

func productID(request *atlantv1.GetRequest) (events.ProductID, error) {
	if request.GetId() != "" {
		return uuid.Parse(request.GetId())
	}
	name, err := events.NormalizeName(request.GetName())
	if err != nil {
		return events.ProductID{}, rpc.InvalidArgument("name", "%v", err)
	}
	return events.NewProductID(cmp.Or(request.GetSource(), events.DefaultSource), name), nil
}

func notFound(request *atlantv1.GetRequest) error {
	if request.GetId() != "" {
		return rpc.NotFound("there is no product with id %s", request.GetId())
	}
	return rpc.NotFound("there is no product %q in source %q", request.GetName(), cmp.Or(request.GetSource(), events.DefaultSource))
}
