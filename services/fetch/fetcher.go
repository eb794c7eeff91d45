package fetch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

const (
	// heartbeat keeps a request ours; the queue waits three times as long before it gives it to somebody else.
	heartbeat = 10 * time.Second
	// maxHeld bounds the requests that this process holds, running or waiting behind others of their source. While one
	// source has as many waiting, the others wait as well.
	maxHeld = 1000
	// retryPause is how long a request waits when the log failed, conflictPause when somebody else wrote to its fetch.
	retryPause    = 2 * time.Second
	conflictPause = 50 * time.Millisecond
)

// Config says how a Fetcher works.
type Config struct {
	SpoolDir     string           // where lists are kept until they are published
	Concurrency  int              // how many lists are worked on at once; 0 means 2
	MaxListBytes int64            // of a decoded list; 0 means DefaultMaxListBytes
	AllowPrivate bool             // also fetch from addresses that are not public
	Except       []netip.AddrPort // addresses that are fetched from even if they are not public
	UserAgent    string
}

// Fetcher takes requests from the queue and does them. Those of one source are done one at a time, in the order of the
// queue: what a list says must reach the log before what a later one says.
type Fetcher struct {
	log        Log
	live       projections.LiveViews
	logger     *slog.Logger
	spool      spool
	downloader *downloader
	running    chan struct{} // a slot for each list that is worked on
	held       chan struct{} // a slot for each request held

	mu    sync.Mutex
	lanes map[string][]laneItem // by source: the requests waiting; an entry while its lane runs
	done  sync.WaitGroup
}

// NewFetcher returns a fetcher; its spool folder is made if it is missing.
func NewFetcher(log Log, live projections.LiveViews, config Config, logger *slog.Logger) (*Fetcher, error) {
	spool, err := newSpool(config.SpoolDir)
	if err != nil {
		return nil, err
	}
	if config.Concurrency == 0 {
		config.Concurrency = 2
	}
	if config.MaxListBytes == 0 {
		config.MaxListBytes = DefaultMaxListBytes
	}
	guard := newGuard(config.AllowPrivate, config.Except...)
	return &Fetcher{
		log: log, live: live, logger: logger, spool: spool,
		downloader: newDownloader(guard, config.MaxListBytes, config.UserAgent),
		running:    make(chan struct{}, config.Concurrency), held: make(chan struct{}, maxHeld),
		lanes: map[string][]laneItem{},
	}, nil
}

// Run works until the context ends, and returns when all work has stopped. What is not done by then is on the queue still.
func (f *Fetcher) Run(ctx context.Context) {
	defer f.done.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case f.held <- struct{}{}:
		}
		item, err := f.log.Dequeue(ctx)
		if err != nil {
			<-f.held
			if ctx.Err() != nil {
				return
			}
			f.logger.Error("no requests from the queue", slog.Any(logError, err))
			pause(ctx, retryPause)
			continue
		}
		f.enlist(ctx, item)
	}
}

// enlist puts a request into the lane of its source, and starts the lane if it stands.
func (f *Fetcher) enlist(ctx context.Context, item events.WorkItem) {
	source := item.Request().GetSource()
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting, runs := f.lanes[source]
	keeping, stop := context.WithCancel(ctx)
	f.lanes[source] = append(waiting, laneItem{WorkItem: item, stopKeeping: stop})
	f.done.Go(func() { keep(keeping, item) })
	if !runs {
		f.done.Go(func() { f.runLane(ctx, source) })
	}
}

// runLane does the requests of a source until none is waiting.
func (f *Fetcher) runLane(ctx context.Context, source string) {
	for {
		f.mu.Lock()
		waiting := f.lanes[source]
		if len(waiting) == 0 || ctx.Err() != nil {
			delete(f.lanes, source)
			f.mu.Unlock()
			return
		}
		item := waiting[0]
		f.lanes[source] = waiting[1:]
		f.mu.Unlock()

		select {
		case <-ctx.Done():
		case f.running <- struct{}{}:
			f.doUntilDone(ctx, item)
			<-f.running
		}
		item.stopKeeping()
		<-f.held
	}
}

// laneItem is a request that is kept ours until it is done or given up.
type laneItem struct {
	events.WorkItem
	stopKeeping context.CancelFunc
}

// keep says that a request is being worked on, until the context ends.
func keep(ctx context.Context, item events.WorkItem) {
	ticker := time.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = item.InProgress() // the next one may get through; if none does, the queue gives it to somebody else
		}
	}
}

// doUntilDone does a request. While the log fails it tries again: the request is not to blame.
func (f *Fetcher) doUntilDone(ctx context.Context, item events.WorkItem) {
	id, err := uuid.Parse(item.Request().GetId())
	if err != nil {
		f.logger.Error("request without a valid id", slog.String(logFetch, item.Request().GetId()))
		return
	}
	logger := f.logger.With(slog.String(logFetch, id.String()))
	for first := true; ctx.Err() == nil; first = false {
		err := f.do(ctx, id, item, first)
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case errors.Is(err, events.ErrMalformed):
			// A newer version wrote it, and may come and take it: without a sign of life it is given to somebody else.
			logger.Error("fetch not understood", slog.Any(logError, err))
			return
		case errors.Is(err, events.ErrConflict):
			pause(ctx, conflictPause) // it was cancelled, as a rule: the log tells
		default:
			logger.Error("fetch interrupted", slog.Any(logError, err), slog.Duration(logRetryIn, retryPause))
			pause(ctx, retryPause)
		}
	}
}

func (f *Fetcher) do(ctx context.Context, id events.FetchID, item events.WorkItem, first bool) error {
	if err := f.finish(ctx, id, item.Request(), first); err != nil {
		return err
	}
	if err := f.spool.remove(id); err != nil {
		return err
	}
	if err := item.Done(ctx); err != nil {
		return fmt.Errorf("confirm fetch: %w", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
