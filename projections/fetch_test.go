package projections_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const fetchID = "0199d3a0-0000-7000-8000-000000000001"

func stamp(seconds int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: seconds} }

var (
	counts  = &atlantv1.FetchCounts{Bytes: 60, RowsRead: 10, Accepted: 7, Rejected: 2, Duplicates: 1, Published: 7}
	dialect = &atlantv1.Dialect{Delimiter: ";", NameColumns: []int32{1}}

	requested = &atlantv1.FetchEvent{At: stamp(1), Event: &atlantv1.FetchEvent_Requested{Requested: &atlantv1.FetchRequested{
		Id: fetchID, Url: "http://example.com/", Source: "shop", RequestedAt: stamp(1), ObservedAt: stamp(-5), RequestId: "key", Force: true,
		ScheduledFor: stamp(-7),
	}}}
	started       = &atlantv1.FetchEvent{At: stamp(2), Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}}
	attemptFailed = &atlantv1.FetchEvent{At: stamp(3), Event: &atlantv1.FetchEvent_AttemptFailed{
		AttemptFailed: &atlantv1.FetchAttemptFailed{Attempt: 1, Error: "refused"},
	}}
	startedAgain = &atlantv1.FetchEvent{At: stamp(4), Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}}
	parsed       = &atlantv1.FetchEvent{At: stamp(5), Event: &atlantv1.FetchEvent_Parsed{
		Parsed: &atlantv1.FetchParsed{
			Counts: &atlantv1.FetchCounts{Bytes: 60, RowsRead: 10, Accepted: 7, Rejected: 2, Duplicates: 1}, Dialect: dialect, Sha256: []byte("x"),
		},
	}}
	rejected = &atlantv1.FetchEvent{At: stamp(6), Event: &atlantv1.FetchEvent_RowsRejected{
		RowsRejected: &atlantv1.FetchRowsRejected{Rejects: []*atlantv1.Reject{{Line: 3}, {Line: 5}}},
	}}
	completed = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Completed{
		Completed: &atlantv1.FetchCompleted{Counts: counts, Position: map[uint32]uint64{0: 12}},
	}}
	failed = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Failed{
		Failed: &atlantv1.FetchFailed{Error: "404", Counts: &atlantv1.FetchCounts{Bytes: 3}},
	}}
	failedLate = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Failed{
		Failed: &atlantv1.FetchFailed{Error: "too many rejects", Counts: counts, Dialect: dialect},
	}}
	cancelled   = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Cancelled{Cancelled: &atlantv1.FetchCancelled{}}}
	notModified = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_NotModified{
		NotModified: &atlantv1.FetchNotModified{PublishedBy: fetchID, Position: map[uint32]uint64{0: 12}},
	}}
	comparison = &atlantv1.ListComparison{FetchId: fetchID, AcceptedBefore: 100}
	held       = &atlantv1.FetchEvent{At: stamp(6), Event: &atlantv1.FetchEvent_Held{
		Held: &atlantv1.FetchHeld{Parsed: parsed.GetParsed(), Comparison: comparison},
	}}
	approved   = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Approved{Approved: &atlantv1.FetchApproved{}}}
	discarded  = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Discarded{Discarded: &atlantv1.FetchDiscarded{}}}
	superseded = &atlantv1.FetchEvent{At: stamp(7), Event: &atlantv1.FetchEvent_Discarded{
		Discarded: &atlantv1.FetchDiscarded{SupersededBy: "another"},
	}}
	visible = &atlantv1.FetchEvent{At: stamp(8), Event: &atlantv1.FetchEvent_Visible{Visible: &atlantv1.FetchVisible{}}}
	unknown = &atlantv1.FetchEvent{At: stamp(8)} // of a newer version
)

// foldEvents folds events at the sequences 10, 20, and so on.
func foldEvents(all ...*atlantv1.FetchEvent) (view projections.FetchView, rejects []projections.IndexedReject) {
	var before *projections.FetchView
	for i, event := range all {
		var more []projections.IndexedReject
		view, more = projections.FoldFetch(before, uint64(10*(i+1)), event)
		rejects = append(rejects, more...)
		before = &view
	}
	return view, rejects
}

