package fetch

import (
	"bytes"
	"context"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// viewPatience is how long a fetch waits for the view to tell what was published before it.
	viewPatience = 2 * time.Second
	// recentFetches is how many fetches of a source are looked at.
	recentFetches = 100
)

// publishedList is the list that the last fetch of a source has published, all of it.
type publishedList struct {
	by         string // id of the fetch that read it
	position   map[uint32]uint64
	sha256     []byte
	validators *atlantv1.ListValidators
}

// lastPublished returns the list with which this one need only be compared: the source's prices are those of that list, and
// this program would read it in the same way again. It returns nil wherever that is not certain; then the list is read.
//
// Which fetch was the last the view tells, once it has all that happened before this fetch was begun. What the list is
// recognised by the log tells, in the events of that fetch: a view that was made by another version need not have it.
func (w *work) lastPublished(ctx context.Context) *publishedList {
	r := w.request
	if w.held != nil || r.GetForce() || !proto.Equal(r.GetObservedAt(), r.GetRequestedAt()) { // a list of the past says what held then
		return nil
	}
	last, err := w.lastOfSource(ctx)
	if err != nil || last == nil {
		return nil // if it is the log or the views that fail, who needs them next will say so
	}
	recorded, err := w.recorded(ctx, last.GetId())
	if err != nil || !asksForTheSame(recorded[0].Event.GetRequested(), r) {
		return nil
	}
	p := &publishedList{validators: endOf(recorded).GetNotModified().GetValidators()}
	if p.by, recorded, err = w.publishedBy(ctx, last.GetId(), recorded); err != nil {
		return nil
	}
	completed, parsed := endOf(recorded).GetCompleted(), parsed(recorded)
	if completed == nil || len(parsed.GetSha256()) == 0 || parsed.GetReadBy() == "" || parsed.GetReadBy() != w.version {
		return nil
	}
	if p.by == last.GetId() {
		p.validators = parsed.GetValidators()
	}
	p.position, p.sha256 = completed.GetPosition(), parsed.GetSha256()
	return p
}

// publishedBy returns the fetch that published a list, with its events: the one with the id and the events given, or the one whose
// list that one found again.
func (w *work) publishedBy(
	ctx context.Context, id string, recorded []events.RecordedFetchEvent,
) (string, []events.RecordedFetchEvent, error) {
	unchanged := endOf(recorded).GetNotModified()
	if unchanged == nil {
		return id, recorded, nil
	}
	recorded, err := w.recorded(ctx, unchanged.GetPublishedBy())
	return unchanged.GetPublishedBy(), recorded, err
}

// recorded returns the events of a fetch that there is.
func (w *work) recorded(ctx context.Context, id string) ([]events.RecordedFetchEvent, error) {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return nil, err
	}
	recorded, err := w.log.FetchEvents(ctx, parsed)
	if err == nil && len(recorded) == 0 {
		err = projections.ErrNotFound
	}
	return recorded, err
}

// lastOfSource returns the fetch whose prices are the last of the source, nil if it cannot be told or is none that was
// completed.
func (w *work) lastOfSource(ctx context.Context) (*atlantv1.Fetch, error) {
	recent, err := w.recent(ctx, w.viewPatience)
	if err != nil {
		return nil, err
	}
	last := lastOf(recent, w.view.Fetch)
	if last == nil || last.GetState() == atlantv1.FetchState_FETCH_STATE_FAILED {
		return nil, nil //nolint:nilnil // as documented
	}
	if len(recent) == recentFetches && !isAfterAllBefore(last, recent[recentFetches-1]) {
		return nil, nil //nolint:nilnil // as documented
	}
	return last, nil
}

// recent returns the latest fetches of the source, the latest request first, once the view has all that happened before this
// fetch was begun. It asks the view once: what comes later is no business of this fetch, as those of a source are done one at a time.
func (w *work) recent(ctx context.Context, patience time.Duration) (_ []*atlantv1.Fetch, err error) {
	if w.recentFetches != nil {
		return w.recentFetches, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	views, err := projections.WaitFor(ctx, w.live, events.FetchStream, w.hold.start)
	if err != nil {
		return nil, err
	}
	w.recentFetches, err = views.ListFetches(ctx, w.request.GetSource(), nil, recentFetches)
	return w.recentFetches, err
}

// lastOf returns the last of the fetches, by position, that published something or found it published already; nil if that
// is not settled: one of them may still publish, or the one at hand comes too late.
func lastOf(recent []*atlantv1.Fetch, current *atlantv1.Fetch) *atlantv1.Fetch {
	var last *atlantv1.Fetch
	for _, fetch := range recent {
		switch state := fetch.GetState(); {
		case fetch.GetId() == current.GetId():
		case state == atlantv1.FetchState_FETCH_STATE_QUEUED && comparePositions(fetch, current) > 0: // waits behind
		case !projections.Ended(state):
			return nil
		case state == atlantv1.FetchState_FETCH_STATE_CANCELLED, state == atlantv1.FetchState_FETCH_STATE_DISCARDED:
		case state == atlantv1.FetchState_FETCH_STATE_FAILED && fetch.GetPublished() == 0:
		case last == nil || comparePositions(fetch, last) > 0:
			last = fetch
		}
	}
	if last == nil || comparePositions(last, current) > 0 {
		return nil
	}
	return last
}

// isAfterAllBefore tells whether a fetch observed later than any that was requested before another one.
func isAfterAllBefore(fetch, other *atlantv1.Fetch) bool {
	return fetch.GetObservedAt().AsTime().After(other.GetRequestedAt().AsTime().Add(clockTolerance))
}

func comparePositions(a, b *atlantv1.Fetch) int { return positionOf(a).Compare(positionOf(b)) }

func positionOf(fetch *atlantv1.Fetch) events.Position {
	id, _ := uuid.Parse(fetch.GetId()) // the projection made the text from an id
	return events.Position{ObservedAt: events.MicrosOf(fetch.GetObservedAt()), Fetch: id}
}

// isPublished tells whether a list holds the same bytes as the last one that was published.
func (w *work) isPublished(l *toRead) bool {
	return w.last != nil && bytes.Equal(l.sha256, w.last.sha256)
}

// endNotModified ends a fetch whose list is published already.
func (w *work) endNotModified(ctx context.Context) error {
	validators := w.validators
	if validators == nil {
		validators = w.last.validators
	}
	return w.append(ctx, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_NotModified{NotModified: &atlantv1.FetchNotModified{
		PublishedBy: w.last.by, Position: w.last.position, Validators: validators,
	}}})
}
