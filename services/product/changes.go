package product

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// changeCursor is the position of a change as a page token holds it.
type changeCursor struct {
	ObservedAt events.Micros  `json:"t"`
	Fetch      events.FetchID `json:"f"`
}

// ListChanges implements ProductService.
func (s *Service) ListChanges(
	ctx context.Context, request *connect.Request[atlantv1.ListChangesRequest],
) (*connect.Response[atlantv1.ListChangesResponse], error) {
	id, err := uuid.Parse(request.Msg.GetProductId())
	if err != nil {
		return nil, rpc.InvalidArgument("product_id", "%v", err)
	}
	query := fmt.Sprintf("changes %s %t", id, request.Msg.GetAscending())
	var at changeCursor
	found, err := rpc.DecodePageToken(request.Msg.GetPageToken(), query, &at)
	if err != nil {
		return nil, err
	}
	var after *events.Position
	if found {
		after = &events.Position{ObservedAt: at.ObservedAt, Fetch: at.Fetch}
	}
	changes, err := s.changes(ctx, id, request.Msg, after)
	if err != nil {
		return nil, err
	}
	page, next, err := rpc.Page(changes, rpc.PageSize(request.Msg.GetPageSize()), query, func(last *projections.Change) any {
		return changeCursor{ObservedAt: last.At.ObservedAt, Fetch: last.At.Fetch}
	})
	if err != nil {
		return nil, err
	}
	response := &atlantv1.ListChangesResponse{NextPageToken: next}
	for i := range page {
		response.Changes = append(response.Changes, rpc.Change(&page[i]))
	}
	return connect.NewResponse(response), nil
}

// changes returns one change more than the page holds, if there is one. A product that is not known is an error, one
// without changes is not.
func (s *Service) changes(
	ctx context.Context, id events.ProductID, request *atlantv1.ListChangesRequest, after *events.Position,
) ([]projections.Change, error) {
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	if rpc.CallerOf(ctx).Confined() { // changes do not tell their source
		if _, _, err := s.named(ctx, &atlantv1.GetRequest{Id: id.String()}); err != nil {
			return nil, err
		}
	}
	changes, err := views.ListChanges(ctx, id, request.GetAscending(), after, rpc.PageSize(request.GetPageSize())+1)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	if len(changes) > 0 {
		return changes, nil
	}
	if _, err := views.GetProduct(ctx, id); errors.Is(err, projections.ErrNotFound) {
		return nil, rpc.NotFound("there is no product with id %s", id)
	} else if err != nil {
		return nil, fmt.Errorf("get product: %w", err)
	}
	return nil, nil
}
