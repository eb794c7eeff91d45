package source

import (
	"time"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// recentFetches is how many fetches of a source are looked at.
	recentFetches = 20
	// longestBackOff is how long a source is passed over at most, unless its schedule comes less often by itself.
	longestBackOff = 24 * time.Hour
)

// record is what the recent fetches of a source say.
type record struct {
	last     *atlantv1.Fetch // nil if there is none
	running  bool            // one of them waits or is being worked on
	failures int             // of the list as the source has it now, in a row
	failedAt time.Time       // when the last of them was asked for
}

// recordOf reads the recent fetches of a source, the newest first. A failure counts if it is one of the list that the source
// names, after the source was changed last: whoever changes it wants to see whether that helps.
func recordOf(source *atlantv1.SourceRecord, recent []*atlantv1.Fetch) record {
	var r record
	if len(recent) > 0 {
		r.last = recent[0]
	}
	counting := true
	for _, fetch := range recent {
		r.running = r.running || !projections.AtRest(fetch.GetState())
		if fetch.GetUrl() != source.GetUrl() || fetch.GetRequestedAt().AsTime().Before(source.GetUpdatedAt().AsTime()) {
			continue
		}
		switch fetch.GetState() {
		case atlantv1.FetchState_FETCH_STATE_FAILED:
			if counting && r.failures == 0 {
				r.failedAt = fetch.GetRequestedAt().AsTime()
			}
			if counting {
				r.failures++
			}
		case atlantv1.FetchState_FETCH_STATE_CANCELLED: // says nothing of the list
		default:
			counting = counting && !projections.AtRest(fetch.GetState())
		}
	}
	return r
}

// backedOffUntil returns the time of the schedule at which a source is fetched again that has failed several times in a row; the
// zero time if that is just the next one. The time between doubles with each failure from the second on. What was asked for late
// counts as asked for in time if it was no more than half an interval late.
func (r record) backedOffUntil(t *timetable) time.Time {
	if r.failures < 2 {
		return time.Time{}
	}
	interval := t.interval(r.failedAt)
	pause, most := interval, max(interval, longestBackOff)
	for range r.failures - 1 {
		pause = min(2*pause, most)
	}
	until := t.next(r.failedAt.Add(pause - interval/2))
	if !until.After(t.next(r.failedAt)) {
		return time.Time{}
	}
	return until
}
