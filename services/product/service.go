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
	lists     Lists
	walks     *projections.Walks
	past      projections.Past
	comparing chan struct{} // holds a token while fetches are compared
	feed      *feed
}

var _ atlantv1connect.ProductServiceHandler = (*Service)(nil)

// NewService returns the handler for the live views of a log. Close ends its streams.
func NewService(live projections.LiveViews, log Log, lists Lists) *Service {
	return &Service{
		live: live, shards: log.Shards(), log: log, lists: lists, walks: projections.NewWalks(log.Shards()),
		comparing: make(chan struct{}, 1), feed: newFeed(live, log.Shards()),
	}
}

// Get implements ProductService.
func (s *Service) Get(
	ctx context.Context, request *connect.Request[atlantv1.GetRequest],
) (*connect.Response[atlantv1.GetResponse], error) {
	views, p, err := s.named(ctx, request.Msg)
	if err != nil {
		return nil, err
	}
	statistics, err := statisticsOf(ctx, views, &p)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	return connect.NewResponse(&atlantv1.GetResponse{Product: rpc.Product(&p), Statistics: statistics}), nil
}

// productName names a product in a request, by id or by source and name.
type productName interface {
	GetId() string
	GetSource() string
	GetName() string
}

// named returns the product that a request names, and the views that have it.
func (s *Service) named(ctx context.Context, request productName) (projections.Views, projections.Product, error) {
	id, err := productID(request)
	if err != nil {
		return nil, projections.Product{}, err
	}
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, projections.Product{}, err
	}
	p, err := views.GetProduct(ctx, id)
	switch {
	case errors.Is(err, projections.ErrNotFound), err == nil && !rpc.CallerOf(ctx).May(p.Source):
		return nil, projections.Product{}, notFound(request)
	case err != nil:
		return nil, p, fmt.Errorf("get product: %w", err)
	}
	return views, p, nil
}

func productID(request productName) (events.ProductID, error) {
	if request.GetId() != "" {
		return uuid.Parse(request.GetId())
	}
	name, err := events.NormalizeName(request.GetName())
	if err != nil {
		return events.ProductID{}, rpc.InvalidArgument("name", "%v", err)
	}
	return events.NewProductID(cmp.Or(request.GetSource(), events.DefaultSource), name), nil
}

func notFound(request productName) error {
	if request.GetId() != "" {
		return rpc.NotFound("there is no product with id %s", request.GetId())
	}
	return rpc.NotFound("there is no product %q in source %q", request.GetName(), cmp.Or(request.GetSource(), events.DefaultSource))
}
