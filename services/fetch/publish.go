package fetch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// An event with rejects stays far below the largest message that the log takes, 1 MiB.
const (
	rejectsPerEvent  = 500
	rowBytesPerEvent = 256 << 10 // and one row more, which has at most as many
)

// errLogDiffers ends a fetch whose events in the log are not the accepted rows of its list.
var errLogDiffers = errors.New("the log does not hold what the list says")

// publish writes the observations that the log does not hold yet, and then the receipt.
func (w *work) publish(ctx context.Context, r *reading) (err error) {
	ctx, end := w.observer.Stage(ctx, StagePublish, time.Now())
	defer func() { end(err) }()
	at := events.Position{ObservedAt: events.MicrosOf(w.request.GetObservedAt()), Fetch: w.id}
	err = r.observations(ctx, at, func(place int64, o *events.Observation) error {
		w.published.Store(w.writer.Published())
		return w.writer.Add(ctx, place, o)
	})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	published, position, err := w.writer.Finish(ctx)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	r.counts.Published = published
	if published != r.counts.GetAccepted() {
		// Nothing that is tried again can mend this; the user must know.
		return w.fail(ctx, fmt.Errorf("%w: it holds %d prices, %d were accepted", errLogDiffers, published, r.counts.GetAccepted()), r)
	}
	completed := &atlantv1.FetchCompleted{Counts: &r.counts, Position: position}
	return w.append(ctx, append(w.rejectEvents(r), &atlantv1.FetchEvent{
		Event: &atlantv1.FetchEvent_Completed{Completed: completed},
	})...)
}

// fail ends the fetch with the reason, and with what was read of the list, nil if nothing was.
func (w *work) fail(ctx context.Context, reason error, r *reading) error {
	failed := &atlantv1.FetchFailed{Error: reason.Error()}
	var all []*atlantv1.FetchEvent
	if r != nil {
		failed.Counts = &r.counts
		if r.list != nil {
			failed.Dialect = r.dialect()
		}
		all = w.rejectEvents(r)
	}
	return w.append(ctx, append(all, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Failed{Failed: failed}})...)
}

// failPublishing ends a fetch of which an earlier attempt may have published something: before is what it had read, nil if
// it had not come so far. The receipt then says how much is in the log.
func (w *work) failPublishing(ctx context.Context, reason error, before *atlantv1.FetchParsed) error {
	if before == nil {
		return w.fail(ctx, reason, nil)
	}
	if err := w.writer.Fence(ctx); err != nil { // whoever published it may be at it still
		return err
	}
	return w.endWithoutList(ctx, reason, before)
}

// endWithoutList ends a fetch whose list cannot be had again: well, if the log holds all of it already, though the rejects
// are counted only.
func (w *work) endWithoutList(ctx context.Context, reason error, before *atlantv1.FetchParsed) error {
	counts := proto.CloneOf(before.GetCounts())
	counts.Published = w.writer.Published()
	if counts.GetPublished() == counts.GetAccepted() {
		_, position, err := w.writer.Finish(ctx)
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		return w.append(ctx, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Completed{
			Completed: &atlantv1.FetchCompleted{Counts: counts, Position: position},
		}})
	}
	reason = fmt.Errorf("%w; %d of its prices are in the log already", reason, counts.GetPublished())
	failed := &atlantv1.FetchFailed{Error: reason.Error(), Counts: counts, Dialect: before.GetDialect()}
	return w.append(ctx, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Failed{Failed: failed}})
}

// rejectEvents spreads the rejects over events; none, if the log has them since the list was held.
func (w *work) rejectEvents(r *reading) []*atlantv1.FetchEvent {
	var all []*atlantv1.FetchEvent
	if w.view.Rejects > 0 {
		return nil
	}
	for rest := r.rejects; len(rest) > 0; {
		n := rejectsThatFit(rest)
		all = append(all, &atlantv1.FetchEvent{
			Event: &atlantv1.FetchEvent_RowsRejected{RowsRejected: &atlantv1.FetchRowsRejected{Rejects: rest[:n]}},
		})
		rest = rest[n:]
	}
	return all
}

// rejectsThatFit returns how many of the rejects go into one event, at least one.
func rejectsThatFit(rejects []*atlantv1.Reject) int {
	bytes := 0
	for i, r := range rejects[:min(len(rejects), rejectsPerEvent)] {
		if bytes > rowBytesPerEvent {
			return i
		}
		bytes += len(r.GetRow())
	}
	return min(len(rejects), rejectsPerEvent)
}
