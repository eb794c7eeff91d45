package projections

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
)

// replayed is a product as a replay of the log gives it, or as a scan of the views finds it, with a digest of its changes.
type replayed struct {
	Product
	digest uint64 // the sum of the changes' hashes, whatever their order
}

var digestSeed = maphash.MakeSeed()

func digestOf(c *Change) uint64 { return maphash.Comparable(digestSeed, *c) }

// shardReplay folds the messages of one shard in memory.
type shardReplay struct {
	products map[events.ProductID]*replayed
	late     int64
	only     func(events.ProductID) bool // which products are folded
	changed  func(Change) error          // is given each change
}

// fold takes one observation in.
func (r *shardReplay) fold(o *events.Observation) error {
	id := o.ProductID()
	if !r.only(id) {
		return nil
	}
	before := r.products[id]
	if before == nil {
		first, _ := Fold(nil, o)
		r.products[id] = &replayed{Product: first}
		return nil
	}
	after, outcome := Fold(&before.Product, o)
	switch outcome {
	case OutcomeLate:
		r.late++
	case OutcomeChanged:
		change := Change{ProductID: id, Price: after.Price, PreviousPrice: before.Price, At: o.Position, Line: o.Line}
		before.digest += digestOf(&change)
		if err := r.changed(change); err != nil {
			return err
		}
	case OutcomeFirst, OutcomeSeen, OutcomeDuplicate:
	}
	before.Product = after
	return nil
}

// replayer reads the price log again. Of what it cannot decode nothing is said: the live projectors have parked it.
type replayer struct {
	source events.Source
	read   atomic.Int64 // messages, over all shards
}

// each calls do with the observations of a stream behind one sequence and up to another, in the order of the log. Both must
// be sequences of messages, or 0.
func (r *replayer) each(ctx context.Context, stream events.Stream, after, until uint64, do func(*events.Observation) error) error {
	var group []events.Observation
	return r.messages(ctx, stream, after, until, func(m events.Message) (err error) {
		if m.Kind != events.KindObserved {
			return nil
		}
		group, err = events.DecodeObservations(group[:0], m.Data)
		if err != nil {
			return nil //nolint:nilerr // parked
		}
		for i := range group {
			if err := do(&group[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// messages calls do with the messages of a stream behind one sequence and up to another.
func (r *replayer) messages(ctx context.Context, stream events.Stream, after, until uint64, do func(events.Message) error) error {
	if after >= until {
		return nil
	}
	reader, err := r.source.Read(ctx, stream, after)
	if err != nil {
		return err
	}
	defer reader.Close()
	portion := batch
	portion.Until = until
	for {
		all, err := reader.Next(ctx, portion)
		if err != nil {
			return err
		}
		for i := range all {
			if all[i].Sequence <= until {
				if err := do(all[i]); err != nil {
					return err
				}
			}
		}
		r.read.Add(int64(len(all)))
		if all[len(all)-1].Sequence >= until {
			return nil
		}
	}
}

// eachShard calls do for each shard, a few at a time.
func eachShard(ctx context.Context, shards int, do func(ctx context.Context, shard int) error) error {
	return eachStream(ctx, Streams(shards)[:shards], max(2, runtime.GOMAXPROCS(0)), do)
}

// eachStream calls do with the index of each stream, so many at a time, until one fails.
func eachStream(ctx context.Context, streams []events.Stream, atOnce int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, stream := range streams {
		group.Go(func() error {
			if err := do(ctx, i); err != nil {
				return fmt.Errorf("%s: %w", stream, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// logEnd is the sequence of the last message of each stream.
type logEnd map[events.Stream]uint64

// endOf returns where the price streams, and the fetch stream, end now.
func endOf(ctx context.Context, source events.Source, shards int) (logEnd, error) {
	end := logEnd{}
	for _, stream := range Streams(shards) {
		last, err := source.LastSequence(ctx, stream)
		if err != nil {
			return nil, err
		}
		end[stream] = last
	}
	return end, nil
}

// Streams returns the streams of a log of so many shards: the shards in order, then the fetch events.
func Streams(shards int) []events.Stream {
	var all []events.Stream
	for shard := range shards {
		all = append(all, events.PriceStream(shard))
	}
	return append(all, events.FetchStream)
}

// prices returns how many messages the price streams have.
func (e logEnd) prices() (sum int64) {
	for stream, last := range e {
		if stream != events.FetchStream {
			sum += int64(last)
		}
	}
	return sum
}

// total returns how many messages all streams have.
func (e logEnd) total() (sum int64) {
	for _, last := range e {
		sum += int64(last)
	}
	return sum
}

// fold folds the products of a portion, of all shards, up to an end. changed is given each change, from several goroutines
// at once; it may be nil. The counts of late observations are by stream.
func (r *replayer) fold(
	ctx context.Context, shards int, end logEnd, p portion, changed func(Change) error,
) (map[events.ProductID]*replayed, map[events.Stream]int64, error) {
	if changed == nil {
		changed = func(Change) error { return nil }
	}
	replays := make([]shardReplay, shards)
	err := eachShard(ctx, shards, func(ctx context.Context, shard int) error {
		stream := events.PriceStream(shard)
		replays[shard] = shardReplay{products: map[events.ProductID]*replayed{}, only: p.holds, changed: changed}
		return r.each(ctx, stream, 0, end[stream], replays[shard].fold)
	})
	if err != nil {
		return nil, nil, err
	}
	all, late := replays[0].products, map[events.Stream]int64{}
	for shard := range replays {
		late[events.PriceStream(shard)] = replays[shard].late
		if shard > 0 {
			maps.Copy(all, replays[shard].products)
			replays[shard].products = nil
		}
	}
	return all, late, nil
}
