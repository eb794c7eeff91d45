package jetstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

const prices = events.Stream("PRICES_00")

// atOnce takes a message, and of those that are there already as many as fit.
var atOnce = events.Batch{Limit: 1, Gap: time.Hour, Wait: time.Hour}

func next(t testing.TB, reader events.Reader, batch events.Batch) []events.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	messages, err := reader.Next(ctx, batch)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func TestReadFromCheckpoint(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := publish(t, log, 20)
	last := uint64(22)
	for _, after := range []uint64{0, 1, batchMessages - 1, batchMessages, batchMessages + 1, last - 1} {
		messages := readAll(t, log, prices, after)
		if len(messages) != int(last-after) {
			t.Fatalf("after %d: %d messages, want %d", after, len(messages), last-after)
		}
		for i, m := range messages {
			if m.Sequence != after+1+uint64(i) || m.Stream != prices {
				t.Fatalf("after %d: message %d is %d of %s", after, i, m.Sequence, m.Stream)
			}
			if age := time.Since(m.Time); age < -time.Minute || age > time.Hour {
				t.Fatalf("message %d is of %v", m.Sequence, m.Time)
			}
		}
	}
	first := next(t, read(t, log, prices, 0), atOnce)[0]
	if first.Kind != events.KindObserved || first.Subject != "prices.0.observed" || first.Key != "" {
		t.Errorf("%+v", first)
	}
	marker := next(t, read(t, log, prices, batchMessages-1), atOnce)[0]
	if marker.Kind != events.KindMarker || marker.Subject != "prices.0.fetch."+fetch.String() || marker.Key != fetch.String() {
		t.Errorf("%+v", marker)
	}
}

func TestReadLimit(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	publish(t, log, 100)
	reader := read(t, log, prices, 0)
	at := uint64(0)
	for _, limit := range []int{1, 2, 50, 48} {
		messages := next(t, reader, events.Batch{Limit: limit, Gap: patience, Wait: patience})
		if len(messages) != limit || messages[0].Sequence != at+1 {
			t.Fatalf("limit %d: %d messages from %d on", limit, len(messages), messages[0].Sequence)
		}
		at += uint64(limit)
	}
}

// The message that reaches the bound on bytes is the last of its batch.
func TestReadBytes(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	publish(t, log, 3)
	size := len(next(t, read(t, log, prices, 0), atOnce)[0].Data)
	for bytes, want := range map[int]int{1: 1, size: 1, size + 1: 2, 1 << 20: 3} {
		batch := events.Batch{Limit: 3, Bytes: bytes, Gap: patience, Wait: patience}
		if got := len(next(t, read(t, log, prices, 0), batch)); got != want {
			t.Errorf("%d bytes: %d messages of %d bytes, want %d", bytes, got, size, want)
		}
	}
}

