package jetstream_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var errCause = errors.New("malformed event: cause")

func wantParked(t testing.TB, log events.Source, stream events.Stream, want int64) {
	t.Helper()
	if got, err := log.Parked(t.Context(), stream); err != nil || got != want {
		t.Fatalf("%d parked, %v; want %d", got, err, want)
	}
}

func TestPark(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	wantParked(t, log, prices, 0)
	m := events.Message{Stream: prices, Sequence: 7, Subject: "prices.0.observed", Data: []byte{0xff, 0}}
	wantNoError(t, log.Park(t.Context(), m, errCause))
	wantNoError(t, log.Park(t.Context(), m, errors.New("another cause, of a replay")))
	wantParked(t, log, prices, 1)
	other := m
	other.Stream = "PRICES_01"
	wantNoError(t, log.Park(t.Context(), other, errCause))
	later := m
	later.Sequence = 70
	wantNoError(t, log.Park(t.Context(), later, errCause))
	wantParked(t, log, prices, 2)
	wantParked(t, log, "PRICES_01", 1)
	wantParked(t, log, events.FetchStream, 0)

	all := readAll(t, log, "PARKED", 0)
	if len(all) != 3 {
		t.Fatalf("%d messages in all", len(all))
	}
	parked := &atlantv1.ParkedEvent{}
	wantNoError(t, proto.Unmarshal(all[0].Data, parked))
	want := &atlantv1.ParkedEvent{
		Stream: "PRICES_00", Sequence: 7, Subject: "prices.0.observed", Cause: errCause.Error(), Data: m.Data,
	}
	if !proto.Equal(parked, want) {
		t.Errorf("parked %v, want %v", parked, want)
	}
}

// Whatever is in the log can be parked; a message that cannot would stop the projection for good.
func TestParkAnything(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	for i, m := range []events.Message{
		{Subject: "prices.0.observed"},
		{Subject: "prices.0.\xff", Data: []byte("a subject that is not UTF-8")},
		{Subject: "prices.0.observed", Data: make([]byte, nc.MaxPayload()/2)},
		{Subject: "prices.0.observed", Data: bytes.Repeat([]byte{1}, int(nc.MaxPayload()))},
	} {
		m.Stream, m.Sequence = prices, uint64(i+1)
		if err := log.Park(t.Context(), m, errors.New("cause of "+m.Subject)); err != nil {
			t.Errorf("message %d, %d bytes at %q: %v", i, len(m.Data), m.Subject, err)
		}
	}
}

func TestParkWithoutServer(t *testing.T) {
	t.Parallel()
	nc, stop := start(t, t.TempDir())
	log := open(t, nc, jetstream.Config{})
	queue := take(t, log)
	stop()
	wantError(t, log.Park(t.Context(), events.Message{Stream: prices, Sequence: 1}, errCause), events.ErrUnavailable)
	_, err := log.Parked(t.Context(), prices)
	wantError(t, err, events.ErrUnavailable)
	wantError(t, log.Enqueue(t.Context(), request(t)), events.ErrUnavailable)
	_, err = log.Claim(t.Context(), "key", request(t))
	wantError(t, err, events.ErrUnavailable)
	_, err = log.AppendFetchEvents(t.Context(), newFetchID(t), 0, attempt(1))
	wantError(t, err, events.ErrUnavailable)
	_, err = log.FetchEvents(t.Context(), newFetchID(t))
	wantError(t, err, events.ErrUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err = queue.Dequeue(ctx)
	wantError(t, err, events.ErrUnavailable)
	_, err = log.TakeFrom(t.Context(), 0)
	wantError(t, err, events.ErrUnavailable)
	wantError(t, log.Report(&atlantv1.Fetch{Id: newFetchID(t).String()}), events.ErrUnavailable)
	_, err = log.Follow(newFetchID(t), func(*atlantv1.Fetch) {})
	wantError(t, err, events.ErrUnavailable)
}

func TestProgress(t *testing.T) {
	t.Parallel()
	log, nc := newLog(t, 1)
	id := newFetchID(t)
	seen := make(chan *atlantv1.Fetch, 10)
	stop, err := log.Follow(id, func(f *atlantv1.Fetch) { seen <- f })
	wantNoError(t, err)
	report := func(id string, rows int64) {
		t.Helper()
		wantNoError(t, log.Report(&atlantv1.Fetch{Id: id, RowsRead: rows}))
	}
	report(newFetchID(t).String(), 1) // another fetch's
	report(id.String(), 2)
	wantNoError(t, nc.Publish("progress."+id.String(), []byte{0xff})) // passed over
	report(id.String(), 3)
	for _, want := range []int64{2, 3} {
		select {
		case got := <-seen:
			if got.GetRowsRead() != want || got.GetId() != id.String() {
				t.Fatalf("got %v, want %d rows", got, want)
			}
		case <-t.Context().Done():
			t.Fatal("nothing came")
		}
	}
	stop()
	stop()
	report(id.String(), 4)
	wantNoError(t, nc.Flush())
	select {
	case got := <-seen:
		t.Errorf("got %v after stop", got)
	default:
	}
}
