package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// waitForEnd waits until the first shard holds so many messages.
func waitForEnd(t tester, log events.Source, want uint64) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		got, err := log.LastSequence(t.Context(), events.PriceStream(0))
		wantNoError(t, err)
		if got == want {
			return
		}
		if got > want || time.Now().After(deadline) {
			t.Fatalf("the log is at %d, not %d", got, want)
		}
	}
}

// A writer stops after k lines, as one whose process was killed does, and another one writes the whole list.
func TestWriterTakesOver(t *testing.T) {
	t.Parallel()
	const lines = 2*batchRows + 500
	for _, k := range []int64{0, 1, batchRows - 1, batchRows, batchRows + 1, 2*batchRows - 1, 2 * batchRows, 2*batchRows + 1, lines} {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			t.Parallel()
			log, _ := newLog(t, 1)
			from, fetch := end(t, log), newFetchID(t)
			abandoned := write(t, log, fetch)
			mustAdd(t, abandoned, fetch, 1, k)
			batches := k / batchRows
			waitForEnd(t, log, from[0]+uint64(batchMessages*batches))

			writer := write(t, log, fetch)
			if writer.Published() != batchRows*batches {
				t.Fatalf("goes on at %d, want %d", writer.Published(), batchRows*batches)
			}
			mustAdd(t, writer, fetch, 1, lines)
			wantPosition(t, mustFinish(t, writer, lines), wantComplete(t, log, from, fetch, lines))
		})
	}
}

// Whenever a writer dies, even while a batch of it is on its way, and however often that happens.
func TestWritersTakeOver(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("shards=%d", shards), func(t *testing.T) {
			t.Parallel()
			log, _ := newLog(t, shards)
			rapid.Check(t, func(r *rapid.T) {
				from, fetch := end(r, log), newFetchID(r)
				lines := rapid.Int64Range(0, 2*batchRows+200).Draw(r, "lines")
				for range rapid.IntRange(1, 3).Draw(r, "deaths") {
					dies(r, log, fetch, lines)
				}
				position := writeAll(r, log, fetch, lines)
				wantPosition(r, position, wantComplete(r, log, from, fetch, lines))
			})
		})
	}
}

// writeAll writes a whole fetch as a fetcher does: from where the log is, and anew when a batch of an earlier writer that
// was still on its way comes between.
func writeAll(t *rapid.T, log events.PriceLog, fetch events.FetchID, lines int64) events.LogPosition {
	for {
		writer := write(t, log, fetch)
		err := add(t.Context(), writer, fetch, 1, lines)
		if err == nil {
			var published int64
			var position events.LogPosition
			if published, position, err = writer.Finish(t.Context()); err == nil {
				if published != lines {
					t.Fatalf("%d published, want %d", published, lines)
				}
				return position
			}
		}
		wantError(t, err, events.ErrConflict)
	}
}

// dies writes a part of a fetch; what is under way is cut off or goes on behind our back.
func dies(t *rapid.T, log events.PriceLog, fetch events.FetchID, lines int64) {
	ctx, cancel := context.WithCancel(t.Context())
	if rapid.Bool().Draw(t, "cut off") {
		defer cancel()
	} else {
		t.Cleanup(cancel)
	}
	writer, err := log.WritePrices(ctx, fetch)
	wantNoError(t, err)
	err = add(ctx, writer, fetch, 1, rapid.Int64Range(0, lines).Draw(t, "k"))
	if !errors.Is(err, events.ErrConflict) { // a batch of one that died before may be on its way still
		wantNoError(t, err)
	}
}

// Two writers at work on one fetch: each row gets in once, whoever writes it, and who is behind gives up.
func TestTwinWriters(t *testing.T) {
	t.Parallel()
	const lines = 3*batchRows + 500
	log, _ := newLog(t, 1)
	rapid.Check(t, func(r *rapid.T) {
		from, fetch := end(r, log), newFetchID(r)
		writers := []events.PriceWriter{write(r, log, fetch), write(r, log, fetch)}
		next := []int64{1, 1}
		for range rapid.IntRange(2, 10).Draw(r, "turns") {
			i := rapid.IntRange(0, 1).Draw(r, "whose")
			until := min(lines, next[i]+rapid.Int64Range(1, 3*batchRows/2).Draw(r, "lines"))
			if writers[i] == nil {
				continue
			}
			if err := add(r.Context(), writers[i], fetch, next[i], until); err != nil {
				wantError(r, err, events.ErrConflict)
				writers[i] = nil
			}
			next[i] = until + 1
		}
		for i, writer := range writers {
			if writer == nil {
				continue
			}
			if err := add(r.Context(), writer, fetch, next[i], lines); err != nil {
				wantError(r, err, events.ErrConflict)
				continue
			}
			published, position, err := writer.Finish(r.Context())
			if errors.Is(err, events.ErrConflict) {
				continue
			}
			wantNoError(r, err)
			if published != lines {
				r.Fatalf("%d published", published)
			}
			wantPosition(r, position, wantComplete(r, log, from, fetch, lines))
		}
		position := writeAll(r, log, fetch, lines)
		wantPosition(r, position, wantComplete(r, log, from, fetch, lines))
	})
}

