package source

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	queued      = atlantv1.FetchState_FETCH_STATE_QUEUED
	running     = atlantv1.FetchState_FETCH_STATE_RUNNING
	completed   = atlantv1.FetchState_FETCH_STATE_COMPLETED
	notModified = atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED
	failed      = atlantv1.FetchState_FETCH_STATE_FAILED
	cancelled   = atlantv1.FetchState_FETCH_STATE_CANCELLED
	held        = atlantv1.FetchState_FETCH_STATE_HELD
)

// fetches returns fetches of the source in the states given, the newest first, an hour between them.
func fetches(newest time.Time, states ...atlantv1.FetchState) []*atlantv1.Fetch {
	var all []*atlantv1.Fetch
	for i, state := range states {
		all = append(all, &atlantv1.Fetch{
			Url: "http://list", State: state, RequestedAt: timestamppb.New(newest.Add(-time.Duration(i) * time.Hour)),
		})
	}
	return all
}

func TestRecordOf(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0).UTC()
	source := &atlantv1.SourceRecord{Url: "http://list", UpdatedAt: timestamppb.New(now.Add(-100 * time.Hour))}
	for name, test := range map[string]struct {
		recent   []*atlantv1.Fetch
		running  bool
		failures int
		failed   time.Duration // before now
	}{
		"none":                {nil, false, 0, 0},
		"good":                {fetches(now, completed, failed), false, 0, 0},
		"unchanged":           {fetches(now, notModified, failed), false, 0, 0},
		"failed":              {fetches(now, failed, completed, failed), false, 1, 0},
		"failed often":        {fetches(now, failed, failed, failed, notModified, failed), false, 3, 0},
		"cancelled between":   {fetches(now, cancelled, failed, cancelled, failed, completed), false, 2, time.Hour},
		"held":                {fetches(now, held, failed), false, 0, 0}, // the list could be read, and the next one takes its place
		"running":             {fetches(now, running, failed, failed), true, 2, time.Hour},
		"queued":              {fetches(now, queued, completed, failed), true, 0, 0},
		"an old one runs":     {fetches(now, completed, failed, running), true, 0, 0},
		"failed before a run": {fetches(now, failed, running, failed, completed), true, 2, 0},
	} {
		got := recordOf(source, test.recent)
		if got.running != test.running || got.failures != test.failures {
			t.Errorf("%s: %+v", name, got)
		}
		if want := now.Add(-test.failed); test.failures > 0 && !got.failedAt.Equal(want) {
			t.Errorf("%s: failed at %s, want %s", name, got.failedAt, want)
		}
		if (got.last == nil) != (len(test.recent) == 0) || (got.last != nil && got.last != test.recent[0]) {
			t.Errorf("%s: last is %v", name, got.last)
		}
	}
}

// TestRecordOfWhatWasChanged: failures of another list, and those from before the last change, do not count.
func TestRecordOfWhatWasChanged(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_760_000_000, 0).UTC()
	recent := fetches(now, failed, failed, failed, failed)
	changed := &atlantv1.SourceRecord{Url: "http://list", UpdatedAt: timestamppb.New(now.Add(-90 * time.Minute))}
	if got := recordOf(changed, recent); got.failures != 2 {
		t.Errorf("%+v", got)
	}
	recent[1].Url = "http://other"
	if got := recordOf(changed, recent); got.failures != 1 {
		t.Errorf("%+v", got)
	}
	recent[1].State = running
	if got := recordOf(changed, recent); !got.running { // it is of the same source
		t.Errorf("%+v", got)
	}
}

func TestBackedOffUntil(t *testing.T) {
	t.Parallel()
	since := time.Unix(1_760_000_000, 0).UTC()
	for _, test := range []struct {
		expression string
		failures   int
		late       time.Duration // how long after the time of the schedule the last one was asked for
		want       time.Duration // after that time; 0 for none
	}{
		{"@every 1h", 0, 0, 0},
		{"@every 1h", 1, 0, 0},
		{"@every 1h", 2, 0, 2 * time.Hour},
		{"@every 1h", 2, 5 * time.Second, 2 * time.Hour},
		{"@every 1h", 3, time.Minute, 4 * time.Hour},
		{"@every 1h", 5, 0, 16 * time.Hour},
		{"@every 1h", 6, 0, 24 * time.Hour},
		{"@every 1h", 20, 0, 24 * time.Hour},
		{"@every 1s", 2, 100 * time.Millisecond, 2 * time.Second},
		{"@every 1s", 5, 100 * time.Millisecond, 16 * time.Second},
		{"@every 24h", 20, 0, 0}, // seldom enough
		{"@every 720h", 20, 0, 0},
	} {
		table, err := newTimetable(&atlantv1.Schedule{Expression: test.expression}, since)
		if err != nil {
			t.Fatal(err)
		}
		due := table.next(since)
		got := record{failures: test.failures, failedAt: due.Add(test.late)}.backedOffUntil(table)
		if want := due.Add(test.want); got.IsZero() != (test.want == 0) || (test.want > 0 && !got.Equal(want)) {
			t.Errorf("%s, %d failures: until %s, want %s", test.expression, test.failures, got, want)
		}
	}
}
