package jetstream_test

import (
	"fmt"
	"testing"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events/jetstream"
)

// TestBaseline publishes more than two batches, one of which is not full, and reads them back.
func TestBaseline(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	baseline, err := jetstream.OpenBaseline(t.Context(), nc, 1)
	if err != nil {
		t.Fatal(err)
	}
	var payloads [][]byte
	for i := range 2001 {
		payloads = append(payloads, fmt.Append(nil, i))
	}
	if err := baseline.Publish(t.Context(), payloads); err != nil {
		t.Fatal(err)
	}
	if n, err := baseline.Consume(t.Context()); err != nil || n != len(payloads) {
		t.Errorf("consumed %d of %d, %v", n, len(payloads), err)
	}
	if err := baseline.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if exists, err := jetstream.Exists(t.Context(), nc); err != nil || exists {
		t.Errorf("something is left: %t, %v", exists, err)
	}
}

// TestRemove removes a log, and nothing that is not its.
func TestRemove(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	js, err := natsjs.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), natsjs.StreamConfig{Name: "OTHERS", Subjects: []string{"others"}}); err != nil {
		t.Fatal(err)
	}
	if exists, err := jetstream.Exists(t.Context(), nc); err != nil || exists {
		t.Fatalf("there is a log: %t, %v", exists, err)
	}
	open(t, nc, jetstream.Config{Shards: 3})
	if _, err := jetstream.OpenLeases(t.Context(), nc, jetstream.LeaseConfig{}); err != nil {
		t.Fatal(err)
	}
	if exists, err := jetstream.Exists(t.Context(), nc); err != nil || !exists {
		t.Fatalf("there is a log: %t, %v", exists, err)
	}
	if err := jetstream.Remove(t.Context(), nc); err != nil {
		t.Fatal(err)
	}
	var left []string
	names := js.StreamNames(t.Context())
	for name := range names.Name() {
		left = append(left, name)
	}
	if err := names.Err(); err != nil || len(left) != 1 || left[0] != "OTHERS" {
		t.Errorf("left are %q, %v", left, err)
	}
}