func TestZombieBehind(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	from, fetch := end(t, log), newFetchID(t)
	zombie, writer := write(t, log, fetch), write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 2*batchRows)
	waitForEnd(t, log, 2*batchMessages)
	mustAdd(t, zombie, fetch, 1, batchRows) // commits behind the caller's back
	_, _, err := zombie.Finish(t.Context())
	wantError(t, err, events.ErrConflict)
	waitForEnd(t, log, 2*batchMessages)
	mustAdd(t, writer, fetch, 2*batchRows+1, 2*batchRows+500)
	wantPosition(t, mustFinish(t, writer, 2*batchRows+500), wantComplete(t, log, from, fetch, 2*batchRows+500))
}

// A zombie that has read another list, so that its batches are others.
func TestZombieWithAnotherList(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	from, fetch := end(t, log), newFetchID(t)
	zombie, writer := write(t, log, fetch), write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, batchRows)
	waitForEnd(t, log, batchMessages)
	mustAdd(t, zombie, fetch, 1, 500)
	_, _, err := zombie.Finish(t.Context())
	wantError(t, err, events.ErrConflict)
	waitForEnd(t, log, batchMessages)
	mustAdd(t, writer, fetch, batchRows+1, batchRows+200)
	wantPosition(t, mustFinish(t, writer, batchRows+200), wantComplete(t, log, from, fetch, batchRows+200))
}

// A zombie that has read another list of as many rows: its batches count the same lines as those in the log, and are refused
// all the same.
func TestZombieWithALikeList(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	from, fetch := end(t, log), newFetchID(t)
	zombie, writer := write(t, log, fetch), write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, batchRows)
	waitForEnd(t, log, batchMessages)
	wantError(t, add(t.Context(), zombie, fetch, 1, 3*batchRows), events.ErrConflict)
	waitForEnd(t, log, batchMessages)
	mustAdd(t, writer, fetch, batchRows+1, 2*batchRows+500)
	wantPosition(t, mustFinish(t, writer, 2*batchRows+500), wantComplete(t, log, from, fetch, 2*batchRows+500))
}

// What has failed stays failed: asking again must not make it a success.
func TestFinishAfterConflict(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 1)
	fetch := newFetchID(t)
	zombie, writer := write(t, log, fetch), write(t, log, fetch)
	mustAdd(t, writer, fetch, 1, 300)
	mustFinish(t, writer, 300)
	mustAdd(t, zombie, fetch, 1, 200)
	for range 2 {
		_, _, err := zombie.Finish(t.Context())
		wantError(t, err, events.ErrConflict)
	}
	wantError(t, add(t.Context(), zombie, fetch, 201, 3*batchRows), events.ErrConflict)
	waitForEnd(t, log, 3)
}

// A fence shuts out whoever opened a writer before it, also where nothing is published yet; who opened it goes on.
func TestFence(t *testing.T) {
	t.Parallel()
	const lines = 3 * batchRows
	for _, k := range []int64{0, 5 * batchRows / 2} {
		log, _ := newLog(t, 2)
		from, fetch := end(t, log), newFetchID(t)
		zombie := write(t, log, fetch)
		mustAdd(t, zombie, fetch, 1, k)
		if k > 0 {
			awaitPast(t, log, 0)
		}
		writer := write(t, log, fetch)
		wantNoError(t, writer.Fence(t.Context()))
		if got := writer.Published(); (got > 0) != (k > 0) {
			t.Fatalf("%d published", got)
		}
		zombieErr := add(t.Context(), zombie, fetch, k+1, lines)
		if zombieErr == nil {
			_, _, zombieErr = zombie.Finish(t.Context())
		}
		wantError(t, zombieErr, events.ErrConflict)
		wantNoError(t, writer.Fence(t.Context())) // no harm in another one
		mustAdd(t, writer, fetch, 1, lines)
		wantPosition(t, mustFinish(t, writer, lines), wantComplete(t, log, from, fetch, lines))
	}
}

// Whoever fences at the same time as the other one publishes knows what it published.
func TestFenceWhilePublishing(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t, 2)
	for range 3 {
		from, fetch := end(t, log), newFetchID(t)
		zombie, ended := write(t, log, fetch), make(chan error, 1)
		go func() { ended <- add(t.Context(), zombie, fetch, 1, 20*batchRows) }()
		awaitPast(t, log, from[0]+2*batchMessages)
		writer := write(t, log, fetch)
		wantNoError(t, writer.Fence(t.Context()))
		fenced := writer.Published()
		if err := <-ended; err != nil {
			wantError(t, err, events.ErrConflict)
		}
		if now := write(t, log, fetch).Published(); now != fenced {
			t.Errorf("%d published behind the fence, %d before it", now, fenced)
		}
	}
}
