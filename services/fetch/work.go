package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

const (
	// maxStarts is how often a fetch may be begun: if the process dies over it again and again, it must end somewhere.
	maxStarts = 100

	// reportInterval is how often the figures of a running fetch are sent to whoever watches, cancelCheck how often it is
	// looked up whether the fetch was called off.
	reportInterval = 200 * time.Millisecond
	cancelCheck    = time.Second
)

// errCancelled stops the work on a fetch that was called off.
var errCancelled = errors.New("the fetch was cancelled")

// errListChanged ends a fetch whose spooled list was lost after some of it was published, and cannot be had again. While
// nothing of it is published, the list as it is now is as good.
var errListChanged = errors.New("the list changed while it was being published, and the first version of it was lost")

// errTooManyStarts ends a fetch over which the process dies again and again.
var errTooManyStarts = fmt.Errorf("given up after %d starts: the process ended in the middle of each", maxStarts)

// work is one attempt to finish a fetch.
type work struct {
	*Fetcher
	id      events.FetchID
	request *atlantv1.FetchRequested
	hold    *hold
	view    projections.FetchView // as the log has it; only append changes it
	writer  events.PriceWriter
	held    *atlantv1.FetchHeld // the list was held, and was approved; nil: it was not

	recentFetches []*atlantv1.Fetch // see recent; nil: not asked for yet

	last       *publishedList           // nil: the list is read whatever it is
	validators *atlantv1.ListValidators // of the list, where it was downloaded by this process

	bytes, published atomic.Int64 // for whoever watches
}

// finish brings a fetch to its end, from wherever an earlier attempt left it. An error means that the end was not reached;
// errSuperseded that it is not ours to reach.
func (f *Fetcher) finish(ctx context.Context, id events.FetchID, requested *atlantv1.FetchRequested, h *hold) error {
	// The writer comes before the look at who works on the fetch: whoever comes after us can fence it, see hold.
	writer, err := f.log.WritePrices(ctx, id)
	if err != nil {
		return err
	}
	recorded, err := f.requested(ctx, id, requested)
	if err != nil {
		return err
	}
	view := foldAll(recorded)
	switch state := view.Fetch.GetState(); {
	case projections.Ended(state) && requested.GetApproved():
		return f.log.HeldLists().DeleteList(ctx, id.String())
	case projections.Ended(state), state == atlantv1.FetchState_FETCH_STATE_HELD && !requested.GetApproved():
		return nil
	}
	if err := h.look(recorded); err != nil {
		return err
	}
	w := &work{Fetcher: f, id: id, request: requested, hold: h, view: *view, writer: writer, held: held(recorded)}
	w.validators = w.held.GetParsed().GetValidators() // a list that was held is not downloaded again
	before := parsed(recorded)
	if !h.started && before == nil && starts(recorded) >= maxStarts {
		return w.fail(ctx, errTooManyStarts, nil)
	}
	if view.Fetch.GetState() == atlantv1.FetchState_FETCH_STATE_HELD { // the process died that approved it
		if err := w.append(ctx, approvedEvent()); err != nil {
			return err
		}
	}
	if err := h.begin(ctx, w); err != nil {
		return err
	}
	if err := w.watched(ctx, before); err != nil {
		return err
	}
	return w.tidyHeld(ctx)
}

// requested returns the events of a fetch, of which the first says that it was requested: that one is written here if the
// process died that took the request.
func (f *Fetcher) requested(
	ctx context.Context, id events.FetchID, requested *atlantv1.FetchRequested,
) ([]events.RecordedFetchEvent, error) {
	recorded, err := f.log.FetchEvents(ctx, id)
	if err != nil || len(recorded) > 0 {
		return recorded, err
	}
	if _, err := request(ctx, f.log, id, requested); err != nil {
		return nil, err
	}
	recorded, err = f.log.FetchEvents(ctx, id)
	if err == nil && len(recorded) == 0 {
		err = fmt.Errorf("read fetch %s: %w", id, events.ErrUnavailable)
	}
	return recorded, err
}

func starts(recorded []events.RecordedFetchEvent) int {
	n := 0
	for _, r := range recorded {
		if r.Event.GetStarted() != nil {
			n++
		}
	}
	return n
}

// watched runs the work, sends its figures to whoever watches, and ends it when the fetch is called off.
func (w *work) watched(ctx context.Context, before *atlantv1.FetchParsed) error {
	ctx, cancel := context.WithCancelCause(ctx)
	stopped, shown := make(chan struct{}), proto.CloneOf(w.view.Fetch)
	go func() {
		defer close(stopped)
		w.report(ctx, cancel, shown)
	}()
	err := w.run(ctx, before)
	if errors.Is(context.Cause(ctx), errCancelled) {
		err = nil // it is in the log, as the end of the fetch
	}
	cancel(nil)
	<-stopped
	_ = w.log.Report(w.view.Fetch) // so that whoever watches looks at once
	return err
}

// run downloads, reads and publishes, unless all that there is to publish is in the log. What is wrong with the list, or with
// the disk that it is kept on, ends the fetch; what is wrong with the log is returned.
func (w *work) run(ctx context.Context, before *atlantv1.FetchParsed) error {
	if before == nil { // otherwise some of it may be published, and the rest must follow
		w.last = w.lastPublished(ctx)
	}
	file, err := w.list(ctx)
	if errors.Is(err, errNotModified) {
		return w.endNotModified(ctx)
	}
	if isFinal(err) && ctx.Err() == nil {
		return w.failPublishing(ctx, err, before)
	}
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	l, err := w.toRead(file, before)
	if err != nil {
		if ctx.Err() == nil {
			return w.failPublishing(ctx, err, before)
		}
		return fmt.Errorf("read list: %w", err)
	}
	if w.isPublished(l) {
		return w.endNotModified(ctx)
	}
	return w.readAndPublish(ctx, l, before)
}

