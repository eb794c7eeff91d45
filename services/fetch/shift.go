package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

const (
	// heartbeat keeps requests ours; the queue waits three times as long before it hands one out again.
	heartbeat = 10 * time.Second
	// maxHeld bounds the requests of a partition that a process holds, running or waiting behind others of their source.
	// While one source has as many waiting, others of its partition wait as well; other partitions do not.
	maxHeld = 256
)

// shift is the work on one partition from when it is taken until it is lost. Requests of one source are done one at a time,
// in the order of the queue: what a list says must reach the log before what a later one says.
type shift struct {
	*Fetcher
	end  context.CancelCauseFunc
	held chan struct{} // a slot for each request held
	done chan toSee    // what is to become visible

	mu      sync.Mutex
	lanes   map[string][]events.WorkItem // by source: the requests waiting; an entry while its lane runs
	inHand  map[string]events.WorkItem   // by key: all requests held
	working sync.WaitGroup
}

func newShift(f *Fetcher) *shift {
	return &shift{
		Fetcher: f, held: make(chan struct{}, maxHeld), done: make(chan toSee, maxToSee),
		lanes: map[string][]events.WorkItem{}, inHand: map[string]events.WorkItem{},
	}
}

// run works until the context ends or the partition is lost, and returns why when all work has stopped.
func (s *shift) run(ctx context.Context, queue events.RequestQueue) error {
	ctx, s.end = context.WithCancelCause(ctx)
	defer s.working.Wait()
	defer s.end(nil)
	s.working.Go(func() { s.keep(ctx) })
	s.working.Go(func() { s.noteVisible(ctx) })
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s.held <- struct{}{}:
		}
		item, err := queue.Dequeue(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		}
		s.enlist(ctx, item)
	}
}

// enlist puts a request into the lane of its source, and starts the lane if it stands. A request that is in hand already
// was handed out again because the queue did not hear of it for a while.
func (s *shift) enlist(ctx context.Context, item events.WorkItem) {
	key, source := events.QueueKey(item.Request()), item.Request().GetSource()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.inHand[key]; again {
		<-s.held
		return
	}
	waiting, runs := s.lanes[source]
	s.lanes[source], s.inHand[key] = append(waiting, item), item
	if !runs {
		s.working.Go(func() { s.runLane(ctx, source) })
	}
}

// runLane does the requests of a source until none is waiting.
func (s *shift) runLane(ctx context.Context, source string) {
	for {
		item := s.next(ctx, source)
		if item == nil {
			return
		}
		s.doInTurn(ctx, item)
		s.mu.Lock()
		delete(s.inHand, events.QueueKey(item.Request()))
		s.mu.Unlock()
		<-s.held
	}
}

// doInTurn does a request when its host and this process have a slot for it. It waits for the host first: a slot of the
// process is taken from lists of all hosts.
func (s *shift) doInTurn(ctx context.Context, item events.WorkItem) {
	leave, err := s.downloader.hosts.enter(ctx, item.Request().GetUrl())
	if err != nil {
		return
	}
	defer leave()
	select {
	case <-ctx.Done():
	case s.running <- struct{}{}:
		s.doUntilDone(ctx, item)
		<-s.running
	}
}

// next returns the first request waiting in a lane; nil ends the lane.
func (s *shift) next(ctx context.Context, source string) events.WorkItem {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.lanes[source]
	if len(waiting) == 0 || ctx.Err() != nil {
		delete(s.lanes, source)
		return nil
	}
	s.lanes[source] = waiting[1:]
	return waiting[0]
}

// keep says of the requests in hand that they are being worked on, until the context ends.
func (s *shift) keep(ctx context.Context) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, item := range s.allInHand() {
			err := item.Keep(ctx)
			if errors.Is(err, events.ErrTaken) {
				s.end(err)
			}
			if err != nil {
				break // the next round may get through; if none does, the queue hands the requests out again
			}
		}
	}
}

func (s *shift) allInHand() []events.WorkItem {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]events.WorkItem, 0, len(s.inHand))
	for _, item := range s.inHand {
		all = append(all, item)
	}
	return all
}

// doUntilDone does a request. While the log fails it tries again: the request is not to blame.
func (s *shift) doUntilDone(ctx context.Context, item events.WorkItem) {
	id, err := uuid.Parse(item.Request().GetId())
	if err != nil {
		s.logger.ErrorContext(ctx, "request without a valid id", slog.String(logFetch, item.Request().GetId()))
		return
	}
	ctx, end := s.observer.Begin(ctx, item.Request(), item.Origin())
	defer func() { end(err) }()
	logger := s.logger.With(slog.String(logFetch, id.String()))
	ours := &hold{stillOurs: item.Keep}
	for ctx.Err() == nil {
		err = s.do(ctx, id, item, ours)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case errors.Is(err, events.ErrTaken):
			s.end(err)
		case errors.Is(err, events.ErrMalformed), errors.Is(err, errSuperseded):
			// Without a sign of life the request is handed out again: to whoever works on it, or to a newer version that
			// can read what it wrote.
			logger.ErrorContext(ctx, "fetch left alone", slog.Any(logError, err))
			return
		case errors.Is(err, events.ErrConflict):
			pause(ctx, conflictPause) // it was cancelled, as a rule: the log tells
		default:
			logger.ErrorContext(ctx, "fetch interrupted", slog.Any(logError, err), slog.Duration(logRetryIn, retryPause))
			pause(ctx, retryPause)
		}
	}
}

func (s *shift) do(ctx context.Context, id events.FetchID, item events.WorkItem, ours *hold) error {
	if err := s.finish(ctx, id, item.Request(), ours); err != nil {
		return err
	}
	if err := s.spool.remove(id); err != nil {
		return err
	}
	if err := item.Done(ctx); err != nil {
		return fmt.Errorf("confirm fetch: %w", err)
	}
	select {
	case s.done <- toSee{ctx, id}:
	default: // the views are far behind, and the receipts of some fetches will not say when they were visible
	}
	return nil
}
