package jetstream_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// attempt returns an event that can be told from others.
func attempt(n int) *atlantv1.FetchEvent {
	return &atlantv1.FetchEvent{At: &timestamppb.Timestamp{Seconds: int64(n)}, Event: &atlantv1.FetchEvent_AttemptFailed{
		AttemptFailed: &atlantv1.FetchAttemptFailed{Attempt: int32(n), Error: fmt.Sprint("attempt ", n)},
	}}
}

func wantEvents(t testing.TB, log events.FetchLog, fetch events.FetchID, want ...events.RecordedFetchEvent) {
	t.Helper()
	got, err := log.FetchEvents(t.Context(), fetch)
	wantNoError(t, err)
	if len(got) != len(want) {
		t.Fatalf("%d events, want %d: %v", len(got), len(want), got)
	}
	for i := range want {
		if got[i].Sequence != want[i].Sequence || !proto.Equal(got[i].Event, want[i].Event) {
			t.Fatalf("event %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestAppendFetchEvents(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	a, b := newFetchID(t), newFetchID(t)
	wantEvents(t, log, a)
	appended := func(fetch events.FetchID, last, want uint64, all ...*atlantv1.FetchEvent) {
		t.Helper()
		got, err := log.AppendFetchEvents(t.Context(), fetch, last, all...)
		if err != nil || got != want {
			t.Fatalf("appended at %d, %v; want %d", got, err, want)
		}
	}
	appended(a, 0, 1, attempt(1))
	appended(b, 0, 2, attempt(2))
	appended(a, 1, 5, attempt(3), attempt(4), attempt(5))
	appended(b, 2, 6, attempt(6))
	appended(a, 5, 7, attempt(7))
	at := func(sequence uint64, n int) events.RecordedFetchEvent {
		return events.RecordedFetchEvent{Sequence: sequence, Event: attempt(n)}
	}
	wantEvents(t, log, a, at(1, 1), at(3, 3), at(4, 4), at(5, 5), at(7, 7))
	wantEvents(t, log, b, at(2, 2), at(6, 6))
	wantEvents(t, log, newFetchID(t))
}

func TestAppendFetchEventsIsAllOrNone(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := newFetchID(t)
	last, err := log.AppendFetchEvents(t.Context(), fetch, 0, attempt(1), attempt(2))
	wantNoError(t, err)
	for _, wrong := range []uint64{0, last - 1, last + 1, 1 << 40} {
		for _, count := range []int{1, 2, 3} {
			all := []*atlantv1.FetchEvent{attempt(7), attempt(8), attempt(9)}[:count]
			_, err := log.AppendFetchEvents(t.Context(), fetch, wrong, all...)
			wantError(t, err, events.ErrConflict)
		}
	}
	if got := len(readAll(t, log, events.FetchStream, 0)); got != 2 {
		t.Fatalf("the stream holds %d messages", got)
	}
	wantEvents(t, log, fetch, events.RecordedFetchEvent{Sequence: 1, Event: attempt(1)}, events.RecordedFetchEvent{Sequence: 2, Event: attempt(2)})
}

// One of many that write at once succeeds, each round.
func TestAppendFetchEventsAtOnce(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := newFetchID(t)
	var last uint64
	for round := range 10 {
		var group sync.WaitGroup
		var winner atomic.Uint64
		for worker := range 4 {
			group.Go(func() {
				sequence, err := log.AppendFetchEvents(t.Context(), fetch, last, attempt(worker), attempt(worker))
				if err == nil && !winner.CompareAndSwap(0, sequence) {
					t.Errorf("round %d: two winners", round)
				}
				if err != nil {
					wantConflict(t, err)
				}
			})
		}
		group.Wait()
		last = winner.Load()
		if got, err := log.FetchEvents(t.Context(), fetch); err != nil || len(got) != 2*(round+1) || got[len(got)-1].Sequence != last {
			t.Fatalf("round %d: %v, %v; the winner was at %d", round, got, err, last)
		}
	}
}

// Nothing to append is no reason to panic.
func TestAppendNoFetchEvents(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := newFetchID(t)
	last, err := log.AppendFetchEvents(t.Context(), fetch, 0, attempt(1))
	wantNoError(t, err)
	defer func() {
		if reason := recover(); reason != nil {
			t.Errorf("panic: %v", reason)
		}
	}()
	if _, err := log.AppendFetchEvents(t.Context(), fetch, last); err != nil {
		t.Log(err) // either will do
	}
}

// The largest receipt: 10,000 rejects of 500 bytes, in 20 events.
func TestAppendManyRejects(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := newFetchID(t)
	raw := fmt.Sprintf("%0500d", 1)
	var all []*atlantv1.FetchEvent
	for range 20 {
		rejected := &atlantv1.FetchRowsRejected{}
		for range 500 {
			rejected.Rejects = append(rejected.Rejects, &atlantv1.Reject{Raw: raw, Message: raw[:100]})
		}
		all = append(all, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_RowsRejected{RowsRejected: rejected}})
	}
	if _, err := log.AppendFetchEvents(t.Context(), fetch, 0, all...); err != nil {
		t.Fatal(err)
	}
	if got, err := log.FetchEvents(t.Context(), fetch); err != nil || len(got) != 20 {
		t.Fatalf("%d events, %v", len(got), err)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	first := &atlantv1.FetchRequested{Id: newFetchID(t).String(), Url: "http://example.com/1"}
	second := &atlantv1.FetchRequested{Id: newFetchID(t).String(), Url: "http://example.com/2"}
	for _, test := range []struct {
		key           string
		request, want *atlantv1.FetchRequested
	}{
		{"key", first, first},
		{"key", first, first},
		{"key", second, first},
		{"other key", second, second},
		{"other key", first, second},
		{"Key", second, second},
		{" . > * \x00 \xff", first, first}, // a key is the client's; the subject must not mind
		{" . > * \x00 \xff", second, first},
	} {
		got, err := log.Claim(t.Context(), test.key, test.request)
		if err != nil || !proto.Equal(got, test.want) {
			t.Errorf("%q: %v, %v; want %v", test.key, got, err, test.want)
		}
	}
}

func TestClaimAtOnce(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	var group sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		group.Go(func() {
			claimed, err := log.Claim(t.Context(), "key", &atlantv1.FetchRequested{Id: fmt.Sprint(i)})
			if err != nil {
				t.Error(err)
			}
			got[i] = claimed.GetId()
		})
	}
	group.Wait()
	for _, id := range got {
		if id != got[0] || id == "" {
			t.Fatalf("%q", got)
		}
	}
}
