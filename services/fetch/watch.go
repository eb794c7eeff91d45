package fetch

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	// watchInterval is how often the view is looked at. Reports of the fetcher come in between, but may get lost.
	watchInterval = 200 * time.Millisecond
	// soon is when it is looked at first, and again once the fetcher has reported the end, which the view has in a moment.
	soon = 10 * time.Millisecond
)

// WatchFetch implements FetchService.
func (s *Service) WatchFetch(
	ctx context.Context, request *connect.Request[atlantv1.WatchFetchRequest],
	stream *connect.ServerStream[atlantv1.WatchFetchResponse],
) error {
	fetch, err := s.get(ctx, request.Msg.GetId())
	if err != nil {
		return err
	}
	id, err := uuid.Parse(fetch.GetId())
	if err != nil {
		return rpc.InvalidArgument("id", "%v", err)
	}
	reports := make(chan *atlantv1.Fetch, 1)
	stop, err := s.log.Follow(id, func(report *atlantv1.Fetch) {
		select {
		case reports <- report:
		default: // the watcher is slow: it gets a later report
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	return s.watch(ctx, fetch, reports, stream)
}

func (s *Service) watch(
	ctx context.Context, fetch *atlantv1.Fetch, reports <-chan *atlantv1.Fetch,
	stream *connect.ServerStream[atlantv1.WatchFetchResponse],
) error {
	interval := soon
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var sent, reported *atlantv1.Fetch
	for {
		shown := fetch
		if reported != nil && !projections.AtRest(fetch.GetState()) {
			shown = reported
		}
		if !proto.Equal(shown, sent) {
			if err := stream.Send(&atlantv1.WatchFetchResponse{Fetch: shown}); err != nil {
				return err
			}
			sent = shown
		}
		if projections.AtRest(shown.GetState()) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case reported = <-reports:
			if projections.AtRest(reported.GetState()) {
				// The end is shown from the view only: whoever is told of it may list, and must find it.
				reported = nil
				interval = soon
				ticker.Reset(interval)
			}
		case <-ticker.C:
			interval = min(2*interval, watchInterval)
			ticker.Reset(interval)
			var err error
			if fetch, err = s.get(ctx, fetch.GetId()); err != nil {
				return err
			}
		}
	}
}
