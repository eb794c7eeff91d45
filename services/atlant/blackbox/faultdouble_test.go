package blackbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// doubling is for how long every message is delivered twice.
var doubling = extent(5*time.Second, 15*time.Second)

// deliverTwice puts every observation into its shard a second time, some while after the first, and every request into the
// queue. To whoever reads them that is a delivery more.
func (f *faults) deliverTwice(t *testing.T) figures {
	t.Helper()
	inFlight := f.awaitInFlight(t)
	ctx, stop := context.WithTimeout(t.Context(), doubling)
	defer stop()
	requests := f.auditor.doubleRequests(t)
	var observations atomic.Int64
	var group sync.WaitGroup
	for shard := range f.auditor.log.Shards() {
		stream := events.PriceStream(shard)
		own := map[uint64]struct{}{}
		f.auditor.disowned[stream] = own
		group.Go(func() {
			n, err := f.auditor.doubleShard(ctx, stream, own)
			observations.Add(n)
			if err != nil {
				t.Errorf("double %s: %v", stream, err)
			}
		})
	}
	group.Wait()
	twice := requests()
	if observations.Load() == 0 || twice == 0 {
		t.Errorf("%d observations and %d requests came twice", observations.Load(), twice)
	}
	return figures{
		did:      fmt.Sprintf("%d observations and %d requests put into their streams again", observations.Load(), twice),
		inFlight: []int64{inFlight}, took: []time.Duration{f.awaitCaughtUp(t)},
	}
}

// doubleRequests begins to put each request into the queue again; the function that it returns ends that, and returns how
// many there were.
func (a *auditor) doubleRequests(tb testing.TB) func() int {
	tb.Helper()
	var mu sync.Mutex
	seen := map[string]bool{}
	sub, err := a.nc.Subscribe("queue.*.*", func(m *nats.Msg) {
		mu.Lock()
		again := seen[m.Subject]
		seen[m.Subject] = true
		mu.Unlock()
		if !again {
			_ = a.nc.Publish(m.Subject, m.Data) // one that gets lost came once
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return func() int {
		_ = sub.Unsubscribe() // the connection ends with the test
		mu.Lock()
		defer mu.Unlock()
		return len(seen)
	}
}

// doubleShard writes what comes into a shard again, until the context ends. It notes the sequences of what it has written.
func (a *auditor) doubleShard(ctx context.Context, stream events.Stream, own map[uint64]struct{}) (int64, error) {
	js, err := jetstream.New(a.nc)
	if err != nil {
		return 0, err
	}
	last, err := a.log.LastSequence(ctx, stream)
	if err != nil {
		return 0, err
	}
	reader, err := a.log.Read(ctx, stream, last)
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	for {
		batch, err := reader.Next(ctx, events.Batch{Limit: 1000, Gap: 50 * time.Millisecond, Wait: time.Second})
		if errors.Is(err, context.DeadlineExceeded) {
			return int64(len(own)), nil
		}
		if err != nil {
			return 0, err
		}
		if err := again(js, batch, own); err != nil {
			return 0, err
		}
	}
}

// again writes those messages once more that are not copies.
func again(js jetstream.JetStream, batch []events.Message, own map[uint64]struct{}) error {
	var written []jetstream.PubAckFuture
	for _, m := range batch {
		if _, copied := own[m.Sequence]; copied || m.Kind != events.KindObserved {
			continue
		}
		future, err := js.PublishAsync(m.Subject, m.Data)
		if err != nil {
			return err
		}
		written = append(written, future)
	}
	for _, future := range written {
		select {
		case ack := <-future.Ok():
			own[ack.Sequence] = struct{}{}
		case err := <-future.Err():
			return err
		}
	}
	return nil
}
