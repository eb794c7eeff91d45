package product

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// errClosing ends the streams of Watch when the server shuts down, so that their clients go on at another one.
var errClosing = errors.New("the server shuts down: go on behind the last position")

// Close ends all streams of Watch, those to come as well.
func (s *Service) Close() { s.feed.close() }

// Watchers returns how many streams of Watch there are.
func (s *Service) Watchers() int { return s.feed.watching() }

// Watch implements ProductService.
func (s *Service) Watch(
	ctx context.Context, request *connect.Request[atlantv1.WatchRequest], stream *connect.ServerStream[atlantv1.WatchResponse],
) error {
	source, err := rpc.ConfinedSource(ctx, "source", request.Msg.GetSource())
	if err != nil {
		return err
	}
	filter, err := parseWatchFilter(request.Msg)
	if err != nil {
		return err
	}
	filter.source = source
	position, err := events.ParseLogPosition(request.Msg.GetPosition(), s.shards)
	if err != nil {
		return rpc.InvalidArgument("position", "%v", err)
	}
	if err := s.requireReachable(ctx, "position", position); err != nil {
		return err
	}
	w, err := s.feed.join(ctx, position)
	if err != nil {
		return err
	}
	defer w.leave()
	// At once, so that the client has the headers, and a position to come back to.
	if err := stream.Send(&atlantv1.WatchResponse{Position: w.position.String()}); err != nil {
		return err
	}
	return w.stream(ctx, filter, stream.Send)
}

// stream sends what passes the filter, until the context ends or the server shuts down. Sending blocks while the client does
// not read; then it goes on with what there is by then.
func (w *watcher) stream(ctx context.Context, filter watchFilter, send func(*atlantv1.WatchResponse) error) error {
	heartbeat := time.NewTimer(w.feed.heartbeat)
	defer heartbeat.Stop()
	for {
		changes, looked, err := w.next(ctx)
		if err != nil {
			return err
		}
		if changes = filter.wanted(changes); len(changes) > 0 {
			looked = always
		}
		beat, err := w.wait(ctx, looked, heartbeat.C)
		if err != nil {
			return err
		}
		if len(changes) == 0 && !beat {
			continue
		}
		if err := send(&atlantv1.WatchResponse{Changes: changes, Position: w.position.String()}); err != nil {
			return err
		}
		heartbeat.Reset(w.feed.heartbeat)
	}
}

// always is a channel on which nobody waits.
var always = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// wait blocks until there may be more, or it is time for a heartbeat. It returns an error when the stream is to end.
func (w *watcher) wait(ctx context.Context, looked <-chan struct{}, heartbeat <-chan time.Time) (beat bool, err error) {
	select {
	case <-w.feed.closing:
		return false, connect.NewError(connect.CodeUnavailable, errClosing)
	case <-ctx.Done():
		return false, ctx.Err()
	case <-heartbeat:
		return true, nil
	case <-looked:
		return false, nil
	}
}
