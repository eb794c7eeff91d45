package jetstream_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// end is what the log held before a test wrote to it, by shard.
func end(t tester, log *jetstream.Log) []uint64 {
	t.Helper()
	ends := make([]uint64, log.Shards())
	for shard := range ends {
		var err error
		ends[shard], err = log.LastSequence(t.Context(), events.PriceStream(shard))
		wantNoError(t, err)
	}
	return ends
}

// markerOf returns the marker that a message is, nil for another message.
func markerOf(t tester, m events.Message) *atlantv1.FetchMarker {
	t.Helper()
	if m.Kind != events.KindMarker {
		return nil
	}
	marker := &atlantv1.FetchMarker{}
	wantNoError(t, proto.Unmarshal(m.Data, marker))
	return marker
}

// wantComplete checks that since from the log got the fetch's lines 1 to lines, each once, in order, with markers that
// tell the truth, and its end once. It returns where the fetch ends.
func wantComplete(t tester, log *jetstream.Log, from []uint64, fetch events.FetchID, lines int64) events.LogPosition {
	t.Helper()
	seen := map[int64]bool{}
	position := events.LogPosition{}
	for shard := range from {
		var last, published int64
		done := false
		for _, m := range readAll(t, log, events.PriceStream(shard), from[shard]) {
			if marker := markerOf(t, m); marker != nil {
				if m.Key != fetch.String() {
					continue
				}
				if done || marker.GetNextLine() != last+1 || marker.GetPublished() != published {
					t.Fatalf("shard %d: marker %v after line %d, done %t, %d published", shard, marker, last, done, published)
				}
				done, position[uint32(shard)] = marker.GetDone(), m.Sequence
				continue
			}
			all, err := events.DecodeObservations(nil, m.Data)
			wantNoError(t, err)
			for _, o := range all {
				if o.Position.Fetch != fetch {
					continue
				}
				if want := observation(fetch, o.Line); o != *want || events.ShardOf(o.ProductID(), log.Shards()) != shard {
					t.Fatalf("shard %d: %+v, want %+v", shard, o, want)
				}
				if o.Line <= last || done || m.Kind != events.KindObserved || m.Stream != events.PriceStream(shard) {
					t.Fatalf("shard %d: line %d after %d, done %t: %+v", shard, o.Line, last, done, m)
				}
				last, seen[o.Line], published = o.Line, true, published+1
			}
		}
		if published > 0 && !done {
			t.Fatalf("shard %d: %d lines and no end", shard, published)
		}
	}
	for line := int64(1); line <= lines; line++ {
		if !seen[line] {
			t.Fatalf("line %d is missing", line)
		}
	}
	if int64(len(seen)) != lines {
		t.Fatalf("%d lines, want %d", len(seen), lines)
	}
	return position
}

func wantPosition(t tester, got, want events.LogPosition) {
	t.Helper()
	if got.String() != want.String() {
		t.Fatalf("position %v, want %v", got, want)
	}
}

func TestWritePrices(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	from := end(t, log)
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	if writer.Published() != 0 {
		t.Fatal(writer.Published())
	}
	const lines = 2*batchRows + 1
	mustAdd(t, writer, fetch, 1, lines)
	position := mustFinish(t, writer, lines)
	wantPosition(t, position, events.LogPosition{0: 2*batchMessages + 2})
	wantPosition(t, wantComplete(t, log, from, fetch, lines), position)

	var markers []*atlantv1.FetchMarker
	for _, m := range readAll(t, log, events.PriceStream(0), 0) {
		if marker := markerOf(t, m); marker != nil {
			markers = append(markers, marker)
		}
	}
	want := []*atlantv1.FetchMarker{
		{NextLine: batchRows + 1, Published: batchRows},
		{NextLine: 2*batchRows + 1, Published: 2 * batchRows},
		{NextLine: lines + 1, Published: lines, Done: true},
	}
	if len(markers) != len(want) {
		t.Fatalf("%d batches: %v", len(markers), markers)
	}
	name := markers[0].GetWriter()
	if len(name) == 0 {
		t.Error("a marker does not name its writer")
	}
	for i := range want {
		want[i].Writer = name
		if !proto.Equal(markers[i], want[i]) {
			t.Errorf("batch %d ends with %v, want %v", i, markers[i], want[i])
		}
	}
}

