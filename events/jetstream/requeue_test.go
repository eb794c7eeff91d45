package jetstream_test

import (
	"fmt"
	"slices"
	"testing"

	natsjs "github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// oldQueue makes a queue as it was before there were partitions, with so many requests of a few sources, two of them in
// hand and one that nobody can read.
func oldQueue(t testing.TB, js natsjs.JetStream, requests int) []*atlantv1.FetchRequested {
	t.Helper()
	_, err := js.CreateStream(t.Context(), natsjs.StreamConfig{
		Name: "FETCHES", Subjects: []string{"queue.*"}, Retention: natsjs.WorkQueuePolicy, Discard: natsjs.DiscardNew,
	})
	wantNoError(t, err)
	consumer, err := js.CreateConsumer(t.Context(), "FETCHES", natsjs.ConsumerConfig{Durable: "fetchers", AckPolicy: natsjs.AckExplicitPolicy})
	wantNoError(t, err)
	_, err = js.Publish(t.Context(), "queue.strange", []byte{0xff})
	wantNoError(t, err)
	all := make([]*atlantv1.FetchRequested, requests)
	for i := range all {
		all[i] = request(t)
		all[i].Source = fmt.Sprint("source ", i%7)
		data, err := proto.Marshal(all[i])
		wantNoError(t, err)
		_, err = js.Publish(t.Context(), "queue."+all[i].GetId(), data)
		wantNoError(t, err)
	}
	for range 2 {
		_, err = consumer.Next()
		wantNoError(t, err)
	}
	return all
}

// wantQueued checks that what the queue holds are these requests, by source in their order.
func wantQueued(t testing.TB, log events.FetchQueue, all []*atlantv1.FetchRequested) {
	t.Helper()
	for partition := range events.QueuePartitions {
		queue, err := log.TakeFrom(t.Context(), partition)
		wantNoError(t, err)
		for _, want := range all {
			if events.PartitionOf(want.GetSource()) == partition {
				wantNoError(t, dequeue(t, queue, want).Done(t.Context()))
			}
		}
		queue.Close()
	}
}

func wantUpToDate(t testing.TB, js natsjs.JetStream) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "FETCHES")
	wantNoError(t, err)
	info := stream.CachedInfo()
	if !slices.Equal(info.Config.Subjects, []string{"queue.*.*"}) || info.State.Msgs != 1 {
		t.Errorf("%+v", info)
	}
	if msg, err := stream.GetMsg(t.Context(), 1); err != nil || msg.Subject != "queue.strange" {
		t.Errorf("the one that could not be read: %v, %v", msg, err)
	}
	if _, err := stream.Consumer(t.Context(), "fetchers"); err == nil {
		t.Error("the old consumer is there")
	}
}

func TestOldQueue(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	all := oldQueue(t, server(t, nc), 40)
	log := open(t, nc, jetstream.Config{})
	wantQueued(t, log, all)
	wantUpToDate(t, server(t, nc))
	open(t, nc, jetstream.Config{})
	wantQueued(t, log, nil)
}

// Several processes find the old queue at once, and what they add comes last.
func TestOldQueueOpenedAtOnce(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	all := oldQueue(t, server(t, nc), 100)
	type result struct {
		added *atlantv1.FetchRequested
		err   error
	}
	opened := make(chan result, 4)
	for i := range cap(opened) {
		added := request(t)
		added.Source = fmt.Sprint("source ", i)
		go func() {
			log, err := jetstream.Open(t.Context(), nc, jetstream.Config{})
			if err == nil {
				err = log.Enqueue(t.Context(), added)
			}
			opened <- result{added, err}
		}()
	}
	for range cap(opened) {
		r := <-opened
		wantNoError(t, r.err)
		all = append(all, r.added)
	}
	wantQueued(t, open(t, nc, jetstream.Config{}), all)
	wantUpToDate(t, server(t, nc))
}

// The process that moved them died over it: some are in their partitions already, one of them in both places.
func TestOldQueueHalfMoved(t *testing.T) {
	t.Parallel()
	for _, moved := range []int{0, 1, 10} {
		nc, _ := start(t, t.TempDir())
		js := server(t, nc)
		all := oldQueue(t, js, 20)
		stream, err := js.Stream(t.Context(), "FETCHES")
		wantNoError(t, err)
		wantNoError(t, stream.DeleteConsumer(t.Context(), "fetchers"))
		config := stream.CachedInfo().Config
		config.Subjects = []string{"queue.*.*"}
		_, err = js.UpdateStream(t.Context(), config)
		wantNoError(t, err)
		for i, r := range all[:moved+1] {
			data, err := proto.Marshal(r)
			wantNoError(t, err)
			_, err = js.Publish(t.Context(), fmt.Sprintf("queue.%d.%s", events.PartitionOf(r.GetSource()), r.GetId()), data)
			wantNoError(t, err)
			if i < moved {
				wantNoError(t, stream.DeleteMsg(t.Context(), uint64(i)+2))
			}
		}
		wantQueued(t, open(t, nc, jetstream.Config{}), all)
		wantUpToDate(t, js)
	}
}
