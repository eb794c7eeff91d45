package jetstream_test

import (
	"slices"
	"strings"
	"testing"

	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

func streamConfig(t testing.TB, js natsjs.JetStream, name string) natsjs.StreamConfig {
	t.Helper()
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return stream.CachedInfo().Config
}

func TestOpenCreatesStreams(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	log := open(t, nc, jetstream.Config{Shards: 3})
	if log.Shards() != 3 {
		t.Fatalf("%d shards", log.Shards())
	}
	js := server(t, nc)
	var names []string
	for name := range js.StreamNames(t.Context()).Name() {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{
		"ALERTS", "DELIVERIES", "FETCHES", "FETCH_EVENTS", "NOTIFICATIONS", "OBJ_HELD", "OBJ_UPLOADS", "PARKED", "PRICES_00", "PRICES_01", "PRICES_02", "SOURCES",
	}
	if !slices.Equal(names, want) {
		t.Fatalf("streams %v, want %v", names, want)
	}
	for _, name := range want {
		config := streamConfig(t, js, name)
		if config.Storage != natsjs.FileStorage || config.MaxMsgs != -1 || config.MaxBytes != -1 || (config.MaxAge != 0) != (name == "OBJ_UPLOADS" || name == "DELIVERIES") {
			t.Errorf("%s can lose what it holds: %+v", name, config)
		}
		if strings.HasPrefix(name, "PRICES_") && (config.Compression != natsjs.S2Compression || !config.AllowAtomicPublish) {
			t.Errorf("%s: %+v", name, config)
		}
	}
}

func TestOpenTakesOneShardByDefault(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	if log := open(t, nc, jetstream.Config{}); log.Shards() != 1 {
		t.Fatalf("%d shards", log.Shards())
	}
}

func TestReopenKeeps(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	first := open(t, nc, jetstream.Config{Shards: 2})
	publish(t, first, 20)
	before := len(readAll(t, first, "PRICES_00", 0)) + len(readAll(t, first, "PRICES_01", 0))
	for _, config := range []jetstream.Config{{}, {Shards: 2}, {Replicas: 1}} {
		log := open(t, nc, config)
		if log.Shards() != 2 {
			t.Fatalf("%+v: %d shards", config, log.Shards())
		}
		if after := len(readAll(t, log, "PRICES_00", 0)) + len(readAll(t, log, "PRICES_01", 0)); after != before {
			t.Fatalf("%+v: %d messages, there were %d", config, after, before)
		}
	}
}

func TestShardsAreFixed(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	open(t, nc, jetstream.Config{Shards: 2})
	for _, shards := range []int{1, 3} {
		_, err := jetstream.Open(t.Context(), nc, jetstream.Config{Shards: shards})
		if err == nil || !strings.Contains(err.Error(), "2 shards") {
			t.Errorf("opening 2 shards as %d: %v", shards, err)
		}
	}
	if log := open(t, nc, jetstream.Config{}); log.Shards() != 2 {
		t.Errorf("%d shards", log.Shards())
	}
}

func TestTooManyShards(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	if _, err := jetstream.Open(t.Context(), nc, jetstream.Config{Shards: events.MaxShards + 1}); err == nil {
		t.Fatal("no error")
	}
	open(t, nc, jetstream.Config{}) // it left nothing behind
}

// A stream of somebody else's under our name is not touched.
func TestForeignStream(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	js := server(t, nc)
	foreign := natsjs.StreamConfig{Name: string(events.FetchStream), Subjects: []string{"theirs"}}
	_, err := js.CreateStream(t.Context(), foreign)
	wantNoError(t, err)
	if _, err := jetstream.Open(t.Context(), nc, jetstream.Config{}); err == nil || !strings.Contains(err.Error(), "not Atlant's") {
		t.Errorf("got error %v", err)
	}
	if got := streamConfig(t, js, foreign.Name); !slices.Equal(got.Subjects, foreign.Subjects) {
		t.Errorf("its subjects are now %v", got.Subjects)
	}
}

func TestOpenWithoutServer(t *testing.T) {
	t.Parallel()
	nc, stop := start(t, t.TempDir())
	stop()
	_, err := jetstream.Open(t.Context(), nc, jetstream.Config{})
	wantError(t, err, events.ErrUnavailable)
}

func TestLastSequence(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	for want := range uint64(3) {
		got, err := log.LastSequence(t.Context(), events.PriceStream(0))
		if err != nil || got != 2*want {
			t.Fatalf("%d, %v; want %d", got, err, 2*want)
		}
		publish(t, log, 1)
	}
	_, err := log.LastSequence(t.Context(), "NO_SUCH_STREAM")
	wantError(t, err, events.ErrUnavailable)
}
