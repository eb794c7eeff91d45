package fetch

import (
	"context"
	"errors"
	"fmt"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// errSuperseded says that somebody else has begun to work on the fetch after us: it is theirs to bring to its end.
var errSuperseded = errors.New("somebody else works on the fetch now")

// hold is what a process knows of who works on a fetch. Whoever wrote FetchStarted last does, and all others stop: a process
// that was stalled while another one took its partition comes back and finds that it has nothing more to say. For that
// the order matters in which things are done.
//
//   - A process writes FetchStarted after it has looked at the events and then made sure that the request is still its own.
//     Whoever takes the partition after that looks at the events later, and writes its FetchStarted behind this one.
//   - Every other event is a compare-and-set on the one before it, so that none can be written past a FetchStarted.
//   - The writer of prices is opened before the look at the events. Whoever writes FetchStarted after that look, and has
//     another list than we, fences the writer later still.
type hold struct {
	stillOurs func(context.Context) error // an error where the request may be somebody else's

	started bool
	start   uint64 // where we wrote FetchStarted
	end     uint64 // the last event of the fetch that we know of
}

// look takes in what the log says. It returns errSuperseded if somebody else wrote FetchStarted after us.
func (h *hold) look(recorded []events.RecordedFetchEvent) error {
	var start, end uint64
	for _, r := range recorded {
		end = r.Sequence
		if r.Event.GetStarted() != nil {
			start = r.Sequence
		}
	}
	switch {
	case end < h.end: // who answered is behind
		return fmt.Errorf("read fetch: %d was its last event, now it is %d: %w", h.end, end, events.ErrUnavailable)
	case h.started && start != h.start:
		return errSuperseded
	}
	h.end = end
	return nil
}

// begin writes FetchStarted, unless this process did.
func (h *hold) begin(ctx context.Context, w *work) error {
	if h.started {
		return nil
	}
	if err := h.stillOurs(ctx); err != nil {
		return err
	}
	err := w.append(ctx, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}})
	if err == nil {
		h.started, h.start = true, h.end
	}
	return err
}
