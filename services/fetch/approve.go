package fetch

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// ApproveFetch implements FetchService. As with Fetch the queue comes first: once the request is on it, a fetcher publishes the
// list whatever happens to this process, and writes the FetchApproved event itself if it is missing.
func (s *Service) ApproveFetch(
	ctx context.Context, call *connect.Request[atlantv1.ApproveFetchRequest],
) (*connect.Response[atlantv1.ApproveFetchResponse], error) {
	id, err := uuid.Parse(call.Msg.GetId())
	if err != nil {
		return nil, rpc.InvalidArgument("id", "%v", err)
	}
	for {
		recorded, view, err := recordedFetch(ctx, s.log, id)
		switch {
		case err != nil:
			return nil, err
		case isApproved(recorded):
			return connect.NewResponse(&atlantv1.ApproveFetchResponse{Fetch: view.Fetch}), nil
		case view.Fetch.GetState() != atlantv1.FetchState_FETCH_STATE_HELD:
			return nil, notHeld(view.Fetch)
		}
		if err := s.refuseLate(ctx, view.Fetch); err != nil {
			return nil, err
		}
		request := proto.CloneOf(recorded[0].Event.GetRequested())
		request.Approved = true
		if err := s.log.Enqueue(ctx, request); err != nil {
			return nil, err
		}
		after, err := appendTo(ctx, s.log, id, view, approvedEvent())
		if errors.Is(err, events.ErrConflict) {
			continue // the fetcher was faster, or somebody discarded it: look again
		}
		if err != nil {
			return nil, err
		}
		s.awaitVisible(ctx, after.Sequence)
		return connect.NewResponse(&atlantv1.ApproveFetchResponse{Fetch: after.Fetch}), nil
	}
}

// refuseLate keeps a list from being published behind a later one: its prices would not count.
func (s *Service) refuseLate(ctx context.Context, fetch *atlantv1.Fetch) error {
	views, err := s.live.Live(ctx)
	if err != nil {
		return err
	}
	recent, err := views.ListFetches(ctx, fetch.GetSource(), nil, recentFetches)
	if err != nil {
		return fmt.Errorf("list fetches: %w", err)
	}
	for _, other := range recent {
		if other.GetState() == atlantv1.FetchState_FETCH_STATE_COMPLETED && isSameList(other, fetch) && comparePositions(other, fetch) > 0 {
			return connect.NewError(connect.CodeFailedPrecondition,
				fmt.Errorf("fetch %s has published a later list from there: discard this one", other.GetId()))
		}
	}
	return nil
}

// DiscardFetch implements FetchService.
func (s *Service) DiscardFetch(
	ctx context.Context, call *connect.Request[atlantv1.DiscardFetchRequest],
) (*connect.Response[atlantv1.DiscardFetchResponse], error) {
	id, err := uuid.Parse(call.Msg.GetId())
	if err != nil {
		return nil, rpc.InvalidArgument("id", "%v", err)
	}
	view, err := discardHeld(ctx, s.log, id, "")
	if err != nil {
		return nil, err
	}
	s.awaitVisible(ctx, view.Sequence)
	return connect.NewResponse(&atlantv1.DiscardFetchResponse{Fetch: view.Fetch}), nil
}

// discardHeld ends a fetch that is held, because of a later one of its list or, where that is empty, a user's word; then it removes
// its list. Done again it removes what was left.
func discardHeld(ctx context.Context, log Log, id events.FetchID, supersededBy string) (*projections.FetchView, error) {
	for {
		_, view, err := recordedFetch(ctx, log, id)
		if err != nil {
			return nil, err
		}
		switch view.Fetch.GetState() {
		case atlantv1.FetchState_FETCH_STATE_DISCARDED:
		case atlantv1.FetchState_FETCH_STATE_HELD:
			event := &atlantv1.FetchEvent_Discarded{Discarded: &atlantv1.FetchDiscarded{SupersededBy: supersededBy}}
			view, err = appendTo(ctx, log, id, view, &atlantv1.FetchEvent{Event: event})
			if errors.Is(err, events.ErrConflict) {
				continue
			}
			if err != nil {
				return nil, err
			}
		default:
			return nil, notHeld(view.Fetch)
		}
		return view, log.HeldLists().DeleteList(ctx, id.String())
	}
}

func notHeld(fetch *atlantv1.Fetch) error {
	return connect.NewError(connect.CodeFailedPrecondition, fmt.Errorf("the fetch is not held: its state is %s", fetch.GetState()))
}

func isApproved(recorded []events.RecordedFetchEvent) bool {
	for _, r := range recorded {
		if r.Event.GetApproved() != nil {
			return true
		}
	}
	return false
}

// recordedFetch returns the events of a fetch and what they make of it; not_found if there is none.
func recordedFetch(
	ctx context.Context, log events.FetchLog, id events.FetchID,
) ([]events.RecordedFetchEvent, *projections.FetchView, error) {
	recorded, err := log.FetchEvents(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	view := foldAll(recorded)
	if view == nil {
		return nil, nil, notFound(id)
	}
	_, err = seen(ctx, id, view.Fetch)
	return recorded, view, err
}

// appendTo appends an event to a fetch, if nothing happened to it meanwhile.
func appendTo(
	ctx context.Context, log events.FetchLog, id events.FetchID, view *projections.FetchView, event *atlantv1.FetchEvent,
) (*projections.FetchView, error) {
	event.At = timestamppb.Now()
	sequence, err := log.AppendFetchEvents(ctx, id, view.Sequence, event)
	if err != nil {
		return nil, err
	}
	after, _ := projections.FoldFetch(view, sequence, event)
	return &after, nil
}
