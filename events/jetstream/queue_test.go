package jetstream_test

import (
	"context"
	"fmt"
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

// take takes over the partition that the requests of these tests are in.
func take(t testing.TB, log events.FetchQueue) events.RequestQueue {
	t.Helper()
	queue, err := log.TakeFrom(t.Context(), events.PartitionOf(events.DefaultSource))
	wantNoError(t, err)
	t.Cleanup(queue.Close)
	return queue
}

// dequeue takes a request that must be the one that is wanted.
func dequeue(t testing.TB, queue events.RequestQueue, want *atlantv1.FetchRequested) events.WorkItem {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // much less than what an item in hand waits
	defer cancel()
	item, err := queue.Dequeue(ctx)
	wantNoError(t, err)
	if !proto.Equal(item.Request(), want) {
		t.Fatalf("got %v, want %v", item.Request(), want)
	}
	return item
}

func wantQueueEmpty(t testing.TB, queue events.RequestQueue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	item, err := queue.Dequeue(ctx)
	if err == nil {
		t.Fatalf("got %v", item.Request())
	}
	wantError(t, err, context.DeadlineExceeded)
}

func TestQueueOrder(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	queue := take(t, log)
	for _, want := range enqueue(t, log, 5) {
		wantNoError(t, dequeue(t, queue, want).Done(t.Context()))
	}
	wantQueueEmpty(t, queue)
}

func TestQueueManyInHand(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	queue := take(t, log)
	var items []events.WorkItem
	for _, want := range enqueue(t, log, 3) {
		items = append(items, dequeue(t, queue, want))
	}
	wantQueueEmpty(t, queue)
	for _, item := range items {
		wantNoError(t, item.Keep(t.Context()))
	}
	for i := range items {
		wantNoError(t, items[len(items)-1-i].Done(t.Context()))
	}
}

// Each source is in one partition, and a partition holds nothing of others.
func TestPartitionsAreApart(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	want := map[int][]*atlantv1.FetchRequested{}
	for i := range 100 {
		r := request(t)
		r.Source = fmt.Sprint("source ", i%50)
		wantNoError(t, log.Enqueue(t.Context(), r))
		partition := events.PartitionOf(r.GetSource())
		want[partition] = append(want[partition], r)
	}
	for partition := range events.QueuePartitions {
		queue, err := log.TakeFrom(t.Context(), partition)
		wantNoError(t, err)
		for _, r := range want[partition] {
			wantNoError(t, dequeue(t, queue, r).Done(t.Context()))
		}
		wantQueueEmpty(t, queue)
		queue.Close()
	}
}

func TestEnqueueIsIdempotent(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	queue := take(t, log)
	want := request(t)
	for range 3 {
		wantNoError(t, log.Enqueue(t.Context(), want))
	}
	item := dequeue(t, queue, want)
	wantNoError(t, log.Enqueue(t.Context(), want)) // also while it is in hand
	wantQueueEmpty(t, queue)
	wantNoError(t, item.Done(t.Context()))
	wantQueueEmpty(t, queue)
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
	queue := take(t, log)
	all := enqueue(t, log, 2)
	first := dequeue(t, queue, all[0])
	dequeue(t, queue, all[1])
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
	queue := take(t, log)
	want := request(t)
	got := make(chan string, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		item, err := queue.Dequeue(ctx)
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

func TestDequeueCancelled(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	queue := take(t, log)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := queue.Dequeue(ctx)
	wantError(t, err, context.Canceled)
	dequeue(t, queue, enqueue(t, log, 1)[0]) // nothing is lost by that
}

func TestDequeueAfterClose(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	queue := take(t, log)
	queue.Close()
	_, err := queue.Dequeue(t.Context())
	wantError(t, err, events.ErrUnavailable)
}

// The process goes away, with what it has in hand and a batch on its way.
func TestRestartInTheMiddle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nc, stop := start(t, dir)
	log := open(t, nc, jetstream.Config{})
	queue := take(t, log)
	all := enqueue(t, log, 3)
	wantNoError(t, dequeue(t, queue, all[0]).Done(t.Context()))
	dequeue(t, queue, all[1])
	fetch := newFetchID(t)
	mustAdd(t, write(t, log, fetch), fetch, 1, 1100)
	stop()

	for i := range 2 { // the second time nothing was done in between
		nc, stop = start(t, dir)
		log = open(t, nc, jetstream.Config{})
		queue = take(t, log)
		dequeue(t, queue, all[1])
		if i == 0 {
			stop()
		}
	}
	dequeue(t, queue, all[2])
	wantQueueEmpty(t, queue)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 2000)
	wantPosition(t, mustFinish(t, writer, 2000), wantComplete(t, log, []uint64{0}, fetch, 2000))
}

// What a newer version put there waits for one.
func TestQueueLeavesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	subject := fmt.Sprintf("queue.%d.strange", events.PartitionOf(events.DefaultSource))
	_, err := server(t, nc).Publish(t.Context(), subject, []byte{0xff})
	wantNoError(t, err)
	want := enqueue(t, log, 1)[0]
	wantNoError(t, dequeue(t, take(t, log), want).Done(t.Context()))
	stream, err := server(t, nc).Stream(t.Context(), "FETCHES")
	wantNoError(t, err)
	if left := stream.CachedInfo().State.Msgs; left != 1 {
		t.Fatalf("%d requests are left", left)
	}
}

func TestQueueNeverGivesUp(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	take(t, log)
	stream, err := server(t, nc).Stream(t.Context(), "FETCHES")
	wantNoError(t, err)
	for info := range stream.ListConsumers(t.Context()).Info() {
		config := info.Config
		if config.MaxDeliver != -1 || config.AckPolicy != natsjs.AckExplicitPolicy || config.AckWait != 30*time.Second {
			t.Errorf("%+v", config)
		}
	}
}

// A delivery that is lost on its way must not be overtaken by the next request: the queue is of no use then, and who takes
// the partition anew gets all in its order.
func TestQueueLosesADelivery(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	all := enqueue(t, log, 4)
	queue := take(t, log)
	consumers := 0
	stream, err := server(t, nc).Stream(t.Context(), "FETCHES")
	wantNoError(t, err)
	for name := range stream.ConsumerNames(t.Context()).Name() {
		consumer, err := stream.Consumer(t.Context(), name)
		wantNoError(t, err)
		lost, err := consumer.Next()
		wantNoError(t, err)
		consumers++
		t.Log("lost ", lost.Subject())
	}
	if consumers != 1 {
		t.Fatalf("%d consumers", consumers)
	}
	for next := 0; ; next++ {
		item, err := dequeueWithin(t, queue, patience)
		if err != nil {
			wantError(t, err, events.ErrUnavailable)
			break
		}
		if next == len(all) || item.Request().GetId() != all[next].GetId() {
			t.Fatalf("got %s as number %d", item.Request().GetId(), next)
		}
	}
	queue.Close()
	again := take(t, log)
	for _, want := range all {
		dequeue(t, again, want)
	}
}
