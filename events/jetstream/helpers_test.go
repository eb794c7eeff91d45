package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// patience bounds whatever is expected to happen; a wait for what is not expected to happen is much shorter.
const patience = 30 * time.Second

// tester is what a test and a case of a property have in common.
type tester interface {
	Helper()
	Context() context.Context
	Cleanup(stop func())
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// quiet is a log that nobody reads.
var quiet = slog.New(slog.DiscardHandler)

// start starts a server on the folder; stop stops it, which the end of the test does otherwise.
func start(t testing.TB, dir string) (nc *nats.Conn, stop func()) {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(dir, quiet)
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := embedded.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	if nc, err = embedded.Connect(); err != nil {
		t.Fatal(err)
	}
	return nc, stop
}

func open(t testing.TB, nc *nats.Conn, config jetstream.Config) *jetstream.Log {
	t.Helper()
	log, err := jetstream.Open(t.Context(), nc, config)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// newLog returns an empty log of so many shards, on a server of its own.
func newLog(t testing.TB, shards int) (*jetstream.Log, *nats.Conn) {
	t.Helper()
	nc, _ := start(t, t.TempDir())
	return open(t, nc, jetstream.Config{Shards: shards}), nc
}

func newFetchID(t tester) events.FetchID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// observation returns the row of a list at a line, always the same.
// What goes into an atomic batch: so many observations, in so many messages with the marker.
const (
	batchRows     = 16 * events.GroupSize
	batchMessages = 17
)

func observation(fetch events.FetchID, line int64) *events.Observation {
	return &events.Observation{
		Source: events.DefaultSource, Name: fmt.Sprintf("product %05d", line),
		Price: events.Price{Micros: line * 10_000, Currency: "EUR"}, Line: line,
		Position: events.Position{ObservedAt: 1_760_000_000_000_000, Fetch: fetch},
	}
}

func write(t tester, log events.PriceLog, fetch events.FetchID) events.PriceWriter {
	t.Helper()
	writer, err := log.WritePrices(t.Context(), fetch)
	if err != nil {
		t.Fatal(err)
	}
	return writer
}

// add adds the lines first, …, last of a fetch.
func add(ctx context.Context, writer events.PriceWriter, fetch events.FetchID, first, last int64) error {
	for line := first; line <= last; line++ {
		if err := writer.Add(ctx, line, observation(fetch, line)); err != nil {
			return err
		}
	}
	return nil
}

func mustAdd(t tester, writer events.PriceWriter, fetch events.FetchID, first, last int64) {
	t.Helper()
	if err := add(t.Context(), writer, fetch, first, last); err != nil {
		t.Fatalf("add lines %d to %d: %v", first, last, err)
	}
}

func mustFinish(t tester, writer events.PriceWriter, want int64) events.LogPosition {
	t.Helper()
	published, position, err := writer.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if published != want || writer.Published() != want {
		t.Fatalf("published %d and %d, want %d", published, writer.Published(), want)
	}
	return position
}

// publish writes a fetch of so many lines.
// publish publishes a fetch that fills so many messages; each batch of them, and the last, is followed by a marker.
func publish(t testing.TB, log events.PriceLog, messages int64) events.FetchID {
	t.Helper()
	lines := messages * events.GroupSize
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, lines)
	mustFinish(t, writer, lines)
	return fetch
}

// readAll returns the messages of a stream after a sequence, up to its end as it is now.
func readAll(t tester, log *jetstream.Log, stream events.Stream, after uint64) []events.Message {
	t.Helper()
	last, err := log.LastSequence(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	if last <= after {
		return nil
	}
	return readUntil(t, log, stream, after, last)
}

func readUntil(t tester, log *jetstream.Log, stream events.Stream, after, last uint64) []events.Message {
	t.Helper()
	reader := read(t, log, stream, after)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all []events.Message
	for at := after; at < last; at = all[len(all)-1].Sequence {
		batch, err := reader.Next(ctx, events.Batch{Limit: int(last - at), Gap: patience, Wait: patience, Until: last})
		if err != nil {
			t.Fatalf("read %s from %d to %d: at %d: %v", stream, after, last, at, err)
		}
		all = append(all, batch...)
	}
	return all
}

func read(t tester, log *jetstream.Log, stream events.Stream, after uint64) events.Reader {
	t.Helper()
	reader, err := log.Read(t.Context(), stream, after)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(reader.Close)
	return reader
}

func wantError(t tester, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func wantNoError(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// server returns the way to the streams past the log.
func server(t testing.TB, nc *nats.Conn) natsjs.JetStream {
	t.Helper()
	js, err := natsjs.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// wantConflict is for goroutines, which must not end the test.
func wantConflict(t testing.TB, err error) {
	t.Helper()
	if !errors.Is(err, events.ErrConflict) {
		t.Errorf("got error %v, want a conflict", err)
	}
}
