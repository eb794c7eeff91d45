package fetch

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// fetchCursor is a projections.FetchCursor as a page token holds it.
type fetchCursor struct {
	RequestedAt events.Micros  `json:"t"`
	ID          events.FetchID `json:"i"`
}

// ListFetches implements FetchService.
func (s *Service) ListFetches(
	ctx context.Context, request *connect.Request[atlantv1.ListFetchesRequest],
) (*connect.Response[atlantv1.ListFetchesResponse], error) {
	source, err := rpc.ConfinedSource(ctx, "source", request.Msg.GetSource())
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf("fetches %q", source)
	var at fetchCursor
	found, err := rpc.DecodePageToken(request.Msg.GetPageToken(), query, &at)
	if err != nil {
		return nil, err
	}
	var after *projections.FetchCursor
	if found {
		after = &projections.FetchCursor{RequestedAt: at.RequestedAt, ID: at.ID}
	}
	size := rpc.PageSize(request.Msg.GetPageSize())
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	fetches, err := views.ListFetches(ctx, source, after, size+1)
	if err != nil {
		return nil, fmt.Errorf("list fetches: %w", err)
	}
	page, next, err := rpc.Page(fetches, size, query, func(last **atlantv1.Fetch) any {
		// The projection made the text from an id.
		return fetchCursor{RequestedAt: events.MicrosOf((*last).GetRequestedAt()), ID: uuid.MustParse((*last).GetId())}
	})
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.ListFetchesResponse{Fetches: page, NextPageToken: next}), nil
}

// ListRejects implements FetchService.
func (s *Service) ListRejects(
	ctx context.Context, request *connect.Request[atlantv1.ListRejectsRequest],
) (*connect.Response[atlantv1.ListRejectsResponse], error) {
	if _, err := s.get(ctx, request.Msg.GetId()); err != nil {
		return nil, err
	}
	id := uuid.MustParse(request.Msg.GetId()) // get has parsed it
	query := "rejects " + id.String()
	var from int64
	if _, err := rpc.DecodePageToken(request.Msg.GetPageToken(), query, &from); err != nil {
		return nil, err
	}
	size := rpc.PageSize(request.Msg.GetPageSize())
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	rejects, err := views.ListRejects(ctx, id, from, size+1)
	if err != nil {
		return nil, fmt.Errorf("list rejects: %w", err)
	}
	page, next, err := rpc.Page(rejects, size, query, func(**atlantv1.Reject) any { return from + int64(size) })
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.ListRejectsResponse{Rejects: page, NextPageToken: next}), nil
}