func TestFoldFetch(t *testing.T) {
	t.Parallel()
	queued := &atlantv1.Fetch{
		Id: fetchID, Url: "http://example.com/", Source: "shop", State: atlantv1.FetchState_FETCH_STATE_QUEUED,
		RequestedAt: stamp(1), ObservedAt: stamp(-5), ScheduledFor: stamp(-7),
	}
	with := func(fetch *atlantv1.Fetch, change func(*atlantv1.Fetch)) *atlantv1.Fetch {
		fetch = proto.CloneOf(fetch)
		change(fetch)
		return fetch
	}
	running := with(queued, func(f *atlantv1.Fetch) {
		f.State, f.StartedAt = atlantv1.FetchState_FETCH_STATE_RUNNING, stamp(2)
	})
	counted := func(f *atlantv1.Fetch, published int64) {
		f.Bytes, f.RowsRead, f.Accepted, f.Rejected, f.Duplicates, f.Published = 60, 10, 7, 2, 1, published
	}
	read := with(running, func(f *atlantv1.Fetch) { counted(f, 0); f.Dialect = dialect })
	heldBack := with(read, func(f *atlantv1.Fetch) {
		f.State, f.Comparison = atlantv1.FetchState_FETCH_STATE_HELD, comparison
	})
	ended := func(state atlantv1.FetchState) func(*atlantv1.Fetch) {
		return func(f *atlantv1.Fetch) { f.State, f.EndedAt = state, stamp(7) }
	}
	type events = []*atlantv1.FetchEvent
	tests := []struct {
		name   string
		events events
		want   *atlantv1.Fetch
	}{
		{"requested", events{requested}, queued},
		{"started", events{requested, started}, running},
		{"started again keeps the first start", events{requested, started, startedAgain}, running},
		{"attempt failed", events{requested, started, attemptFailed}, with(running, func(f *atlantv1.Fetch) { f.Error = "refused" })},
		{"parsed clears the error", events{requested, started, attemptFailed, startedAgain, parsed}, read},
		{"rejects", events{requested, started, parsed, rejected}, read},
		{"unknown event", events{requested, started, unknown}, running},
		{"completed", events{requested, started, parsed, completed}, with(read, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_COMPLETED)(f)
			counted(f, 7)
			f.Position = position
		})},
		{"visible", events{requested, started, parsed, completed, visible}, with(read, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_COMPLETED)(f)
			counted(f, 7)
			f.Position, f.VisibleAt = position, stamp(8)
		})},
		{"failed", events{requested, started, attemptFailed, failed}, with(running, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_FAILED)(f)
			f.Error, f.Bytes = "404", 3
		})},
		{"failed after all was read", events{requested, started, parsed, failedLate}, with(read, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_FAILED)(f)
			counted(f, 7)
			f.Error = "too many rejects"
		})},
		{"cancelled in the queue", events{requested, cancelled}, with(queued, ended(atlantv1.FetchState_FETCH_STATE_CANCELLED))},
		{"cancelled while it runs", events{requested, started, cancelled}, with(running, ended(atlantv1.FetchState_FETCH_STATE_CANCELLED))},
		{"not modified", events{requested, started, attemptFailed, notModified}, with(running, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED)(f)
			f.Position = position
		})},
		{"held", events{requested, started, attemptFailed, rejected, held}, heldBack},
		{"approved", events{requested, started, held, approved}, with(heldBack, func(f *atlantv1.Fetch) {
			f.State = atlantv1.FetchState_FETCH_STATE_QUEUED
		})},
		{"approved and completed", events{requested, started, held, approved, startedAgain, parsed, completed}, with(heldBack, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_COMPLETED)(f)
			counted(f, 7)
			f.Position = position
		})},
		{"discarded", events{requested, started, held, discarded}, with(heldBack, ended(atlantv1.FetchState_FETCH_STATE_DISCARDED))},
		{"superseded", events{requested, started, held, superseded}, with(heldBack, func(f *atlantv1.Fetch) {
			ended(atlantv1.FetchState_FETCH_STATE_DISCARDED)(f)
			f.Error = "a later fetch of the list took its place: another"
		})},
		{"completed without a position", events{requested, {At: stamp(7), Event: &atlantv1.FetchEvent_Completed{Completed: &atlantv1.FetchCompleted{}}}}, with(queued, ended(atlantv1.FetchState_FETCH_STATE_COMPLETED))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			view, _ := foldEvents(test.events...)
			if diff := cmp.Diff(test.want, view.Fetch, protocmp.Transform()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if view.Sequence != uint64(10*len(test.events)) {
				t.Errorf("at %d", view.Sequence)
			}
		})
	}
}

