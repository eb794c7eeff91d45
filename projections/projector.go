package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/atlant-log/atlant/events"
)

const (
	// While the log or the store cannot be used, the projector tries again after a pause that doubles between these.
	minBackOff = 100 * time.Millisecond
	maxBackOff = 10 * time.Second
)

// batch bounds what is folded and written at once, nearly always by its bytes. While there is a backlog batches grow large:
// every batch rewrites the pages of the indexes that it touches, so a few large ones cost far less than many small ones; 5 MiB
// are some 130,000 observations. The gap is what a lone event pays before it is visible.
var batch = events.Batch{Limit: 100_000, Bytes: 5 << 20, Gap: 10 * time.Millisecond, Wait: 100 * time.Millisecond}

// switchInterval is how often a projector looks whether another generation is live.
const switchInterval = time.Second

// errSwitched ends the projecting to a generation that is not live any more.
var errSwitched = errors.New("another generation of the views is live now")

// ErrOtherLog says that the views were made from another log: it was replaced, or restored from a copy that is older than
// they are. To go on from the checkpoint would pass over what the log holds before it.
var ErrOtherLog = errors.New("the views were made from another log than the one that is there, or it lost its end: " +
	"rebuild them, with --accept-differences")

// Projector takes one stream of the log into the live views.
type Projector struct {
	stream events.Stream
	source events.Source
	live   LiveViews
	caches *cacheBudget
	log    *slog.Logger

	observer Observer // nil: nobody is told what is applied

	mu      sync.Mutex
	rate    rateMeter
	failure error
}

// NewPriceProjector returns the projector of a shard of the price log.
func NewPriceProjector(shard int, source events.Source, live LiveViews, log *slog.Logger) *Projector {
	return newProjector(events.PriceStream(shard), source, live, log)
}

// NewFetchProjector returns the projector of the fetch events.
func NewFetchProjector(source events.Source, live LiveViews, log *slog.Logger) *Projector {
	return newProjector(events.FetchStream, source, live, log)
}

func newProjector(stream events.Stream, source events.Source, live LiveViews, log *slog.Logger) *Projector {
	return &Projector{
		stream: stream, source: source, live: live, caches: processCaches, log: log.With(slog.String(logStream, string(stream))),
	}
}

// Run projects until the context ends. Whatever fails is tried again, from the checkpoint, after a pause.
func (p *Projector) Run(ctx context.Context) {
	defer p.setFailure(nil) // it is no failure that others go on
	pause := minBackOff
	for ctx.Err() == nil {
		progressed, err := p.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if progressed || errors.Is(err, errSwitched) {
			pause = minBackOff
		}
		if errors.Is(err, errSwitched) {
			p.log.InfoContext(ctx, "projecting to another generation")
			continue
		}
		p.setFailure(err)
		p.log.ErrorContext(ctx, "projection stands still", slog.Any(logError, err), slog.Duration(logRetryIn, pause))
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, maxBackOff)
	}
}

