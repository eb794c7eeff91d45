package fetch

import (
	"context"
	"errors"
	"log/slog"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// maxToSee bounds the fetches of a partition that have ended and wait for the views.
const maxToSee = 1024

// noteVisible writes down when the views show what fetches have published, one fetch after the other, until the context ends.
// What is not written down by then is not made up for: it is a figure for people, nothing depends on it.
func (s *shift) noteVisible(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-s.done:
			for ctx.Err() == nil {
				err := s.seeVisible(ctx, id)
				if err == nil {
					break
				}
				s.logger.Debug("the views do not show a fetch", slog.String(logFetch, id.String()), slog.Any(logError, err))
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
	if _, err := projections.WaitForPosition(ctx, s.live, events.LogPosition(completed.GetPosition())); err != nil {
		return err
	}
	_, err = appendTo(ctx, s.log, id, view, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Visible{Visible: &atlantv1.FetchVisible{}}})
	if errors.Is(err, events.ErrConflict) {
		return nil // somebody else did
	}
	return err
}
