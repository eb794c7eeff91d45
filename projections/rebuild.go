package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"time"

	"github.com/atlant-log/atlant/events"
)

// Errors of a rebuild.
var (
	// ErrDifferent: the rebuilt views are not equal to the live ones; they are kept, and nothing was switched.
	ErrDifferent = errors.New("the rebuilt views differ from the live ones")
	// ErrSuperseded: another rebuild is at work, has switched, or was told to start over.
	ErrSuperseded = errors.New("another rebuild works on the same generation of the views, or has discarded it")
	// ErrNoPrevious: there is nothing to roll back to.
	ErrNoPrevious = errors.New("no earlier generation of the views is kept")
)

// RebuildOptions say what a rebuild may do.
type RebuildOptions struct {
	AcceptDifferences bool // switch even if the rebuilt views differ from the live ones
	Restart           bool // discard what an earlier rebuild has filled
}

// Rebuilder fills generations of views beside the live one. Any number may work at once, on any machine, and be stopped in
// any place: what they write is the same. A lease around them only saves the work.
type Rebuilder struct {
	source  events.Source
	shards  int
	store   Store
	version string // of the fold: what another version has begun is not gone on with
	log     *slog.Logger
}

// NewRebuilder returns the rebuilder of the views of a log of so many shards.
func NewRebuilder(source events.Source, shards int, store Store, version string, log *slog.Logger) *Rebuilder {
	return &Rebuilder{source: source, shards: shards, store: store, version: version, log: log}
}

// Rebuild folds the whole log into a new generation of the views, or goes on with one that an earlier call has begun, while
// the live one is served; compares the two at one position of the log; and switches if they are equal. It blocks until then.
// report is called now and then, and with the comparison; its error, or the context's end, interrupts the rebuild, and
// another call goes on with it. It returns ErrDifferent, with the comparison reported, where it did not switch.
func (r *Rebuilder) Rebuild(ctx context.Context, options RebuildOptions, report func(Progress) error) error {
	record, err := r.begin(ctx, options.Restart)
	if err != nil {
		return fmt.Errorf("begin rebuild: %w", err)
	}
	views, err := r.store.Views(ctx, record.Next)
	if err != nil {
		return err
	}
	if record, err = r.fill(ctx, record, views, report); err != nil {
		return fmt.Errorf("fill generation %d: %w", record.Next, err)
	}
	end, err := r.catchUp(ctx, views, report)
	if err != nil {
		return fmt.Errorf("catch up generation %d: %w", record.Next, err)
	}
	comparison, err := r.finish(ctx, record, views, end, options.AcceptDifferences, report)
	if err != nil {
		return err
	}
	if !comparison.Equal() && !options.AcceptDifferences {
		return ErrDifferent
	}
	return r.switchTo(ctx, record, record.Next, views, &comparison, report)
}

// finish builds the indexes of the new views and compares them with the live ones, at the same time: the one writes and the
// other only reads, and neither keeps all processors busy.
func (r *Rebuilder) finish(
	ctx context.Context, record Generations, views Views, end logEnd, anyway bool, report func(Progress) error,
) (Comparison, error) {
	building, cancel := context.WithCancel(ctx)
	defer cancel()
	built := make(chan error, 1)
	go func() { built <- views.BuildIndexes(building) }()
	comparison, err := r.compare(ctx, record, views, end, anyway, report)
	if err != nil {
		cancel()
		err = fmt.Errorf("compare generation %d with %d: %w", record.Next, record.Live, err)
		return comparison, errors.Join(err, ignoreCancelled(<-built))
	}
	progress := Progress{Stage: StageIndexing, Generation: record.Next}
	return comparison, reporting(ctx, func() error { return report(progress) }, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, cancel)()
		return <-built
	})
}