// A batch ends when nothing comes for a while, or when it has been gathered for long enough.
func TestReadWaits(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	publish(t, log, 10)
	for name, batch := range map[string]events.Batch{
		"gap":  {Limit: 1000, Gap: 300 * time.Millisecond, Wait: time.Hour},
		"wait": {Limit: 1000, Gap: time.Hour, Wait: 300 * time.Millisecond},
	} {
		reader := read(t, log, prices, 0)
		began := time.Now()
		if got := len(next(t, reader, batch)); got != 11 {
			t.Errorf("%s: %d messages, want 11", name, got)
		}
		if took := time.Since(began); took < batch.Gap && took < batch.Wait || took > patience {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

// What comes while a batch is gathered is in it.
func TestReadGathers(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	got := nextLater(t, read(t, log, prices, 0), events.Batch{Limit: 4, Gap: patience, Wait: patience})
	publish(t, log, 1)
	time.Sleep(50 * time.Millisecond)
	publish(t, log, 1)
	if r := <-got; r.err != nil || len(r.messages) != 4 {
		t.Fatalf("%d messages, %v", len(r.messages), r.err)
	}
}

type nextResult struct {
	messages []events.Message
	err      error
}

// nextLater waits for the next batch in the background.
func nextLater(t testing.TB, reader events.Reader, batch events.Batch) <-chan nextResult {
	t.Helper()
	got := make(chan nextResult, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		messages, err := reader.Next(ctx, batch)
		got <- nextResult{messages, err}
	}()
	return got
}

func TestReadBlocksUntilThereIsSomething(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	publish(t, log, 1)
	got := nextLater(t, read(t, log, prices, 2), atOnce)
	select {
	case r := <-got:
		t.Fatalf("returned %v, %v at once", r.messages, r.err)
	case <-time.After(200 * time.Millisecond):
	}
	publish(t, log, 1)
	if r := <-got; r.err != nil || len(r.messages) != 1 || r.messages[0].Sequence != 3 {
		t.Fatalf("%v, %v", r.messages, r.err)
	}
}

func TestReadCancelled(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	reader := read(t, log, prices, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := reader.Next(ctx, atOnce)
	wantError(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	_, err = reader.Next(ctx, atOnce)
	wantError(t, err, context.Canceled)
	// The reader is as good as before.
	publish(t, log, 1)
	if got := next(t, reader, atOnce); got[0].Sequence != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestReadClosed(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	reader, err := log.Read(t.Context(), prices, 0)
	wantNoError(t, err)
	reader.Close()
	reader.Close()
	stream, err := server(t, nc).Stream(t.Context(), string(prices))
	wantNoError(t, err)
	// The server keeps what the reader used no longer than this without a reader.
	for info := range stream.ListConsumers(t.Context()).Info() {
		if idle := info.Config.InactiveThreshold; idle <= 0 || idle > 5*time.Minute {
			t.Errorf("consumer %s is kept for %v", info.Name, idle)
		}
	}
}

func TestReadWithoutServer(t *testing.T) {
	t.Parallel()
	nc, stop := start(t, t.TempDir())
	log := open(t, nc, jetstream.Config{})
	reader := read(t, log, prices, 0)
	stop()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := reader.Next(ctx, atOnce)
	wantError(t, err, events.ErrUnavailable)
	_, err = log.Read(ctx, prices, 0)
	wantError(t, err, events.ErrUnavailable)
}

func TestReadStreamThatDoesNotExist(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	_, err := log.Read(t.Context(), "PRICES_01", 0)
	wantError(t, err, events.ErrUnavailable)
}

// Two readers do not take messages from each other.
func TestReadersAreApart(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	publish(t, log, 60)
	a, b := read(t, log, prices, 0), read(t, log, prices, 0)
	for at := uint64(1); at <= 60; at++ {
		if x, y := next(t, a, atOnce), next(t, b, atOnce); x[0].Sequence != at || y[0].Sequence != at {
			t.Fatalf("%d and %d, want %d", x[0].Sequence, y[0].Sequence, at)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	id := newFetchID(t).String()
	for _, test := range []struct {
		stream       events.Stream
		subject, key string
		kind         events.Kind
	}{
		{prices, "prices.0.observed", "", events.KindObserved},
		{prices, "prices.0.fetch." + id, id, events.KindMarker},
		{prices, "prices.0.fetch", "", events.KindUnknown},
		{prices, "prices.0.fetch." + id + ".more", "", events.KindUnknown},
		{prices, "prices.0.withdrawn", "", events.KindUnknown},
		{events.FetchStream, "fetches." + id, id, events.KindFetchEvent},
		{events.FetchStream, "requests.0123", "", events.KindClaim},
	} {
		last, err := log.LastSequence(t.Context(), test.stream)
		wantNoError(t, err)
		ack, err := server(t, nc).PublishMsg(t.Context(), &nats.Msg{Subject: test.subject, Data: []byte("x"), Header: nats.Header{}})
		wantNoError(t, err)
		if ack.Stream != string(test.stream) {
			t.Fatalf("%s went to %s", test.subject, ack.Stream)
		}
		m := readAll(t, log, test.stream, last)[0]
		if m.Kind != test.kind || m.Key != test.key || m.Subject != test.subject || string(m.Data) != "x" {
			t.Errorf("%s: %+v", test.subject, m)
		}
	}
}
