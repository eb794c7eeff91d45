package fetch

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// comparePatience is how many times as long as otherwise a fetch waits for the view where it has a list to compare: to publish
// one that is off by a factor of 1000 is worse than to be late.
const comparePatience = 5

// errHeldListGone ends a fetch that was approved, and whose list nobody has any more.
var errHeldListGone = permanent("the list that was held is gone: fetch it again")

// held returns the FetchHeld event of a fetch, nil if it was not held.
func held(recorded []events.RecordedFetchEvent) *atlantv1.FetchHeld {
	for _, r := range recorded {
		if h := r.Event.GetHeld(); h != nil {
			return h
		}
	}
	return nil
}

func approvedEvent() *atlantv1.FetchEvent {
	return &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Approved{Approved: &atlantv1.FetchApproved{}}}
}

// implausible compares a list with the last good one of its source, and returns how it differs; nil: it can be published.
func (w *work) implausible(ctx context.Context, list *atlantv1.FetchParsed) *atlantv1.ListComparison {
	if w.held != nil || w.request.GetNoHold() {
		return nil
	}
	recent, err := w.recent(ctx, comparePatience*w.viewPatience)
	if err != nil {
		w.logger.WarnContext(ctx, "a list is published without being compared with the one before", slog.String(logFetch, w.id.String()),
			slog.Any(logError, err))
		return nil
	}
	last, sameURL := lastGood(recent, w.view.Fetch)
	if last == nil {
		return nil
	}
	recorded, err := w.recorded(ctx, last.GetId())
	if err != nil {
		return nil
	}
	by, recorded, err := w.publishedBy(ctx, last.GetId(), recorded)
	before := parsed(recorded)
	if err != nil || before == nil {
		return nil // it ended without its list
	}
	return compare(list, before, by, sameURL)
}

// lastGood returns the last fetch before the current one, by position, that published the list, or else any list of the source;
// nil if there is none.
func lastGood(recent []*atlantv1.Fetch, current *atlantv1.Fetch) (last *atlantv1.Fetch, sameURL bool) {
	for _, fetch := range recent {
		if !endedWell(fetch) || comparePositions(fetch, current) >= 0 {
			continue
		}
		same := isSameList(fetch, current)
		switch {
		case last == nil, same && !sameURL, same == sameURL && comparePositions(fetch, last) > 0:
			last, sameURL = fetch, same
		}
	}
	return last, sameURL
}

// isSameList tells whether two fetches are of one list, as far as their URLs tell. What was uploaded has its hash in the URL,
// and it is the name of the file that says what it is.
func isSameList(a, b *atlantv1.Fetch) bool { return listName(a.GetUrl()) == listName(b.GetUrl()) }

func listName(url string) string {
	if rest, isUpload := strings.CutPrefix(url, uploadScheme+":"); isUpload {
		_, name, _ := strings.Cut(rest, "/")
		return uploadScheme + ":" + name
	}
	return url
}

// holdBack keeps the list until somebody has looked at it, and ends the work on it for now.
func (w *work) holdBack(ctx context.Context, l *toRead, r *reading, event *atlantv1.FetchHeld) error {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return spoolError{err}
	}
	if _, err := w.log.HeldLists().PutList(ctx, w.id.String(), l.file); err != nil {
		return err
	}
	return w.append(ctx, append(w.rejectEvents(r), &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Held{Held: event}})...)
}

// takeHeld brings the list back that was held.
func (w *work) takeHeld(ctx context.Context, to *part) error {
	_, err := w.log.HeldLists().GetList(ctx, w.id.String(), to)
	if errors.Is(err, events.ErrNoList) {
		return errHeldListGone
	}
	return err
}

// tidyHeld removes the list of a fetch that was held and has ended, and discards what this one took the place of. That the latter
// fails does no harm: the next fetch of the list tries again, and a list that came before a published one is not approved.
func (w *work) tidyHeld(ctx context.Context) error {
	switch state := w.view.Fetch.GetState(); {
	case w.held != nil:
		if err := w.log.HeldLists().DeleteList(ctx, w.id.String()); err != nil {
			return err
		}
	case state != atlantv1.FetchState_FETCH_STATE_COMPLETED && state != atlantv1.FetchState_FETCH_STATE_HELD:
		return nil
	}
	recent, err := w.recent(ctx, w.viewPatience)
	for _, fetch := range recent {
		if fetch.GetState() != atlantv1.FetchState_FETCH_STATE_HELD || comparePositions(fetch, w.view.Fetch) >= 0 ||
			!isSameList(fetch, w.view.Fetch) {
			continue
		}
		if _, failed := discardHeld(ctx, w.log, uuid.MustParse(fetch.GetId()), w.id.String()); failed != nil {
			err = failed
		}
	}
	if err != nil {
		w.logger.WarnContext(ctx, "lists that are held were not looked at", slog.String(logFetch, w.id.String()), slog.Any(logError, err))
	}
	return nil
}
