package projections

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/atlant-log/atlant/events"
)

// insertChunk is how many products or changes are inserted at once.
const insertChunk = 10_000

// fill inserts what the log gives up to the targets, pass by pass, and returns the record as it is then.
func (r *Rebuilder) fill(ctx context.Context, record Generations, views Views, report func(Progress) error) (Generations, error) {
	reads := &replayer{source: r.source}
	targets := logEnd(record.Fill.Targets)
	done := int64(record.Fill.Done) * targets.prices()
	progress := Progress{Stage: StageFilling, Generation: record.Next, Total: int64(record.Fill.Passes) * targets.prices()}
	err := reporting(ctx, func() error {
		progress.Done = min(done+reads.read.Load(), progress.Total)
		return report(progress)
	}, func(ctx context.Context) error {
		for record.Fill.Done < record.Fill.Passes {
			late, err := r.fillPortion(ctx, reads, targets, portion{record.Fill.Done, record.Fill.Passes}, views)
			if err != nil {
				return err
			}
			if record, err = r.passDone(ctx, record, late); err != nil {
				return err
			}
		}
		return r.endFill(ctx, record, views)
	})
	return record, err
}

// fillPortion folds a portion of the products and inserts them.
func (r *Rebuilder) fillPortion(
	ctx context.Context, reads *replayer, targets logEnd, p portion, views Views,
) (late map[events.Stream]int64, err error) {
	var kept changeList
	replays, err := reads.fold(ctx, r.shards, targets, p, kept.take)
	if err != nil {
		return nil, err
	}
	for chunk := range slices.Chunk(byID(replays), insertChunk) {
		products := make([]Product, len(chunk))
		var changes []Change
		for i, p := range chunk {
			products[i] = p.Product
			changes = kept.appendOf(changes, p)
		}
		first := min(insertChunk, len(changes))
		if err := views.InsertPrices(ctx, products, changes[:first]); err != nil {
			return nil, err
		}
		if err := insertChunks(ctx, changes[first:], views); err != nil {
			return nil, err
		}
	}
	late = lateIn(replays)
	if kept.full {
		return late, r.insertChanges(ctx, targets, p, views)
	}
	return late, nil
}

func insertChunks(ctx context.Context, changes []Change, views Views) error {
	for chunk := range slices.Chunk(changes, insertChunk) {
		if err := views.InsertPrices(ctx, nil, chunk); err != nil {
			return err
		}
	}
	return nil
}

// insertChanges reads the log once more for the changes of a portion.
func (r *Rebuilder) insertChanges(ctx context.Context, targets logEnd, p portion, views Views) error {
	var mu sync.Mutex
	var chunk []Change
	again := &replayer{source: r.source}
	_, err := again.fold(ctx, r.shards, targets, p, func(_ *replayed, c *Change) error {
		mu.Lock()
		defer mu.Unlock()
		chunk = append(chunk, *c)
		if len(chunk) < insertChunk {
			return nil
		}
		full := chunk
		chunk = nil
		return views.InsertPrices(ctx, nil, full)
	})
	if err != nil {
		return err
	}
	return insertChunks(ctx, chunk, views)
}

// passDone notes that a pass is done, unless somebody who fills the same generation has noted as much.
func (r *Rebuilder) passDone(ctx context.Context, record Generations, late map[events.Stream]int64) (Generations, error) {
	for {
		next, fill := record, *record.Fill
		fill.Done++
		fill.Late = map[events.Stream]int64{}
		for stream := range fill.Targets {
			fill.Late[stream] = record.Fill.Late[stream] + late[stream]
		}
		next.Fill = &fill
		next, err := r.set(ctx, record, next)
		if !errors.Is(err, ErrConflict) {
			return next, err
		}
		now, err := r.store.Generations(ctx)
		switch {
		case err != nil:
			return record, err
		case now.Next != record.Next:
			return record, ErrSuperseded
		case now.Fill.Done > record.Fill.Done:
			return now, nil
		}
		record = now
	}
}

// endFill writes the checkpoints: from here on the generation takes in messages as any other.
func (r *Rebuilder) endFill(ctx context.Context, record Generations, views Views) error {
	for stream, target := range record.Fill.Targets {
		if target == 0 {
			continue
		}
		at, err := r.source.TimeOf(ctx, stream, target)
		if err != nil {
			return err
		}
		checkpoint := Checkpoint{Stream: stream, Sequence: target, LoggedAt: at, Late: record.Fill.Late[stream]}
		if err := views.ApplyPrices(ctx, Delta{}, checkpoint); err != nil {
			return err
		}
	}
	return nil
}
