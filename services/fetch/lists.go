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
	query := fmt.Sprintf("fetches %q", request.Msg.GetSource())
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
	fetches, err := s.views.ListFetches(ctx, request.Msg.GetSource(), after, size+1)
	if err != nil {
		return nil, fmt.Errorf("list fetches: %w", err)
	}
	response := &atlantv1.ListFetchesResponse{Fetches: fetches}
	if len(fetches) > size {
		response.Fetches = fetches[:size]
		last := fetches[size-1]
		id, err := uuid.Parse(last.GetId())
		if err != nil {
			return nil, fmt.Errorf("parse id of fetch: %w", err)
		}
		response.NextPageToken, err = rpc.EncodePageToken(query, fetchCursor{RequestedAt: events.MicrosOf(last.GetRequestedAt()), ID: id})
		if err != nil {
			return nil, err
		}
	}
	return connect.NewResponse(response), nil
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
	rejects, err := s.views.ListRejects(ctx, id, from, size+1)
	if err != nil {
		return nil, fmt.Errorf("list rejects: %w", err)
	}
	response := &atlantv1.ListRejectsResponse{Rejects: rejects}
	if len(rejects) > size {
		response.Rejects = rejects[:size]
		if response.NextPageToken, err = rpc.EncodePageToken(query, from+int64(size)); err != nil {
			return nil, err
		}
	}
	return connect.NewResponse(response), nil
}