// Rollback makes the generation live that was so before, after it has taken in what was logged since.
func (r *Rebuilder) Rollback(ctx context.Context, report func(Progress) error) error {
	record, err := r.store.Generations(ctx)
	if err != nil {
		return err
	}
	if record.Previous == 0 {
		return ErrNoPrevious
	}
	views, err := r.store.Views(ctx, record.Previous)
	if err != nil {
		return err
	}
	if _, err := r.catchUp(ctx, views, report); err != nil {
		return fmt.Errorf("catch up generation %d: %w", record.Previous, err)
	}
	return r.switchTo(ctx, record, record.Previous, views, nil, report)
}

// begin returns the record with a generation to fill, a new one if there is none to go on with.
func (r *Rebuilder) begin(ctx context.Context, restart bool) (Generations, error) {
	for {
		record, err := r.store.Generations(ctx)
		if err != nil {
			return record, err
		}
		if record.Next != 0 && !restart && record.Fill.Version == r.version {
			return record, nil
		}
		fill, err := r.plan(ctx)
		if err != nil {
			return record, err
		}
		next := record
		next.Last++
		next.Next, next.Fill = next.Last, fill
		next, err = r.set(ctx, record, next)
		if errors.Is(err, ErrConflict) {
			continue // somebody else has begun one; a restart begins another
		}
		if err != nil {
			return record, err
		}
		return next, r.store.DropViews(ctx, next.Live, next.Previous, next.Next)
	}
}

// plan says how a new generation is to be filled.
func (r *Rebuilder) plan(ctx context.Context) (*Fill, error) {
	live, err := r.store.Live(ctx)
	if err != nil {
		return nil, err
	}
	products, err := live.CountProducts(ctx, ProductFilter{})
	if err != nil {
		return nil, err
	}
	end, err := endOf(ctx, r.source, r.shards)
	if err != nil {
		return nil, err
	}
	delete(end, events.FetchStream) // it is short, and taken in as always
	return &Fill{Targets: end, Passes: portions(products, productsPerPass), Late: map[events.Stream]int64{}, Version: r.version}, nil
}

// set replaces the record and returns the new one.
func (r *Rebuilder) set(ctx context.Context, was, now Generations) (Generations, error) {
	if err := r.store.SetGenerations(ctx, was, now); err != nil {
		return was, err
	}
	now.Revision = was.Revision + 1
	return now, nil
}

const (
	caughtUp     = 2000 // messages: the views to be switched to are caught up when a round had no more to take in
	catchWorkers = 8
)

// catchUp takes in what the log holds behind the views' checkpoints, round by round, and returns exactly how far they are
// then. A log that is written all the time has no end, and one that is written faster than it is taken in would make each
// round longer than the last: a round that is not clearly shorter than the one before it is the last. What is left then is
// taken in after the switch, by all who project.
func (r *Rebuilder) catchUp(ctx context.Context, views Views, report func(Progress) error) (logEnd, error) {
	progress := Progress{Stage: StageCatchingUp, Generation: views.Generation()}
	for left := int64(math.MaxInt64); ; left = progress.Total {
		end, err := endOf(ctx, r.source, r.shards)
		if err != nil {
			return nil, err
		}
		before, err := reachedBy(ctx, views, end)
		if err != nil {
			return nil, err
		}
		progress.Done, progress.Total = 0, end.total()-before.total()
		err = reporting(ctx, func() error {
			now, err := reachedBy(ctx, views, end)
			if err != nil {
				return err
			}
			progress.Done = max(now.total()-before.total(), 0)
			return report(progress)
		}, func(ctx context.Context) error { return r.takeUpTo(ctx, views, end) })
		if err != nil {
			return nil, err
		}
		if progress.Total <= caughtUp || progress.Total > left-left/4 {
			return end, nil
		}
	}
}

// reachedBy returns how far views have taken in the streams of an end.
func reachedBy(ctx context.Context, views Checkpoints, end logEnd) (logEnd, error) {
	reached := logEnd{}
	for stream := range end {
		checkpoint, err := views.Checkpoint(ctx, stream)
		if err != nil {
			return nil, fmt.Errorf("read checkpoint: %w", err)
		}
		reached[stream] = checkpoint.Sequence
	}
	return reached, nil
}

