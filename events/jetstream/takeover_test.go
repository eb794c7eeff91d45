package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// Who takes a partition over gets at once what the one before it had in hand, in the old order, and that one gets nothing
// any more, and is told so.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	all := enqueue(t, log, 4)
	before := take(t, log)
	wantNoError(t, dequeue(t, before, all[0]).Done(t.Context()))
	kept := dequeue(t, before, all[1])
	zombie := dequeue(t, before, all[2])

	after := take(t, open(t, nc, jetstream.Config{}))
	item := dequeue(t, after, all[1])
	wantError(t, zombie.Keep(t.Context()), events.ErrTaken)
	wantError(t, kept.Done(t.Context()), events.ErrTaken)
	_, err := before.Dequeue(t.Context())
	wantError(t, err, events.ErrTaken)

	wantNoError(t, item.Keep(t.Context()))
	wantNoError(t, item.Done(t.Context()))
	wantNoError(t, dequeue(t, after, all[2]).Done(t.Context()))
	wantNoError(t, dequeue(t, after, all[3]).Done(t.Context()))
	wantQueueEmpty(t, after)
}

// An owner that waits for requests is told as well.
func TestTakeOverWhileWaiting(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	before := take(t, log)
	told := make(chan error, 1)
	go func() {
		_, err := before.Dequeue(t.Context())
		told <- err
	}()
	take(t, open(t, nc, jetstream.Config{}))
	select {
	case err := <-told:
		wantError(t, err, events.ErrTaken)
	case <-time.After(patience):
		t.Fatal("not told")
	}
}

// The last to take a partition has it, however many want it at once.
func TestTakeOverAtOnce(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	all := enqueue(t, log, 1)
	var group sync.WaitGroup
	for range 8 {
		other := open(t, nc, jetstream.Config{})
		group.Go(func() {
			queue, err := other.TakeFrom(t.Context(), events.PartitionOf(events.DefaultSource))
			if err != nil && !errors.Is(err, events.ErrUnavailable) {
				t.Error(err)
			}
			if err == nil {
				queue.Close()
			}
		})
	}
	group.Wait()
	dequeue(t, take(t, log), all[0])
}

// Two processes take a partition from each other again and again: each request is done, those of one source in order.
func TestQueueOrderAcrossProcesses(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	wantOrderAcrossProcesses(t, log, open(t, nc, jetstream.Config{}), 60)
}

// wantOrderAcrossProcesses has two logs work the queue in turns, in the middle of which the other one takes over.
func wantOrderAcrossProcesses(t *testing.T, a, b *jetstream.Log, requests int) {
	t.Helper()
	want := enqueue(t, a, requests)
	var done []string
	for turn := 0; len(done) < requests; turn++ {
		queue := take(t, []*jetstream.Log{a, b}[turn%2])
		for range 1 + turn%5 {
			item, err := dequeueWithin(t, queue, patience)
			wantNoError(t, err)
			wantNoError(t, item.Done(t.Context()))
			id := item.Request().GetId()
			if slices.Contains(done, id) {
				continue // done a moment before the other one took over
			}
			if id != want[len(done)].GetId() {
				t.Fatalf("got %s as number %d, want %s", id, len(done), want[len(done)].GetId())
			}
			if done = append(done, id); len(done) == requests {
				return
			}
		}
		_, err := dequeueWithin(t, queue, time.Second) // in hand when the other one takes over
		if err != nil && len(done) < requests {
			t.Fatal(err)
		}
	}
}

func dequeueWithin(t testing.TB, queue events.RequestQueue, wait time.Duration) (events.WorkItem, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	item, err := queue.Dequeue(ctx)
	if err != nil {
		return nil, fmt.Errorf("dequeue: %w", err)
	}
	return item, nil
}
