package projections

import (
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Ended tells whether a fetch has come to its end; nothing happens to it any more.
func Ended(state atlantv1.FetchState) bool {
	switch state {
	case atlantv1.FetchState_FETCH_STATE_COMPLETED, atlantv1.FetchState_FETCH_STATE_FAILED,
		atlantv1.FetchState_FETCH_STATE_CANCELLED, atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED,
		atlantv1.FetchState_FETCH_STATE_DISCARDED:
		return true
	default:
		return false
	}
}

// AtRest tells whether nothing more happens to a fetch by itself: it has ended, or is held until somebody looks at it.
func AtRest(state atlantv1.FetchState) bool {
	return Ended(state) || state == atlantv1.FetchState_FETCH_STATE_HELD
}

// FoldFetch applies the event at a sequence of the log to a fetch, nil if it is not known, and returns the fetch after it
// and the rejects that the event brought. It is pure; an event that was applied before changes nothing.
func FoldFetch(before *FetchView, sequence uint64, event *atlantv1.FetchEvent) (FetchView, []IndexedReject) {
	if before != nil && sequence <= before.Sequence {
		return *before, nil
	}
	if before != nil && Ended(before.Fetch.GetState()) {
		return foldVisible(*before, sequence, event), nil
	}
	after := FetchView{Fetch: &atlantv1.Fetch{}, Sequence: sequence}
	if before != nil {
		after.Fetch, after.Rejects = proto.CloneOf(before.Fetch), before.Rejects
	}
	fetch := after.Fetch
	switch e := event.GetEvent().(type) {
	case *atlantv1.FetchEvent_Requested:
		fetch.Id, fetch.Url, fetch.Source = e.Requested.GetId(), e.Requested.GetUrl(), e.Requested.GetSource()
		fetch.RequestedAt, fetch.ObservedAt = e.Requested.GetRequestedAt(), e.Requested.GetObservedAt()
		fetch.ScheduledFor = e.Requested.GetScheduledFor()
		fetch.State = atlantv1.FetchState_FETCH_STATE_QUEUED
	case *atlantv1.FetchEvent_Started:
		fetch.State = atlantv1.FetchState_FETCH_STATE_RUNNING
		if fetch.GetStartedAt() == nil {
			fetch.StartedAt = event.GetAt()
		}
	case *atlantv1.FetchEvent_AttemptFailed:
		fetch.Error = e.AttemptFailed.GetError()
	case *atlantv1.FetchEvent_Parsed:
		fetch.Error, fetch.Dialect = "", e.Parsed.GetDialect()
		setCounts(fetch, e.Parsed.GetCounts())
	case *atlantv1.FetchEvent_Held:
		fetch.State, fetch.Error = atlantv1.FetchState_FETCH_STATE_HELD, ""
		fetch.Dialect, fetch.Comparison = e.Held.GetParsed().GetDialect(), e.Held.GetComparison()
		setCounts(fetch, e.Held.GetParsed().GetCounts())
	case *atlantv1.FetchEvent_Approved:
		fetch.State = atlantv1.FetchState_FETCH_STATE_QUEUED
	case *atlantv1.FetchEvent_RowsRejected:
		return foldRejects(after, e.RowsRejected.GetRejects())
	default:
		foldEnd(fetch, event)
	}
	return after, nil
}

// foldVisible applies what can come after the end of a fetch.
func foldVisible(before FetchView, sequence uint64, event *atlantv1.FetchEvent) FetchView {
	completed := before.Fetch.GetState() == atlantv1.FetchState_FETCH_STATE_COMPLETED
	if event.GetVisible() == nil || !completed || before.Fetch.GetVisibleAt() != nil {
		return before
	}
	after := before
	after.Fetch, after.Sequence = proto.CloneOf(before.Fetch), sequence
	after.Fetch.VisibleAt = event.GetAt()
	return after
}

// foldEnd applies an event that ends a fetch.
func foldEnd(fetch *atlantv1.Fetch, event *atlantv1.FetchEvent) {
	switch e := event.GetEvent().(type) {
	case *atlantv1.FetchEvent_Completed:
		fetch.State, fetch.Error = atlantv1.FetchState_FETCH_STATE_COMPLETED, ""
		fetch.Position = events.LogPosition(e.Completed.GetPosition()).String()
		setCounts(fetch, e.Completed.GetCounts())
	case *atlantv1.FetchEvent_Failed:
		fetch.State, fetch.Error = atlantv1.FetchState_FETCH_STATE_FAILED, e.Failed.GetError()
		fetch.Dialect = e.Failed.GetDialect()
		setCounts(fetch, e.Failed.GetCounts())
	case *atlantv1.FetchEvent_Cancelled:
		fetch.State = atlantv1.FetchState_FETCH_STATE_CANCELLED
	case *atlantv1.FetchEvent_Discarded:
		fetch.State = atlantv1.FetchState_FETCH_STATE_DISCARDED
		if by := e.Discarded.GetSupersededBy(); by != "" {
			fetch.Error = "a later fetch of the list took its place: " + by
		}
	case *atlantv1.FetchEvent_NotModified:
		fetch.State, fetch.Error = atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED, ""
		fetch.Position = events.LogPosition(e.NotModified.GetPosition()).String()
	default:
		return // of a newer version: what this one does not know, it cannot show
	}
	fetch.EndedAt = event.GetAt()
}

func foldRejects(after FetchView, rejects []*atlantv1.Reject) (FetchView, []IndexedReject) {
	indexed := make([]IndexedReject, len(rejects))
	for i, reject := range rejects {
		indexed[i] = IndexedReject{Index: after.Rejects + int64(i), Reject: reject}
	}
	after.Rejects += int64(len(rejects))
	return after, indexed
}

func setCounts(fetch *atlantv1.Fetch, counts *atlantv1.FetchCounts) {
	fetch.Bytes, fetch.RowsRead, fetch.Accepted = counts.GetBytes(), counts.GetRowsRead(), counts.GetAccepted()
	fetch.Rejected, fetch.Duplicates, fetch.Published = counts.GetRejected(), counts.GetDuplicates(), counts.GetPublished()
}
