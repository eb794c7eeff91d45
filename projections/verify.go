package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
)

// productsPerPass is how many products a pass over the log keeps in memory, about 300 bytes each.
const productsPerPass = 500_000

// reportInterval is how often long work tells how far it is.
const reportInterval = 500 * time.Millisecond

// Stage is what a rebuild or a verification is doing.
type Stage int

// The stages, in their order.
const (
	StageFilling    Stage = iota // folding the log and inserting what it gives
	StageCatchingUp              // taking in what was logged meanwhile
	StageWaiting                 // for the live views to get as far
	StageComparing               // with the live views, and building the indexes for lists
	StageIndexing                // building what is left of the indexes
	StageSwitched                // the other generation is live
	StageVerified                // compared, and nothing else to do
)

// Progress is how far long work has come.
type Progress struct {
	Stage      Stage
	Generation int64       // that is worked on
	Done       int64       // messages or products of this stage
	Total      int64       // of them, 0 where that cannot be told
	Comparison *Comparison // once there is one
}

// Auditor checks the live views against the log, and mends them.
type Auditor struct {
	source events.Source
	shards int
	live   LiveViews
}

// NewAuditor returns the auditor of the views of a log of so many shards.
func NewAuditor(source events.Source, shards int, live LiveViews) *Auditor {
	return &Auditor{source: source, shards: shards, live: live}
}

// Verify folds the log afresh, in passes that each keep a bounded number of products in memory, and compares what it gives
// with the live views. It reads only, and may run while they are being written. It blocks until all is compared; report is
// called now and then, from this goroutine.
func (a *Auditor) Verify(ctx context.Context, report func(Progress) error) (Comparison, error) {
	views, err := a.live.Live(ctx)
	if err != nil {
		return Comparison{}, err
	}
	end, err := endOf(ctx, a.source, a.shards)
	if err != nil {
		return Comparison{}, err
	}
	progress := Progress{Stage: StageWaiting, Generation: views.Generation()}
	if err := awaitLive(ctx, views, end, func(done, total int64) error {
		progress.Done, progress.Total = done, total
		return report(progress)
	}); err != nil {
		return Comparison{}, err
	}
	products, err := views.CountProducts(ctx, ProductFilter{})
	if err != nil {
		return Comparison{}, err
	}
	progress = Progress{Stage: StageComparing, Generation: views.Generation()}
	r := &replayer{source: a.source}
	c := newComparer(r, a.shards, views, end)
	of := portions(products, productsPerPass)
	progress.Total = int64(of) * end.prices()
	err = reporting(ctx, func() error { progress.Done = min(r.read.Load(), progress.Total); return report(progress) },
		func(ctx context.Context) error {
			for index := range of {
				p := portion{index, of}
				products, err := c.portion(ctx, p, func(ctx context.Context) ([]*replayed, error) {
					replays, err := r.fold(ctx, a.shards, end, p, ignoreChange)
					return byID(replays), err
				})
				if err != nil {
					return err
				}
				c.result.Products += int64(products)
			}
			return nil
		})
	return c.result, err
}

// awaitLive waits until the views have taken in the price streams up to an end.
func awaitLive(ctx context.Context, views Checkpoints, end logEnd, report func(done, total int64) error) error {
	var last time.Time
	for {
		var done int64
		reached := true
		for stream, until := range end {
			if stream == events.FetchStream {
				continue
			}
			checkpoint, err := views.Checkpoint(ctx, stream)
			if err != nil {
				return fmt.Errorf("read checkpoint: %w", err)
			}
			done += int64(min(checkpoint.Sequence, until))
			reached = reached && checkpoint.Sequence >= until
		}
		if reached {
			return nil
		}
		if time.Since(last) >= reportInterval {
			if err := report(done, end.prices()); err != nil {
				return err
			}
			last = time.Now()
		}
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// reporting does something, and reports from this goroutine meanwhile. A report that fails ends the work.
func reporting(ctx context.Context, report func() error, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	ticker := time.NewTicker(reportInterval)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C:
			if err := report(); err != nil {
				cancel()
				return errors.Join(err, ignoreCancelled(<-done))
			}
		}
	}
}

// ignoreCancelled leaves out the error of work that was told to end.
func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
