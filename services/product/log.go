package product

import (
	"context"
	"fmt"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

// Log is what the service reads of the log: what the views do not hold, which is who published what, and where in his list.
type Log interface {
	events.PublishedLog
	// FetchEvents is that of events.FetchLog.
	FetchEvents(ctx context.Context, fetch events.FetchID) ([]events.RecordedFetchEvent, error)
}

// fetchRecord is what the log has of a fetch.
type fetchRecord struct {
	id     events.FetchID
	fetch  *atlantv1.Fetch
	parsed *atlantv1.FetchParsed // nil if its list was not read

	publishedBy string // the fetch that published the list, if this one found it unchanged
}

// fetchRecord returns what the log has of a fetch, nil if there is none.
func (s *Service) fetchRecord(ctx context.Context, id events.FetchID) (*fetchRecord, error) {
	recorded, err := s.log.FetchEvents(ctx, id)
	if err != nil || len(recorded) == 0 {
		return nil, err
	}
	r := &fetchRecord{id: id}
	var view *projections.FetchView
	for _, e := range recorded {
		after, _ := projections.FoldFetch(view, e.Sequence, e.Event)
		view = &after
		switch event := e.Event.GetEvent().(type) {
		case *atlantv1.FetchEvent_Parsed:
			r.parsed = event.Parsed
		case *atlantv1.FetchEvent_Held:
			r.parsed = event.Held.GetParsed()
		case *atlantv1.FetchEvent_NotModified:
			r.publishedBy = event.NotModified.GetPublishedBy()
		default:
		}
	}
	r.fetch = view.Fetch
	return r, nil
}

// publishedFetch returns the fetch that published the list of this one, which is most often this one itself. It is named by a
// field of a request: not_found if there is none, failed_precondition if it is not complete.
func (s *Service) publishedFetch(ctx context.Context, field, id string) (*fetchRecord, error) {
	named, err := parseID(field, id)
	if err != nil {
		return nil, err
	}
	r, err := s.fetchRecord(ctx, named)
	switch {
	case err != nil:
		return nil, err
	case r == nil, !rpc.CallerOf(ctx).May(r.fetch.GetSource()):
		return nil, rpc.NotFound("%s: there is no fetch %s", field, id)
	case r.publishedBy != "":
		return s.publishedFetch(ctx, field, r.publishedBy)
	case r.fetch.GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED:
		return nil, connect.NewError(connect.CodeFailedPrecondition, fmt.Errorf("%s: fetch %s has not completed: it is %s", field, id,
			stateName(r.fetch.GetState())))
	}
	return r, nil
}
