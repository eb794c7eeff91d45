package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// publishLater publishes a list in the background.
func publishLater(t testing.TB, log events.PriceLog, fetch events.FetchID, lines int64) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		ended <- func() error {
			writer, err := retried(func() (events.PriceWriter, error) { return log.WritePrices(t.Context(), fetch) })
			if err != nil {
				return err
			}
			if err := add(t.Context(), writer, fetch, 1, lines); err != nil {
				return err
			}
			_, _, err = writer.Finish(t.Context())
			return err
		}()
	}()
	return ended
}

// awaitPast waits until the first shard holds more messages than that.
func awaitPast(t testing.TB, log events.Source, sequence uint64) {
	t.Helper()
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(time.Millisecond) {
		last, err := log.LastSequence(t.Context(), prices)
		if err == nil && last > sequence {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(last, err)
		}
	}
}

// A list is published while the server dies that leads its stream, and then the next one: each event is in the log once, in
// order.
func TestLeaderDiesWhilePublishing(t *testing.T) {
	t.Parallel()
	const lines = 400_000
	c := natstest.StartCluster(t, 3)
	log, fetch := onCluster(t, c), newFetchID(t)
	ctx, stop := context.WithCancel(t.Context())
	followed := follow(ctx, t, onCluster(t, c))
	ended := publishLater(t, log, fetch, lines)
	for _, sequence := range []uint64{150, 600} {
		awaitPast(t, log, sequence)
		leader := c.LeaderOf(string(prices))
		c.Kill(leader)
		awaitPast(t, log, sequence+100)
		c.Restart(leader)
		c.AwaitReady()
	}
	wantNoError(t, <-ended)
	wantComplete(t, log, []uint64{0, 0}, fetch, lines)
	last, err := log.LastSequence(t.Context(), prices)
	wantNoError(t, err)
	time.AfterFunc(patience, stop)
	for want := uint64(1); want <= last; want++ {
		if got := <-followed; got != want {
			t.Fatalf("read %d, want %d", got, want)
		}
	}
	stop()
}

// follow reads the first shard as a projector does, which begins anew where it is when that fails.
func follow(ctx context.Context, t testing.TB, log events.Source) <-chan uint64 {
	t.Helper()
	read := make(chan uint64, 200_000)
	go func() {
		defer close(read)
		for last := uint64(0); ctx.Err() == nil; {
			reader, err := log.Read(ctx, prices, last)
			for err == nil {
				var batch []events.Message
				if batch, err = reader.Next(ctx, events.Batch{Limit: 1000, Gap: time.Millisecond, Wait: time.Second}); err != nil {
					reader.Close()
				}
				for _, m := range batch {
					last = m.Sequence
					read <- last
				}
			}
			if !errors.Is(err, events.ErrUnavailable) && ctx.Err() == nil {
				t.Error(err)
			}
		}
	}()
	return read
}

// What a fetch's only owner appends is never a conflict, and a request that was accepted is on the queue, whoever dies.
func TestLeaderDiesWhileAppending(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	log, fetch := onCluster(t, c), newFetchID(t)
	var want []events.RecordedFetchEvent
	var requests []*atlantv1.FetchRequested
	var last uint64
	var leader int
	for i := range 30 {
		switch i % 10 {
		case 5:
			leader = c.LeaderOf(string([]events.Stream{events.FetchStream, "FETCHES", events.FetchStream}[i/10]))
			c.Kill(leader)
		case 9:
			c.Restart(leader)
			c.AwaitReady()
		}
		var err error
		last, err = retried(func() (uint64, error) {
			return log.AppendFetchEvents(t.Context(), fetch, last, attempt(i), attempt(i+1))
		})
		wantNoError(t, err)
		want = append(want, events.RecordedFetchEvent{Sequence: last - 1, Event: attempt(i)}, events.RecordedFetchEvent{Sequence: last, Event: attempt(i + 1)})
		r := request(t)
		_, err = retried(func() (int, error) { return 0, log.Enqueue(t.Context(), r) })
		wantNoError(t, err)
		requests = append(requests, r)
	}
	wantEvents(t, log, fetch, want...)
	queue := take(t, log)
	for _, r := range requests {
		wantNoError(t, dequeue(t, queue, r).Done(t.Context()))
	}
}

