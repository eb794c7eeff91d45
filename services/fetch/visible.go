package fetch

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// toSee is a fetch that has ended, with the context that it was worked on in: what is waited for belongs to its trace.
type toSee struct {
	ctx context.Context //nolint:containedctx // see above
	id  events.FetchID
}

// maxToSee bounds the fetches of a partition that have ended and wait for the views.
const maxToSee = 1024

// noteVisible writes down when the views show what fetches have published, one fetch after the other, until the context ends.
// What is not written down by then is not made up for: it is a figure for people, nothing depends on it.
func (s *shift) noteVisible(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case fetch := <-s.done:
			for ctx.Err() == nil {
				err := s.seeVisible(fetch.ctx, fetch.id) //nolint:contextcheck // it ends with the other one
				if err == nil {
					break
				}
				s.logger.DebugContext(fetch.ctx, "the views do not show a fetch", //nolint:contextcheck // as above
					slog.String(logFetch, fetch.id.String()), slog.Any(logError, err))
				pause(ctx, retryPause)
			}
		}
	}
}

// seeVisible blocks until the views show what a fetch has published, and writes that down.
func (s *shift) seeVisible(ctx context.Context, id events.FetchID) error {
	recorded, view, err := recordedFetch(ctx, s.log, id)
	if err != nil {
		return err
	}
	completed := endOf(recorded).GetCompleted()
	if completed == nil || view.Fetch.GetVisibleAt() != nil {
		return nil
	}
	waiting, end := s.observer.Stage(ctx, StageVisible, view.Fetch.GetEndedAt().AsTime())
	_, err = projections.WaitForPosition(waiting, s.live, events.LogPosition(completed.GetPosition()))
	end(err)
	if err != nil {
		return err
	}
	if !isApproved(recorded) { // how long people took to look at it tells nothing of Atlant
		s.observer.Visible(time.Since(view.Fetch.GetRequestedAt().AsTime()))
	}
	_, err = appendTo(ctx, s.log, id, view, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Visible{Visible: &atlantv1.FetchVisible{}}})
	if errors.Is(err, events.ErrConflict) {
		return nil // somebody else did
	}
	return err
}
