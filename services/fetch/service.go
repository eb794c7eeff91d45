// Package fetch brings price lists into the log: it takes requests, downloads lists to a spool, reads them and publishes
// what they say.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/rpc"
)

// visibleTimeout bounds how long an answer waits for the fetch view, so that a client that lists next finds the fetch.
const visibleTimeout = 250 * time.Millisecond

// Log is what the service and the fetchers need of the log.
type Log interface {
	events.FetchLog
	events.FetchQueue
	events.PriceLog
	events.Progress
	Sources
	// HeldLists keeps the lists of fetches that are held, by the fetch's id.
	HeldLists() events.ListStore
	// Uploads are the lists that were uploaded, each under its sum.
	Uploads() events.ListStore
}

// Sources knows the sources that were set up.
type Sources interface {
	// RegisteredSource is as in events.SourceRegistry.
	RegisteredSource(ctx context.Context, name string) (*events.RegisteredSource, error)
}

// Service is the handler of FetchService.
type Service struct {
	log          Log
	live         projections.LiveViews
	maxListBytes int64 // of an upload

	// queueing is held from taking the time of a request until it is on the queue: requests must stand there in the order of
	// their times, or the later one is done first and the earlier one comes too late to count.
	queueing sync.Mutex
}

var _ atlantv1connect.FetchServiceHandler = (*Service)(nil)

// NewService returns the handler. It takes uploads of so many bytes, 0 for DefaultMaxListBytes.
func NewService(log Log, live projections.LiveViews, maxListBytes int64) *Service {
	return &Service{log: log, live: live, maxListBytes: cmp.Or(maxListBytes, DefaultMaxListBytes)}
}

// Fetch implements FetchService.
func (s *Service) Fetch(
	ctx context.Context, call *connect.Request[atlantv1.FetchRequest],
) (*connect.Response[atlantv1.FetchResponse], error) {
	if err := rpc.RequireSource(ctx, "source", cmp.Or(call.Msg.GetSource(), events.DefaultSource)); err != nil {
		return nil, err
	}
	fetch, err := s.Request(ctx, call.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.FetchResponse{Fetch: fetch}), nil
}

// Request asks for a list as Fetch does. The queue comes first: once the request is on it, a fetcher will find it whatever
// happens to this process, and writes the FetchRequested event itself if it is missing.
func (s *Service) Request(ctx context.Context, message *atlantv1.FetchRequest) (*atlantv1.Fetch, error) {
	id, requested, view, err := s.enqueue(ctx, message)
	if err != nil {
		return nil, err
	}
	if view == nil {
		if view, err = request(ctx, s.log, id, requested); err != nil {
			return nil, err
		}
	}
	s.awaitVisible(ctx, view.Sequence)
	return view.Fetch, nil
}

// enqueue puts a request on the queue, unless one with the same request id was accepted before: that one it returns, with
// what has become of it.
func (s *Service) enqueue(
	ctx context.Context, message *atlantv1.FetchRequest,
) (id events.FetchID, requested *atlantv1.FetchRequested, accepted *projections.FetchView, err error) {
	currency, err := s.currencyOf(ctx, message)
	if err != nil {
		return id, nil, nil, err
	}
	if message.GetObservedAt() == nil {
		s.queueing.Lock()
		defer s.queueing.Unlock()
	}
	if requested, err = newRequest(message, time.Now()); err != nil {
		return id, nil, nil, err
	}
	requested.Csv = withCurrency(requested.GetCsv(), currency)
	isClaimed := message.GetRequestId() != ""
	if isClaimed {
		if requested, err = s.claim(ctx, message, requested); err != nil {
			return id, nil, nil, err
		}
	}
	id, accepted, err = s.enqueueOnce(ctx, requested, isClaimed)
	return id, requested, accepted, err
}

// enqueueOnce puts a request on the queue. One that was claimed may have been accepted before: then it returns what has become of it.
func (s *Service) enqueueOnce(
	ctx context.Context, requested *atlantv1.FetchRequested, isClaimed bool,
) (id events.FetchID, accepted *projections.FetchView, err error) {
	if id, err = uuid.Parse(requested.GetId()); err != nil {
		return id, nil, fmt.Errorf("parse id of fetch: %w", err)
	}
	if isClaimed {
		if accepted, err = currentView(ctx, s.log, id); err != nil || accepted != nil {
			return id, accepted, err
		}
	}
	return id, nil, s.log.Enqueue(ctx, requested)
}

