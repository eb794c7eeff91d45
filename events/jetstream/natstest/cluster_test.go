package natstest_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events/jetstream/natstest"
)

// A server that is cut off loses the leadership of a stream to the others, and takes no more writes; healed, it has what
// they took meanwhile. One that is killed comes back with what it had.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := natstest.StartCluster(t, 3)
	js := connect(t, c.URL())
	_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, js)

	cut := c.LeaderOf("S")
	minority, others := connect(t, c.URL(cut)), connect(t, c.URL((cut+1)%3, (cut+2)%3))
	c.Isolate(cut)
	if _, err := minority.Publish(t.Context(), "s", nil); err == nil {
		t.Error("a server alone took a write")
	}
	publish(t, others)
	c.Heal(cut)
	publish(t, minority)

	killed := c.LeaderOf("S")
	c.Kill(killed)
	publish(t, connect(t, c.URL((killed+1)%3)))
	c.Restart(killed)
	c.AwaitReady()
	publish(t, connect(t, c.URL(killed)))
	stream, err := js.Stream(t.Context(), "S")
	if err != nil || stream.CachedInfo().State.Msgs != 5 {
		t.Fatalf("%+v, %v", stream.CachedInfo().State, err)
	}
}

func connect(t testing.TB, url string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// publish writes a message as soon as there is a leader. Each is sent once: a message id drops what is sent again.
func publish(t testing.TB, js jetstream.JetStream) {
	t.Helper()
	id := nats.NewInbox()
	var err error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if _, err = js.Publish(t.Context(), "s", nil, jetstream.WithMsgID(id)); err == nil {
			return
		}
	}
	t.Fatal(err)
}