// retried calls again while the log cannot be reached, as callers do.
func retried[T any](call func() (T, error)) (T, error) {
	for {
		got, err := call()
		if !errors.Is(err, events.ErrUnavailable) {
			return got, err
		}
	}
}

// The server that leads is cut off from the others, with a publisher that only reaches this one. Somebody else takes its
// place with the majority; when all is well again there is nothing twice and nothing missing.
func TestMinority(t *testing.T) {
	t.Parallel()
	const lines = 300_000
	c := natstest.StartCluster(t, 3)
	onCluster(t, c)
	cut := c.LeaderOf(string(prices))
	minority, majority := onCluster(t, c, cut), onCluster(t, c, (cut+1)%3, (cut+2)%3)
	alone, contested := newFetchID(t), newFetchID(t)
	aloneEnded, contestedEnded := publishLater(t, minority, alone, lines), publishLater(t, minority, contested, lines)
	awaitPast(t, majority, 80)
	c.Isolate(cut)
	wantNoError(t, <-publishLater(t, majority, contested, lines))
	wantNothingStale(t, minority, majority)
	c.Heal(cut)

	wantNoError(t, <-aloneEnded)
	if err := <-contestedEnded; err != nil {
		wantError(t, err, events.ErrConflict)
	}
	wantComplete(t, minority, []uint64{0, 0}, alone, lines)
	wantComplete(t, majority, []uint64{0, 0}, contested, lines)
}

// wantNothingStale checks that a log that is cut off would rather say nothing than what was true once.
func wantNothingStale(t testing.TB, minority, majority *jetstream.Log) {
	t.Helper()
	for i := range 3 {
		fetch := newFetchID(t)
		last, err := retried(func() (uint64, error) { return majority.AppendFetchEvents(t.Context(), fetch, 0, attempt(i)) })
		wantNoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // what is stale is had at once
		if got, err := minority.FetchEvents(ctx, fetch); err == nil {
			t.Errorf("got %v of a fetch whose first event is at %d", got, last)
		}
		if got, err := minority.TimeOf(ctx, events.FetchStream, last); err == nil {
			t.Errorf("message %d was stored at %v", last, got)
		}
		if got, err := minority.LastSequence(ctx, events.FetchStream); err == nil {
			t.Errorf("the last is %d, it should be %d", got, last)
		}
		if _, err := minority.AppendFetchEvents(ctx, fetch, 0, attempt(100)); err == nil {
			t.Error("appended")
		}
		cancel()
	}
}

// A list is put while the server dies that leads its bucket, and read while the next one does.
func TestLeaderDiesUnderLists(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	log, list := onCluster(t, c), noise(1, 12*listChunk+5)
	kill := func() {
		leader := c.LeaderOf("OBJ_UPLOADS")
		c.Kill(leader)
		c.Restart(leader)
		c.AwaitReady()
	}
	dying := func(at int) func(int) { // kills once, when so many bytes have passed
		passed, once := 0, sync.OnceFunc(kill)
		return func(n int) {
			if passed += n; passed > at {
				once()
			}
		}
	}
	whilePut, whileRead := dying(4*listChunk), dying(6*listChunk)
	size, err := log.Uploads().PutList(t.Context(), "list", io.TeeReader(bytes.NewReader(list), writerFunc(func(p []byte) (int, error) {
		whilePut(len(p))
		return len(p), nil
	})))
	if err != nil || size != int64(len(list)) {
		t.Fatal(size, err)
	}
	var got bytes.Buffer
	_, err = log.Uploads().GetList(t.Context(), "list", writerFunc(func(p []byte) (int, error) {
		whileRead(len(p))
		return got.Write(p)
	}))
	if err != nil || !bytes.Equal(got.Bytes(), list) {
		t.Fatalf("got %d bytes, %v; want %d", got.Len(), err, len(list))
	}
	wantTidy(t, connect(t, c.URL()), "UPLOADS", 1)
}
