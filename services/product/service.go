// Package product answers what products cost and how their prices changed. It reads the views. The log it touches only for what
// these do not hold: to compare two fetches, and to explain where a price comes from.
package product

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// Service is the handler of ProductService.
type Service struct {
	atlantv1connect.UnimplementedProductServiceHandler

	live      projections.LiveViews
	shards    int
	log       Log
	walks     *projections.Walks
	comparing chan struct{} // holds a token while fetches are compared
	feed      *feed
}

var _ atlantv1connect.ProductServiceHandler = (*Service)(nil)

// NewService returns the handler for the live views of a log. Close ends its streams.
func NewService(live projections.LiveViews, log Log) *Service {
	return &Service{
		live: live, shards: log.Shards(), log: log, walks: projections.NewWalks(), comparing: make(chan struct{}, 1),
		feed: newFeed(live, log.Shards()),
	}
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
	statistics, err := statisticsOf(ctx, views, &p)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	return connect.NewResponse(&atlantv1.GetResponse{Product: rpc.Product(&p), Statistics: statistics}), nil
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