// takeUpTo projects to views that nobody else does, up to an end and no further.
func (r *Rebuilder) takeUpTo(ctx context.Context, views Views, end logEnd) error {
	streams := Streams(r.shards)
	return eachStream(ctx, streams, catchWorkers, func(ctx context.Context, i int) error {
		return newProjector(streams[i], r.source, Fixed{views}, r.log).takeUpTo(ctx, views, end[streams[i]])
	})
}

// patienceWithLive is how long a rebuild that may switch anyway waits for live views that may never get on.
const patienceWithLive = 10 * time.Second

// compare compares the new views, which stand still at an end of the log, with the live ones.
func (r *Rebuilder) compare(
	ctx context.Context, record Generations, views Views, end logEnd, anyway bool, report func(Progress) error,
) (Comparison, error) {
	live, err := r.store.Views(ctx, record.Live)
	if err != nil {
		return Comparison{}, err
	}
	progress := Progress{Stage: StageWaiting, Generation: record.Next}
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if anyway {
		waiting, cancel = context.WithTimeout(ctx, patienceWithLive)
	}
	defer cancel()
	err = awaitLive(waiting, live, end, func(done, total int64) error {
		progress.Done, progress.Total = done, total
		return report(progress)
	})
	if err != nil && (ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded)) {
		return Comparison{}, err
	}
	products, err := views.CountProducts(ctx, ProductFilter{})
	if err != nil {
		return Comparison{}, err
	}
	c := newComparer(&replayer{source: r.source}, r.shards, live, end)
	c.result.Products = products
	sums := newComparedSums(products)
	progress = Progress{Stage: StageComparing, Generation: record.Next, Total: products}
	err = reporting(ctx, func() error {
		progress.Done = min((sums.want.Products()+sums.got.Products())/2, products)
		return report(progress)
	}, func(ctx context.Context) error { return c.views(ctx, views, sums) })
	if err != nil {
		return c.result, err
	}
	if now, err := reachedBy(ctx, views, end); err != nil || !maps.Equal(now, end) {
		return c.result, errors.Join(err, ErrSuperseded) // what was compared did not stand still
	}
	progress.Done, progress.Comparison = c.result.Products, &c.result
	return c.result, report(progress)
}

// graceOfSwitch is how long a rebuild goes on projecting to the generation that it has made live: by then every projector
// has noticed.
const graceOfSwitch = 2 * switchInterval

// switchTo makes a generation live, in one write that every reader sees.
func (r *Rebuilder) switchTo(
	ctx context.Context, record Generations, number int64, views Views, comparison *Comparison, report func(Progress) error,
) error {
	now, err := r.set(ctx, record, Generations{
		Revision: record.Revision, Live: number, Previous: record.Live, Last: record.Last,
		Next: unless(record.Next, number), Fill: unlessFilled(record, number),
	})
	if errors.Is(err, ErrConflict) {
		return ErrSuperseded
	}
	if err != nil {
		return fmt.Errorf("switch to generation %d: %w", number, err)
	}
	r.log.InfoContext(ctx, "another generation of the views is live", slog.Int64(logGeneration, number), slog.Int64(logBefore, record.Live))
	progress := Progress{Stage: StageSwitched, Generation: number, Comparison: comparison}
	if err := report(progress); err != nil {
		return err
	}
	for ends := time.Now().Add(graceOfSwitch); time.Now().Before(ends); {
		end, err := endOf(ctx, r.source, r.shards)
		if err != nil {
			return err
		}
		if err := r.takeUpTo(ctx, views, end); err != nil {
			return err
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
	return r.store.DropViews(ctx, now.Live, now.Previous, now.Next)
}

// unless returns a number, or 0 if it is that one.
func unless(number, one int64) int64 {
	if number == one {
		return 0
	}
	return number
}

func unlessFilled(record Generations, number int64) *Fill {
	if record.Next == number {
		return nil
	}
	return record.Fill
}