// follow projects from the checkpoint of the live views on, until something fails or other views are live; it tells whether
// any batch got through.
func (p *Projector) follow(ctx context.Context) (progressed bool, err error) {
	views, err := p.live.Live(ctx)
	if err != nil {
		return false, fmt.Errorf("look up the live views: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watching sync.WaitGroup
	watching.Go(func() { p.watchSwitch(ctx, cancel, views.Generation()) })
	defer watching.Wait()
	defer cancel(nil)
	progressed, err = p.followViews(ctx, views)
	if cause := context.Cause(ctx); errors.Is(cause, errSwitched) {
		err = cause
	}
	return progressed, err
}

// watchSwitch cancels once another generation is live.
func (p *Projector) watchSwitch(ctx context.Context, cancel context.CancelCauseFunc, generation int64) {
	ticker := time.NewTicker(switchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		// While that cannot be told, neither can anything be written; the next look may tell.
		if now, err := p.live.Live(ctx); err == nil && now.Generation() != generation {
			cancel(errSwitched)
			return
		}
	}
}

// followViews projects to these views until something fails.
func (p *Projector) followViews(ctx context.Context, views Views) (progressed bool, err error) {
	checkpoint, err := views.Checkpoint(ctx, p.stream)
	if err != nil {
		return false, fmt.Errorf("read checkpoint: %w", err)
	}
	last, err := p.source.LastSequence(ctx, p.stream)
	if err != nil {
		return false, err
	}
	if err := checkLog(ctx, p.source, checkpoint, last); err != nil {
		return false, err
	}
	reader, err := p.source.Read(ctx, p.stream, checkpoint.Sequence)
	if err != nil {
		return false, err
	}
	defer reader.Close()
	if p.stream != events.FetchStream {
		if err := views.BuildIndexes(ctx); err != nil { // which a projector before this one may have deferred
			return false, err
		}
	}
	to, end, err := p.projectionTo(ctx, views, checkpoint)
	if err != nil {
		return false, err
	}
	defer end()
	if checkpoint.Sequence == last {
		p.setFailure(nil) // there is nothing to do that would show it
	}
	err = project(ctx, reader, batch, to, func(a Applied) {
		progressed = true
		p.advanced(a.Messages)
		if p.observer != nil {
			p.observer.Applied(a)
		}
	})
	return progressed, err
}

// projectionTo returns the projection to these views behind a checkpoint, and what to do when it ends.
func (p *Projector) projectionTo(ctx context.Context, views Views, checkpoint Checkpoint) (to projection, end func(), err error) {
	if p.stream == events.FetchStream {
		return &fetchProjection{views: views, park: p.park}, func() {}, nil
	}
	repair, err := repairsOf(ctx, views)
	if err != nil {
		return nil, nil, err
	}
	cache := newProductCache(p.caches, checkpoint.Sequence == 0)
	return &priceProjection{
		views: views, park: p.park, cache: cache, repair: repair, at: checkpoint.Sequence, manyNew: manyNew,
	}, cache.close, nil
}

// takeUpTo projects to these views up to a sequence, which must be that of a message or 0, and no further.
func (p *Projector) takeUpTo(ctx context.Context, views Views, until uint64) error {
	checkpoint, err := views.Checkpoint(ctx, p.stream)
	if err != nil {
		return fmt.Errorf("read checkpoint: %w", err)
	}
	if checkpoint.Sequence >= until {
		return nil
	}
	if err := checkLog(ctx, p.source, checkpoint, until); err != nil {
		return err
	}
	reader, err := p.source.Read(ctx, p.stream, checkpoint.Sequence)
	if err != nil {
		return err
	}
	defer reader.Close()
	to, end, err := p.projectionTo(ctx, views, checkpoint)
	if err != nil {
		return err
	}
	defer end()
	portion := batch
	portion.Until = until
	if err := project(ctx, reader, portion, to, func(Applied) {}); err != nil {
		return err
	}
	return to.idle(ctx)
}

// checkLog returns ErrOtherLog unless the log holds the message that the checkpoint stands on.
func checkLog(ctx context.Context, source events.Source, checkpoint Checkpoint, last uint64) error {
	if checkpoint.Sequence == 0 {
		return nil
	}
	at, err := source.TimeOf(ctx, checkpoint.Stream, checkpoint.Sequence)
	if err != nil {
		return err
	}
	if at.IsZero() || !at.Equal(checkpoint.LoggedAt) {
		return fmt.Errorf("%w (views at %d, log at %d)", ErrOtherLog, checkpoint.Sequence, last)
	}
	return nil
}

func (p *Projector) park(ctx context.Context, m events.Message, cause error) error {
	p.log.WarnContext(ctx, "event parked", slog.Uint64(logSequence, m.Sequence), slog.Any(logError, cause))
	return p.source.Park(ctx, m, cause)
}

func (p *Projector) advanced(messages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = nil
	p.rate.add(time.Now(), messages)
}

func (p *Projector) setFailure(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failure = err
}

// Stream returns the stream that the projector takes in.
func (p *Projector) Stream() events.Stream { return p.stream }

// Failure returns why the projector stands still, nil while it gets on.
func (p *Projector) Failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}