// claim returns the request that first used the request id.
func (s *Service) claim(
	ctx context.Context, message *atlantv1.FetchRequest, requested *atlantv1.FetchRequested,
) (*atlantv1.FetchRequested, error) {
	first, err := s.log.Claim(ctx, message.GetRequestId(), loggable(requested))
	if err != nil {
		return nil, err
	}
	first = proto.CloneOf(first)
	first.Credentials = requested.GetCredentials() // the log knows none: if it is not on the queue yet, these are as good
	again := requested
	if message.GetCsv().GetCurrencyCode() == "" { // it takes that of the source, which may have been another one then
		again = proto.CloneOf(requested)
		again.Csv = withCurrency(again.GetCsv(), first.GetCsv().GetCurrencyCode())
	}
	switch {
	case !rpc.CallerOf(ctx).May(first.GetSource()):
		return nil, rpc.InvalidArgument("request_id", "was used for another request")
	case !sameRequest(first, again, message.GetObservedAt()):
		return nil, rpc.InvalidArgument("request_id", "was used for another request: fetch %s of %s", first.GetId(), first.GetUrl())
	}
	return first, nil
}

// awaitVisible waits a little for the fetch view. That it takes longer is no error: the request is accepted.
func (s *Service) awaitVisible(ctx context.Context, sequence uint64) {
	ctx, cancel := context.WithTimeout(ctx, visibleTimeout)
	defer cancel()
	_, _ = projections.WaitFor(ctx, s.live, events.FetchStream, sequence)
}

// GetFetch implements FetchService.
func (s *Service) GetFetch(
	ctx context.Context, request *connect.Request[atlantv1.GetFetchRequest],
) (*connect.Response[atlantv1.GetFetchResponse], error) {
	fetch, err := s.get(ctx, request.Msg.GetId())
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(&atlantv1.GetFetchResponse{Fetch: fetch}), nil
}

func (s *Service) get(ctx context.Context, text string) (*atlantv1.Fetch, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, rpc.InvalidArgument("id", "%v", err)
	}
	views, err := s.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	fetch, err := views.GetFetch(ctx, id)
	if err == nil {
		return seen(ctx, id, fetch)
	}
	if !errors.Is(err, projections.ErrNotFound) {
		return nil, fmt.Errorf("get fetch: %w", err)
	}
	// The views may be behind: what a client was told exists must be found.
	view, err := currentView(ctx, s.log, id)
	if err != nil {
		return nil, err
	}
	if view == nil {
		return nil, notFound(id)
	}
	return seen(ctx, id, view.Fetch)
}

// seen returns a fetch to callers who may know of its source; to others there is none.
func seen(ctx context.Context, id events.FetchID, fetch *atlantv1.Fetch) (*atlantv1.Fetch, error) {
	if !rpc.CallerOf(ctx).May(fetch.GetSource()) {
		return nil, notFound(id)
	}
	return fetch, nil
}

func notFound(id events.FetchID) error { return rpc.NotFound("there is no fetch with id %s", id) }

// CancelFetch implements FetchService.
func (s *Service) CancelFetch(
	ctx context.Context, request *connect.Request[atlantv1.CancelFetchRequest],
) (*connect.Response[atlantv1.CancelFetchResponse], error) {
	id, err := uuid.Parse(request.Msg.GetId())
	if err != nil {
		return nil, rpc.InvalidArgument("id", "%v", err)
	}
	for {
		recorded, view, err := recordedFetch(ctx, s.log, id)
		if err != nil {
			return nil, err
		}
		switch state := view.Fetch.GetState(); {
		case state == atlantv1.FetchState_FETCH_STATE_CANCELLED:
			return connect.NewResponse(&atlantv1.CancelFetchResponse{Fetch: view.Fetch}), nil
		case projections.Ended(state):
			return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("the fetch has ended"))
		case state == atlantv1.FetchState_FETCH_STATE_HELD:
			return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("the fetch is held: discard it instead"))
		case parsed(recorded) != nil:
			return nil, connect.NewError(connect.CodeFailedPrecondition, errors.New("the list is being published already"))
		}
		event := &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Cancelled{Cancelled: &atlantv1.FetchCancelled{}}}
		after, err := appendTo(ctx, s.log, id, view, event)
		if errors.Is(err, events.ErrConflict) {
			continue // the fetcher was faster: look again
		}
		if err != nil {
			return nil, err
		}
		s.awaitVisible(ctx, after.Sequence)
		return connect.NewResponse(&atlantv1.CancelFetchResponse{Fetch: after.Fetch}), nil
	}
}
