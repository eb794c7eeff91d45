package fetch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// record writes events of a fetch behind those that it has.
func record(t *testing.T, log Log, id events.FetchID, all ...*atlantv1.FetchEvent) {
	t.Helper()
	recorded, err := log.FetchEvents(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	if len(recorded) > 0 {
		last = recorded[len(recorded)-1].Sequence
	}
	for _, event := range all {
		event.At = timestamppb.Now()
	}
	if _, err := log.AppendFetchEvents(t.Context(), id, last, all...); err != nil {
		t.Fatal(err)
	}
}

func requestedEvent(requested *atlantv1.FetchRequested) *atlantv1.FetchEvent {
	return &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Requested{Requested: requested}}
}

func startedEvent() *atlantv1.FetchEvent {
	return &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Started{Started: &atlantv1.FetchStarted{}}}
}

func failedEvent() *atlantv1.FetchEvent {
	return &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Failed{Failed: &atlantv1.FetchFailed{Error: "gone"}}}
}

func heldEvent() *atlantv1.FetchEvent {
	return &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Held{Held: &atlantv1.FetchHeld{Parsed: &atlantv1.FetchParsed{}}}}
}

// TestRecover: a log as a back-up leaves it, the queue older than the events of fetches, and those older than the prices.
func TestRecover(t *testing.T) {
	t.Parallel()
	log := newTestLog(t)
	fetches, requested := map[string]events.FetchID{}, map[string]*atlantv1.FetchRequested{}
	request := func(name string, then ...*atlantv1.FetchEvent) {
		fetches[name], requested[name] = newTestRequest(t, "http://127.0.0.1:1/"+name)
		record(t, log, fetches[name], append([]*atlantv1.FetchEvent{requestedEvent(requested[name])}, then...)...)
	}
	publish := func(name string) {
		writer, err := log.WritePrices(t.Context(), fetches[name])
		if err != nil {
			t.Fatal(err)
		}
		o := &events.Observation{Source: "s", Name: "Milk", Line: 2, Position: events.Position{ObservedAt: 1, Fetch: fetches[name]}}
		if err := writer.Add(t.Context(), 1, o); err != nil {
			t.Fatal(err)
		}
		if _, _, err := writer.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	request("on-the-queue")
	queued := proto.CloneOf(requested["on-the-queue"])
	queued.Credentials = &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: "secret"}}
	if err := log.Enqueue(t.Context(), queued); err != nil {
		t.Fatal(err)
	}
	request("off-the-queue", startedEvent())
	request("ended", startedEvent(), failedEvent())
	request("held", startedEvent(), heldEvent())
	request("approved", startedEvent(), heldEvent(), approvedEvent())
	request("published-unread", startedEvent())
	publish("published-unread")
	request("published-read", startedEvent(), &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Parsed{Parsed: &atlantv1.FetchParsed{}}})
	publish("published-read")

	for _, want := range []Recovered{{Queued: 4, Failed: 1}, {Queued: 4}} {
		if found, err := Recover(t.Context(), log); err != nil || found != want {
			t.Errorf("got %+v, %v, want %+v", found, err, want)
		}
	}
	view, err := currentView(t.Context(), log, fetches["published-unread"])
	if err != nil || view.Fetch.GetState() != atlantv1.FetchState_FETCH_STATE_FAILED || view.Fetch.GetPublished() != 1 ||
		!strings.Contains(view.Fetch.GetError(), "back-up") {
		t.Errorf("got %v, %v", view, err)
	}

	approved := proto.CloneOf(requested["approved"])
	approved.Approved = true
	queue, err := log.TakeFrom(t.Context(), events.PartitionOf(events.DefaultSource))
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	for _, want := range []*atlantv1.FetchRequested{queued, requested["off-the-queue"], approved, requested["published-read"]} {
		item, err := queue.Dequeue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, item.Request(), protocmp.Transform()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if item, err := queue.Dequeue(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v, want nothing more", item, err)
	}
}