func TestWritePricesSizes(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	for _, lines := range []int64{1, 2, events.GroupSize, events.GroupSize + 1, batchRows - 1, batchRows, batchRows + 1, 2 * batchRows} {
		from, fetch := end(t, log), newFetchID(t)
		writer := write(t, log, fetch)
		mustAdd(t, writer, fetch, 1, lines)
		wantPosition(t, mustFinish(t, writer, lines), wantComplete(t, log, from, fetch, lines))
	}
}

func TestWritePricesNothing(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 3)
	for range 2 {
		if position := mustFinish(t, write(t, log, newFetchID(t)), 0); len(position) != 0 {
			t.Fatal(position)
		}
	}
	for shard, last := range end(t, log) {
		if last != 0 {
			t.Errorf("shard %d holds %d messages", shard, last)
		}
	}
}

func TestWritePricesToShards(t *testing.T) {
	t.Parallel()
	const shards, lines = 4, 30_000
	log, _ := newLog(t, shards)
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, lines)
	position := mustFinish(t, writer, lines)
	wantPosition(t, wantComplete(t, log, make([]uint64, shards), fetch, lines), position)
	const messages = lines / shards / events.GroupSize
	for shard, last := range end(t, log) {
		if last != position[uint32(shard)] || last < messages*8/10 || last > messages*12/10 {
			t.Errorf("shard %d holds %d messages, the position is %v", shard, last, position)
		}
	}
}

// A list of one line leaves the other shards alone, and the position does not name them.
func TestWritePricesToOneShardOfMany(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 4)
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 1)
	shard := events.ShardOf(observation(fetch, 1).ProductID(), 4)
	wantPosition(t, mustFinish(t, writer, 1), events.LogPosition{uint32(shard): 2})
}

func TestFinishTwice(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 2)
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 1500)
	position := mustFinish(t, writer, 1500)
	wantPosition(t, mustFinish(t, writer, 1500), position)
	again := write(t, log, fetch)
	if again.Published() != 1500 {
		t.Errorf("published %d before anything was added", again.Published())
	}
	mustAdd(t, again, fetch, 1, 1500)
	wantPosition(t, mustFinish(t, again, 1500), position)
	wantPosition(t, wantComplete(t, log, []uint64{0, 0}, fetch, 1500), position)
}

func TestFetchesDoNotMix(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 2)
	from := end(t, log)
	a, b := newFetchID(t), newFetchID(t)
	writeA, writeB := write(t, log, a), write(t, log, b)
	for line := int64(1); line <= 4200; line++ {
		mustAdd(t, writeA, a, line, line)
		if line <= 2100 {
			mustAdd(t, writeB, b, line, line)
		}
	}
	mustFinish(t, writeA, 4200)
	mustFinish(t, writeB, 2100)
	wantComplete(t, log, from, a, 4200)
	wantComplete(t, log, from, b, 2100)
}

func TestWritePricesCancelled(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 10)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := writer.Finish(ctx)
	wantError(t, err, context.Canceled)
	if _, err := log.WritePrices(ctx, fetch); err == nil {
		t.Fatal("no error")
	}
}

func TestWritePricesWithoutServer(t *testing.T) {
	t.Parallel()
	nc, stop := start(t, t.TempDir())
	log := open(t, nc, jetstream.Config{})
	fetch := newFetchID(t)
	writer := write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 10)
	stop()
	_, err := log.WritePrices(t.Context(), fetch)
	wantError(t, err, events.ErrUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, _, err = writer.Finish(ctx)
	wantError(t, err, context.DeadlineExceeded)
}