// readAndPublish reads a list and publishes it; before is what an earlier attempt found, nil if none came so far.
func (w *work) readAndPublish(ctx context.Context, l *toRead, before *atlantv1.FetchParsed) error {
	reading, err := w.read(ctx, l)
	defer func() { _ = reading.close() }() // what it leaves is removed with the list
	if isUnreadable(err) {
		return w.fail(ctx, err, reading)
	}
	if isFinal(err) && ctx.Err() == nil {
		return w.failPublishing(ctx, err, before)
	}
	if err != nil {
		return fmt.Errorf("read list: %w", err)
	}
	if before != nil && bytes.Equal(before.GetSha256(), reading.sha256) {
		return w.publish(ctx, reading)
	}
	if before != nil {
		if err := w.writer.Fence(ctx); err != nil {
			return err
		}
		if w.writer.Published() > 0 {
			return w.endWithoutList(ctx, errListChanged, before)
		}
	}
	parsed := reading.parsed()
	parsed.Validators, parsed.ReadBy = w.validators, w.version
	if comparison := w.implausible(ctx, parsed); comparison != nil {
		return w.holdBack(ctx, l, reading, &atlantv1.FetchHeld{Parsed: parsed, Comparison: comparison})
	}
	if err := w.append(ctx, &atlantv1.FetchEvent{Event: &atlantv1.FetchEvent_Parsed{Parsed: parsed}}); err != nil {
		return err
	}
	return w.publish(ctx, reading)
}

func (w *work) read(ctx context.Context, l *toRead) (*reading, error) {
	ctx, end := w.observer.Stage(ctx, StageRead, time.Now())
	reading, err := read(ctx, l)
	end(err)
	return reading, err
}

// list returns the list from the spool, downloading it if it is not there.
func (w *work) list(ctx context.Context) (*os.File, error) {
	file, err := w.spool.open(w.id)
	if err == nil {
		return file, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, spoolError{err}
	}
	ctx, end := w.observer.Stage(ctx, StageDownload, time.Now())
	file, err = w.spool.write(w.id, func(to *part) error {
		if w.held != nil {
			return w.takeHeld(ctx, to)
		}
		return w.download(ctx, to)
	})
	if errors.Is(err, errNotModified) {
		end(nil)
	} else {
		end(err)
	}
	return file, err
}

// isFinal tells whether the list cannot be had, be it the server's fault or that of this machine's disk.
func isFinal(err error) bool {
	_, download := errors.AsType[*downloadError](err)
	_, disk := errors.AsType[spoolError](err)
	return download || disk
}

func isTransient(err error) bool {
	failed, ok := errors.AsType[*downloadError](err)
	return ok && failed.transient
}

// isUnreadable tells whether the list was had, but says nothing that could be published.
func isUnreadable(err error) bool {
	_, noText := errors.AsType[*listtext.UnreadableError](err)
	_, noList := errors.AsType[*pricelist.UnreadableError](err)
	return noText || noList || errors.Is(err, errNothingReadable) || errors.Is(err, errTooManyRows) || errors.Is(err, errTooManyDays)
}

// append adds events to the fetch, if nobody else did meanwhile: all of them or none.
func (w *work) append(ctx context.Context, all ...*atlantv1.FetchEvent) error {
	now := timestamppb.Now()
	for _, event := range all {
		event.At = now
	}
	last, err := w.log.AppendFetchEvents(ctx, w.id, w.view.Sequence, all...)
	if err != nil {
		return err
	}
	w.hold.end = last
	for i, event := range all { // a batch has consecutive sequences
		w.view, _ = projections.FoldFetch(&w.view, last-uint64(len(all)-1-i), event)
	}
	if state := w.view.Fetch.GetState(); projections.Ended(state) || state == atlantv1.FetchState_FETCH_STATE_HELD {
		w.observer.Ended(w.view.Fetch)
	}
	return nil
}

// report sends the figures to whoever watches until the context ends, and cancels the work if the fetch is called off.
func (w *work) report(ctx context.Context, cancel context.CancelCauseFunc, shown *atlantv1.Fetch) {
	reports, checks := time.NewTicker(reportInterval), time.NewTicker(cancelCheck)
	defer reports.Stop()
	defer checks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-reports.C:
		case <-checks.C:
			now, err := w.shown(ctx)
			if err != nil {
				continue // the views may be behind or away; the log decides in the end
			}
			if now.GetState() == atlantv1.FetchState_FETCH_STATE_CANCELLED {
				cancel(errCancelled)
				return
			}
			shown = now
		}
		shown = proto.CloneOf(shown)
		shown.State = atlantv1.FetchState_FETCH_STATE_RUNNING
		shown.Bytes = max(shown.GetBytes(), w.bytes.Load())
		shown.Published = max(shown.GetPublished(), w.published.Load())
		_ = w.log.Report(shown) // a report may get lost
	}
}

// shown returns the fetch as the views have it.
func (w *work) shown(ctx context.Context) (*atlantv1.Fetch, error) {
	views, err := w.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	return views.GetFetch(ctx, w.id)
}
