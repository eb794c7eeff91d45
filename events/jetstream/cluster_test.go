package jetstream_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
)

// onCluster opens the log of a cluster through the servers given, or any.
func onCluster(t testing.TB, c *natstest.Cluster, which ...int) *jetstream.Log {
	t.Helper()
	return open(t, connect(t, c.URL(which...)), jetstream.Config{Replicas: 3, Shards: 2})
}

func connect(t testing.TB, url string) *nats.Conn {
	t.Helper()
	nc, err := jetstream.Connect(t.Context(), jetstream.ConnectConfig{URL: url, Name: t.Name(), Logger: quiet})
	wantNoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

// openAtOnce has several processes create the log.
func openAtOnce(t testing.TB, c *natstest.Cluster) {
	t.Helper()
	opened := make(chan error, 6)
	for i := range cap(opened) {
		nc := connect(t, c.URL(i%3))
		go func() {
			_, err := jetstream.Open(t.Context(), nc, jetstream.Config{Replicas: 3, Shards: 2})
			opened <- err
		}()
	}
	for range cap(opened) {
		wantNoError(t, <-opened)
	}
}

// What a log does, it does on a cluster.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	openAtOnce(t, c)
	a, b := onCluster(t, c, 0), onCluster(t, c, 1)
	publish(t, a, 10)
	t.Run("streams", func(t *testing.T) {
		t.Parallel()
		js := server(t, connect(t, c.URL()))
		for name := range js.StreamNames(t.Context()).Name() {
			if config := streamConfig(t, js, name); config.Replicas != 3 || config.AllowDirect {
				t.Errorf("%s: %+v", name, config)
			}
		}
	})
	t.Run("prices", func(t *testing.T) {
		t.Parallel()
		from, fetch := end(t, a), newFetchID(t)
		zombie, writer := write(t, a, fetch), write(t, b, fetch)
		mustAdd(t, writer, fetch, 1, 3000)
		position := mustFinish(t, writer, 3000)
		wantPosition(t, wantComplete(t, b, from, fetch, 3000), position)
		mustAdd(t, zombie, fetch, 2, 900) // of another list
		_, _, err := zombie.Finish(t.Context())
		wantError(t, err, events.ErrConflict)
		again := write(t, a, fetch)
		mustAdd(t, again, fetch, 1, 3000)
		wantPosition(t, mustFinish(t, again, 3000), position)
		wantComplete(t, a, from, fetch, 3000)
	})
	t.Run("fetch events", func(t *testing.T) {
		t.Parallel()
		fetch := newFetchID(t)
		wantEvents(t, a, fetch)
		last, err := a.AppendFetchEvents(t.Context(), fetch, 0, attempt(1), attempt(2))
		wantNoError(t, err)
		_, err = b.AppendFetchEvents(t.Context(), fetch, last-1, attempt(3))
		wantError(t, err, events.ErrConflict)
		wantEvents(t, b, fetch, events.RecordedFetchEvent{Sequence: last - 1, Event: attempt(1)}, events.RecordedFetchEvent{Sequence: last, Event: attempt(2)})
	})
	t.Run("claims", func(t *testing.T) {
		t.Parallel()
		want, err := a.Claim(t.Context(), "key", request(t))
		wantNoError(t, err)
		got, err := b.Claim(t.Context(), "key", request(t))
		wantNoError(t, err)
		if !proto.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
	t.Run("parked", func(t *testing.T) {
		t.Parallel()
		for _, log := range []*jetstream.Log{a, b} {
			wantNoError(t, log.Park(t.Context(), events.Message{Stream: prices, Sequence: 7}, errCause))
			wantParked(t, log, prices, 1)
		}
	})
	t.Run("lists", func(t *testing.T) {
		t.Parallel()
		put(t, a.Uploads(), "list", noise(1, 5*listChunk+1))
		wantList(t, b.Uploads(), "list", noise(1, 5*listChunk+1))
		put(t, b.Uploads(), "list", noise(2, listChunk))
		wantList(t, a.Uploads(), "list", noise(2, listChunk))
		wantNoError(t, a.Uploads().DeleteList(t.Context(), "list"))
		wantList(t, b.Uploads(), "list", nil)
	})
	t.Run("times", func(t *testing.T) {
		t.Parallel()
		at, err := b.TimeOf(t.Context(), prices, 1)
		if err != nil || at.IsZero() {
			t.Errorf("%v, %v", at, err)
		}
		if at, err := b.TimeOf(t.Context(), prices, 1<<40); err != nil || !at.IsZero() {
			t.Errorf("%v, %v", at, err)
		}
	})
	t.Run("queue", func(t *testing.T) {
		t.Parallel()
		wantOrderAcrossProcesses(t, a, b, 20)
	})
}

// A bucket that a log of an older version lacks has as many replicas as the log, also where nobody says how many.
func TestMissingStreamIsReplicated(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	onCluster(t, c)
	nc := connect(t, c.URL())
	js := server(t, nc)
	wantNoError(t, js.DeleteStream(t.Context(), "OBJ_UPLOADS"))
	open(t, nc, jetstream.Config{})
	if got := streamConfig(t, js, "OBJ_UPLOADS").Replicas; got != 3 {
		t.Errorf("%d replicas", got)
	}
}
