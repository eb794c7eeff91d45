package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// wait follows a fetch until what it brought can be read.
type wait struct {
	console  *console
	api      *clients
	json     bool
	approved bool      // the views may show for a moment yet that it is held
	asked    time.Time // when the fetch was asked for, on this machine's clock
	progress *progress
}

// run prints the receipt of the fetch; its error says that the fetch failed, or why that is not known.
func (w *wait) run(ctx context.Context, fetch *atlantv1.Fetch) error {
	fetch, err := w.untilEnded(ctx, fetch)
	if err != nil {
		return err
	}
	if err := w.print(fetch); err != nil {
		return err
	}
	if fetch.GetPosition() != "" {
		if err := w.untilVisible(ctx, fetch.GetPosition()); err != nil {
			return err
		}
	}
	if !w.json {
		printFirstRejects(ctx, w.console, w.api, fetch)
	}
	return outcome(fetch)
}

// outcome returns the error of a fetch that brought nothing.
func outcome(fetch *atlantv1.Fetch) error {
	switch fetch.GetState() {
	case atlantv1.FetchState_FETCH_STATE_FAILED:
		return failed("", "fetch %s failed: %s", fetch.GetId(), fetch.GetError())
	case atlantv1.FetchState_FETCH_STATE_HELD:
		return failed(fmt.Sprintf("`atlant approve %s` publishes it, `atlant discard %[1]s` does not; the next fetch of it takes its place",
			fetch.GetId()), "fetch %s is held: nothing of its list is published until somebody has looked at it", fetch.GetId())
	case atlantv1.FetchState_FETCH_STATE_DISCARDED:
		return failed("", "fetch %s was discarded", fetch.GetId())
	case atlantv1.FetchState_FETCH_STATE_CANCELLED:
		return failed("", "fetch %s was cancelled", fetch.GetId())
	default:
		return nil
	}
}

func (w *wait) print(fetch *atlantv1.Fetch) error {
	if w.json {
		return printJSON(w.console, fetch)
	}
	return printReceipt(w.console, fetch)
}

// untilEnded watches the fetch; when the stream breaks, say because the server starts again, it asks for another.
func (w *wait) untilEnded(ctx context.Context, fetch *atlantv1.Fetch) (*atlantv1.Fetch, error) {
	w.progress = newProgress(w.console, fetch)
	defer w.progress.done()
	var pause backoff
	for {
		ended, err := w.follow(ctx, fetch.GetId(), &pause)
		switch {
		case err == nil:
			return ended, nil
		case ctx.Err() == nil && !transient(err):
			return nil, err
		}
		if ctx.Err() == nil {
			w.progress.say("connection lost, trying again")
		}
		if err := pause.sleep(ctx); err != nil {
			return nil, timedOut(err, "fetch %s has not ended yet; it goes on", fetch.GetId())
		}
	}
}

var errStreamEnded = errors.New("the stream ended too early")

// follow returns the fetch when it has ended, or why the stream did.
func (w *wait) follow(ctx context.Context, id string, pause *backoff) (*atlantv1.Fetch, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // frees the stream; closing it would wait for the server
	stream, err := w.api.fetch.WatchFetch(ctx, connect.NewRequest(&atlantv1.WatchFetchRequest{Id: id}))
	if err != nil {
		return nil, err
	}
	for stream.Receive() {
		pause.reset()
		fetch := stream.Msg().GetFetch()
		if projections.Ended(fetch.GetState()) || !w.approved && projections.AtRest(fetch.GetState()) {
			return fetch, nil
		}
		w.progress.show(fetch)
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return nil, errStreamEnded
}

// untilVisible waits until the views hold what the fetch wrote.
func (w *wait) untilVisible(ctx context.Context, position string) error {
	var pause backoff
	for {
		_, err := w.api.product.List(ctx, connect.NewRequest(&atlantv1.ListRequest{PageSize: 1, Position: position}))
		switch {
		case err == nil && w.json:
			return nil
		case err == nil:
			_, err := fmt.Fprintf(w.console.out, "visible after %s\n", formatDuration(time.Since(w.asked)))
			return err
		case ctx.Err() == nil && !transient(err):
			return err
		}
		if err := pause.sleep(ctx); err != nil {
			return timedOut(err, "the prices are in the log, but the views do not show them yet")
		}
	}
}

// timedOut says what --timeout cut off; an interrupt it leaves as it is.
func timedOut(err error, format string, args ...any) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return failed("see `atlant fetches` and `atlant status`, or wait longer with --timeout", format, args...)
}

// backoff makes pauses that double, with some chance in them so that clients do not come back all at once.
type backoff struct{ last time.Duration }

func (b *backoff) reset() { b.last = 0 }

// sleep returns the context's error when that ends first.
func (b *backoff) sleep(ctx context.Context) error {
	b.last = min(max(firstPause, 2*b.last), longestPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(b.last/2 + rand.N(b.last/2)):
		return nil
	}
}
