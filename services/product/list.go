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
	views, found, err := s.read(ctx, request.Msg.GetPosition(), query)
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListResponse{
		Products: rpc.Products(len(found.products), func(i int) *projections.Product { return &found.products[i].Product }),
		Position: found.now.String(),
	}
	if query.asOf != nil {
		for _, p := range response.GetProducts() {
			p.ObservedAt = nil // it is not kept when it was observed last by then
		}
	}
	if found.next != nil {
		if query.began == nil {
			query.began = found.now
		}
		if response.NextPageToken, err = rpc.EncodePageToken(query.fingerprint, newCursor(*found.next, query.began)); err != nil {
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

// read returns the page that is asked for, and the live views, which it is from: once they hold what a client has been told is in
// the log, and what its walk began with.
func (s *Service) read(ctx context.Context, text string, query *listQuery) (projections.Views, *page, error) {
	position, err := events.ParseLogPosition(text, s.shards)
	if err != nil {
		return nil, nil, rpc.InvalidArgument("position", "%v", err)
	}
	views, err := s.reach(ctx, "position", position)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.page(ctx, views, query)
	for errors.Is(err, projections.ErrBehindWalk) {
		// Another generation of the views is live since, and is about to catch up.
		if views, err = s.reach(ctx, "page_token", query.began); err != nil {
			return nil, nil, err
		}
		found, err = s.page(ctx, views, query)
	}
	return views, found, err
}

// page is a page of products.
type page struct {
	products []projections.PlacedProduct
	next     *projections.ProductCursor // where the next one begins; nil: there is none
	now      events.LogPosition         // how far the views were before it was read
}

// page reads the page that is asked for. It returns ErrBehindWalk if the views are behind where the walk began.
func (s *Service) page(ctx context.Context, views projections.Views, query *listQuery) (*page, error) {
	read := s.pageNow
	if query.asOf != nil {
		read = s.pageAsOf
	}
	p, err := read(ctx, views, query)
	switch {
	case errors.Is(err, projections.ErrStaleWalk):
		return nil, rpc.InvalidArgument("page_token", "%v: start again without it", err)
	case errors.Is(err, projections.ErrTooManyChanged):
		return nil, rpc.InvalidArgument("as_of", "%v to sort by price: sort by name", err)
	case err != nil:
		return nil, fmt.Errorf("list products: %w", err)
	}
	return p, nil
}

func (s *Service) pageNow(ctx context.Context, views projections.Views, query *listQuery) (*page, error) {
	more := query.ProductQuery
	more.Limit++ // one more than the page tells whether there is another
	var p page
	var err error
	p.products, p.now, err = s.walks.Page(ctx, views, more, query.began)
	if len(p.products) > query.Limit {
		p.products = p.products[:query.Limit]
		p.next = &p.products[query.Limit-1].Place
	}
	return &p, err
}

func (s *Service) pageAsOf(ctx context.Context, views projections.Views, query *listQuery) (*page, error) {
	now, err := projections.Position(ctx, views, s.shards)
	if err != nil {
		return nil, err
	}
	if !now.Reaches(query.began) {
		return nil, projections.ErrBehindWalk
	}
	p := &page{now: now}
	p.products, p.next, err = s.past.List(ctx, views, query.ProductQuery, *query.asOf)
	return p, err
}

// reach returns the live views once they have come to a position, which a field of the request asks for.
func (s *Service) reach(ctx context.Context, field string, position events.LogPosition) (projections.Views, error) {
	ctx, cancel := context.WithTimeout(ctx, positionTimeout)
	defer cancel()
	if err := s.requireReachable(ctx, field, position); err != nil {
		return nil, err
	}
	views, err := projections.WaitForPosition(ctx, s.live, position)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%s: %w; ProjectionService.GetStatus tells how they get on", field, err)
		return nil, connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	return views, err
}

// requireReachable refuses a position that neither the views nor the log have come to: it is none that Atlant gave out for this
// log. While the log cannot say, the position is taken for one.
func (s *Service) requireReachable(ctx context.Context, field string, position events.LogPosition) error {
	if len(position) == 0 {
		return nil
	}
	views, err := s.live.Live(ctx)
	if err != nil {
		return err
	}
	now, err := projections.Position(ctx, views, s.shards)
	if err != nil || now.Reaches(position) {
		return err
	}
	for shard, sequence := range position {
		stream := events.PriceStream(int(shard))
		if last, err := s.log.LastSequence(ctx, stream); err == nil && sequence > last {
			return rpc.InvalidArgument(field, "is beyond the end of the log: %d of %s, which ends at %d", sequence, stream, last)
		}
	}
	return nil
}