// position is where the prices of the fetch end.
var position = events.LogPosition{0: 12}.String()

func TestFoldFetchIndexesRejects(t *testing.T) {
	t.Parallel()
	view, rejects := foldEvents(requested, rejected, rejected, completed, rejected)
	if view.Rejects != 4 || len(rejects) != 4 {
		t.Fatalf("%d rejects, %v", view.Rejects, rejects)
	}
	for i, r := range rejects {
		if want := []int64{3, 5}[i%2]; r.Index != int64(i) || r.Reject.GetLine() != want {
			t.Errorf("reject %d: %v", i, r)
		}
	}
}

// What has ended stays as it is, whatever comes.
func TestFoldFetchEnded(t *testing.T) {
	t.Parallel()
	all := []*atlantv1.FetchEvent{requested, started, attemptFailed, parsed, rejected, completed, failed, cancelled, notModified, held, approved, discarded, unknown}
	for _, end := range []*atlantv1.FetchEvent{completed, failed, cancelled, notModified, discarded} {
		view, _ := foldEvents(requested, started, end)
		if !projections.Ended(view.Fetch.GetState()) {
			t.Fatalf("%v is no end", view.Fetch.GetState())
		}
		for _, event := range all {
			after, rejects := projections.FoldFetch(&view, 100, event)
			if !proto.Equal(after.Fetch, view.Fetch) || after.Sequence != view.Sequence || len(rejects) > 0 {
				t.Errorf("%v after %v: %v, %v", event, end, after, rejects)
			}
		}
	}
}

func TestEnded(t *testing.T) {
	t.Parallel()
	for number, name := range atlantv1.FetchState_name {
		state := atlantv1.FetchState(number)
		going := state == atlantv1.FetchState_FETCH_STATE_UNSPECIFIED || state == atlantv1.FetchState_FETCH_STATE_QUEUED ||
			state == atlantv1.FetchState_FETCH_STATE_RUNNING || state == atlantv1.FetchState_FETCH_STATE_HELD
		if projections.Ended(state) == going {
			t.Errorf("%s has ended: %t", name, !going)
		}
	}
}

// Reading again from any earlier place gives the same fetch and the same rejects, and does not touch what was there.
func TestFoldFetchReplay(t *testing.T) {
	t.Parallel()
	kinds := []*atlantv1.FetchEvent{
		started, attemptFailed, parsed, rejected, unknown, completed, failed, cancelled, notModified, held, approved, discarded, visible,
	}
	rapid.Check(t, func(t *rapid.T) {
		log := append([]*atlantv1.FetchEvent{requested}, rapid.SliceOfN(rapid.SampledFrom(kinds), 0, 12).Draw(t, "events")...)
		want, all := foldEvents(log...)
		wantRejects := map[int64]int64{}
		for _, r := range all {
			wantRejects[r.Index] = r.Reject.GetLine()
		}
		var before *projections.FetchView
		got := map[int64]int64{}
		for next := 0; next < len(log); next++ {
			if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
				next = rapid.IntRange(0, next).Draw(t, "from")
			}
			var copied *atlantv1.Fetch
			if before != nil {
				copied = proto.CloneOf(before.Fetch)
			}
			view, rejects := projections.FoldFetch(before, uint64(10*(next+1)), log[next])
			if before != nil && !proto.Equal(before.Fetch, copied) {
				t.Fatal("what it was given has changed")
			}
			for _, r := range rejects {
				got[r.Index] = r.Reject.GetLine()
			}
			before = &view
		}
		if !proto.Equal(before.Fetch, want.Fetch) || before.Rejects != want.Rejects || !cmp.Equal(got, wantRejects) {
			t.Fatalf("got %v and %v, want %v and %v", before, got, want, wantRejects)
		}
	})
}
