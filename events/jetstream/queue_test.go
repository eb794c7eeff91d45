package jetstream_test

import (
	"context"
	"testing"
	"time"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func request(t testing.TB) *atlantv1.FetchRequested {
	t.Helper()
	id := newFetchID(t).String()
	return &atlantv1.FetchRequested{Id: id, Url: "http://example.com/" + id, Source: "default", Csv: &atlantv1.CsvOptions{Delimiter: ";"}}
}

// enqueue puts so many requests on the queue, and returns them in order.
func enqueue(t testing.TB, log events.FetchQueue, n int) []*atlantv1.FetchRequested {
	t.Helper()
	all := make([]*atlantv1.FetchRequested, n)
	for i := range all {
		all[i] = request(t)
		wantNoError(t, log.Enqueue(t.Context(), all[i]))
	}
	return all
}

// dequeue takes a request that must be the one that is wanted.
func dequeue(t testing.TB, log events.FetchQueue, want *atlantv1.FetchRequested) events.WorkItem {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // much less than what an item in hand waits
	defer cancel()
	item, err := log.Dequeue(ctx)
	wantNoError(t, err)
	if !proto.Equal(item.Request(), want) {
		t.Fatalf("got %v, want %v", item.Request(), want)
	}
	return item
}

func wantQueueEmpty(t testing.TB, log events.FetchQueue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	item, err := log.Dequeue(ctx)
	if err == nil {
		t.Fatalf("got %v", item.Request())
	}
	wantError(t, err, context.DeadlineExceeded)
}

func TestQueueOrder(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	for _, want := range enqueue(t, log, 5) {
		wantNoError(t, dequeue(t, log, want).Done(t.Context()))
	}
	wantQueueEmpty(t, log)
}

func TestQueueManyInHand(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	var items []events.WorkItem
	for _, want := range enqueue(t, log, 3) {
		items = append(items, dequeue(t, log, want))
	}
	wantQueueEmpty(t, log)
	for _, item := range items {
		wantNoError(t, item.InProgress())
	}
	for i := range items {
		wantNoError(t, items[len(items)-1-i].Done(t.Context()))
	}
}

func TestEnqueueIsIdempotent(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	want := request(t)
	for range 3 {
		wantNoError(t, log.Enqueue(t.Context(), want))
	}
	item := dequeue(t, log, want)
	wantNoError(t, log.Enqueue(t.Context(), want)) // also while it is in hand
	wantQueueEmpty(t, log)
	wantNoError(t, item.Done(t.Context()))
	wantQueueEmpty(t, log)
}

// A request is on the queue when Enqueue says so. The server's answer to a message that is there already is also its
// answer to one that does not fit, or that the disk does not take.
func TestEnqueueReportsFailure(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	js := server(t, nc)
	config := streamConfig(t, js, "FETCHES")
	config.MaxMsgs = 1
	_, err := js.UpdateStream(t.Context(), config)
	wantNoError(t, err)
	first := request(t)
	wantNoError(t, log.Enqueue(t.Context(), first))
	wantError(t, log.Enqueue(t.Context(), request(t)), events.ErrUnavailable)
	wantNoError(t, log.Enqueue(t.Context(), first))
}

func TestDoneTakesOffTheQueue(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	all := enqueue(t, log, 2)
	first := dequeue(t, log, all[0])
	dequeue(t, log, all[1])
	wantNoError(t, first.Done(t.Context()))
	stream, err := server(t, nc).Stream(t.Context(), "FETCHES")
	wantNoError(t, err)
	if left := stream.CachedInfo().State.Msgs; left != 1 {
		t.Fatalf("%d requests are left", left)
	}
}

func TestDequeueWaits(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	want := request(t)
	got := make(chan string, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		item, err := log.Dequeue(ctx)
		if err != nil {
			got <- err.Error()
			return
		}
		got <- item.Request().GetId()
	}()
	select {
	case id := <-got:
		t.Fatalf("got %s at once", id)
	case <-time.After(200 * time.Millisecond):
	}
	wantNoError(t, log.Enqueue(t.Context(), want))
	if id := <-got; id != want.GetId() {
		t.Fatalf("got %s, want %s", id, want.GetId())
	}
}

// Several fetchers share one queue: each request goes to one of them, and none waits behind a fetcher that is busy.
func TestDequeueShares(t *testing.T) {
	t.Parallel()
	const fetchers, requests = 3, 9
	log, _ := newLog(t, 1)
	got := make(chan string, requests)
	for range fetchers {
		go func() {
			for t.Context().Err() == nil {
				item, err := log.Dequeue(t.Context())
				if err != nil {
					continue // the test has ended
				}
				got <- item.Request().GetId()
			}
		}()
	}
	want := map[string]bool{}
	for _, r := range enqueue(t, log, requests) {
		want[r.GetId()] = true
	}
	for range requests {
		select {
		case id := <-got:
			if !want[id] {
				t.Fatalf("got %s, twice or never put there", id)
			}
			delete(want, id)
		case <-time.After(5 * time.Second):
			t.Fatalf("%d requests wait: %v", len(want), want)
		}
	}
}

func TestDequeueCancelled(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := log.Dequeue(ctx)
	wantError(t, err, context.Canceled)
	dequeue(t, log, enqueue(t, log, 1)[0]) // nothing is lost by that
}

func TestDequeueAfterClose(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	log.Close()
	_, err := log.Dequeue(t.Context())
	wantError(t, err, events.ErrUnavailable)
}

// A new process of its own takes up at once what an earlier one left, in the old order.
func TestExclusiveTakesUpWhatIsLeft(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	config := jetstream.Config{Exclusive: true}
	log := open(t, nc, config)
	all := enqueue(t, log, 3)
	wantNoError(t, dequeue(t, log, all[0]).Done(t.Context()))
	dequeue(t, log, all[1])
	log.Close()

	log = open(t, nc, config)
	wantNoError(t, dequeue(t, log, all[1]).Done(t.Context()))
	wantNoError(t, dequeue(t, log, all[2]).Done(t.Context()))
	wantQueueEmpty(t, log)
}

// One that shares the log leaves to others what they have in hand.
func TestSharedQueueLeavesWhatIsInHand(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	log := open(t, nc, jetstream.Config{})
	all := enqueue(t, log, 2)
	item := dequeue(t, log, all[0])
	other := open(t, nc, jetstream.Config{})
	dequeue(t, other, all[1])
	wantQueueEmpty(t, other)
	wantNoError(t, item.Done(t.Context()))
}

// The process goes away, with what it has in hand and a batch on its way.
func TestRestartInTheMiddle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nc, stop := start(t, dir)
	config := jetstream.Config{Exclusive: true}
	log := open(t, nc, config)
	all := enqueue(t, log, 3)
	wantNoError(t, dequeue(t, log, all[0]).Done(t.Context()))
	dequeue(t, log, all[1])
	fetch := newFetchID(t)
	mustAdd(t, write(t, log, fetch), fetch, 1, 1100)
	stop()

	for i := range 2 { // the second time nothing was done in between
		nc, stop = start(t, dir)
		log = open(t, nc, config)
		dequeue(t, log, all[1])
		if i == 0 {
			stop()
		}
	}
	dequeue(t, log, all[2])
	wantQueueEmpty(t, log)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 2000)
	wantPosition(t, mustFinish(t, writer, 2000), wantComplete(t, log, []uint64{0}, fetch, 2000))
}

// What a newer version put there waits for one.
func TestQueueLeavesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	_, err := server(t, nc).Publish(t.Context(), "queue.strange", []byte{0xff})
	wantNoError(t, err)
	want := enqueue(t, log, 1)[0]
	wantNoError(t, dequeue(t, log, want).Done(t.Context()))
	stream, err := server(t, nc).Stream(t.Context(), "FETCHES")
	wantNoError(t, err)
	if left := stream.CachedInfo().State.Msgs; left != 1 {
		t.Fatalf("%d requests are left", left)
	}
}

func TestQueueNeverGivesUp(t *testing.T) {
	t.Parallel()
	_, nc := newLog(t, 1)
	consumer, err := server(t, nc).Consumer(t.Context(), "FETCHES", "fetchers")
	wantNoError(t, err)
	config := consumer.CachedInfo().Config
	if config.MaxDeliver != -1 || config.AckPolicy != natsjs.AckExplicitPolicy || config.AckWait != 30*time.Second {
		t.Errorf("%+v", config)
	}
}
