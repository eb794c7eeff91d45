package projections

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
)

// replayed is a product as a replay of the log gives it, or as a scan of the views finds it, with a digest of its changes.
type replayed struct {
	Product

	digest uint64 // the sum of the changes' hashes, whatever their order
	kept   uint32 // its last change in a changeList, counted from 1
}

var digestSeed = maphash.MakeSeed()

func digestOf(c *Change) uint64 { return maphash.Comparable(digestSeed, *c) }

// shardReplay folds the messages of one shard in memory. Its products are in the order of the log, and their places hold no
// pointers: the garbage collector would else follow millions of them again and again.
type shardReplay struct {
	products pieces[replayed]
	places   map[events.ProductID]uint32
	late     int64
	only     func(events.ProductID) bool // which products are folded
	changed  changeTaker
}

// changeTaker is given each change of a replay, with its product as it was before.
type changeTaker func(p *replayed, c *Change) error

func newShardReplay(only func(events.ProductID) bool, changed changeTaker) *shardReplay {
	return &shardReplay{places: map[events.ProductID]uint32{}, only: only, changed: changed}
}

// find returns a product as it is by now, nil if it is not known.
func (r *shardReplay) find(id events.ProductID) *replayed {
	if place, ok := r.places[id]; ok {
		return r.products.at(int(place))
	}
	return nil
}

// put takes in a product that is not known.
func (r *shardReplay) put(p replayed) {
	r.places[p.ID] = uint32(r.products.len())
	r.products.add(p)
}

// fold takes one observation in, of the product with this id.
func (r *shardReplay) fold(id events.ProductID, o *events.Observation) error {
	if !r.only(id) {
		return nil
	}
	p := r.find(id)
	if p == nil {
		r.put(replayed{Product: newProduct(id, o)})
		return nil
	}
	after, outcome := Fold(&p.Product, o)
	switch outcome {
	case OutcomeLate:
		r.late++
	case OutcomeChanged:
		change := newChange(&p.Product, &after, o)
		p.digest += digestOf(&change)
		if err := r.changed(p, &change); err != nil {
			return err
		}
		p.Product = after
	case OutcomeSeen:
		p.Seen = after.Seen
	case OutcomeFirst, OutcomeDuplicate:
	}
	return nil
}

// replayer reads the price log again. Of what it cannot decode nothing is said: the live projectors have parked it.
type replayer struct {
	source events.Source
	read   atomic.Int64 // messages, over all shards
}

// replayBatch bounds what is decoded while what was decoded before is folded. Nothing is written, so it need not be large.
var replayBatch = events.Batch{Limit: 10_000, Bytes: 1 << 20, Gap: batch.Gap, Wait: batch.Wait}

// each calls do with the observations of a stream behind one sequence and up to another, in the order of the log. Both must
// be sequences of messages, or 0.
func (r *replayer) each(ctx context.Context, stream events.Stream, after, until uint64, do observationTaker) error {
	if after >= until {
		return nil
	}
	reader, err := r.source.Read(ctx, stream, after)
	if err != nil {
		return err
	}
	defer reader.Close()
	portion := replayBatch
	portion.Until = until
	return project(ctx, reader, portion, do, func(a Applied) { r.read.Add(int64(a.Messages)) })
}

// observationTaker is a projection that is given the observations of a price stream with the ids of their products.
type observationTaker func(events.ProductID, *events.Observation) error

// fewestDecoded is how many messages are worth a goroutine, some 100 µs of work.
const fewestDecoded = 8

// decode implements projection, on all processors: a pass over the log that takes in a small portion of it does little else.
func (observationTaker) decode(messages []events.Message) *decodedBatch {
	size := max(fewestDecoded, (len(messages)-1)/runtime.GOMAXPROCS(0)+1)
	parts := make([]*decodedBatch, (len(messages)-1)/size+1)
	var decoding sync.WaitGroup
	for i := range parts {
		decoding.Go(func() { parts[i] = decodePrices(messages[i*size : min((i+1)*size, len(messages))]) })
	}
	decoding.Wait()
	for _, next := range parts[1:] {
		parts[0].join(next)
	}
	return parts[0]
}

// idle implements projection.
func (observationTaker) idle(context.Context) error { return nil }

// apply implements projection.
func (do observationTaker) apply(_ context.Context, batch *decodedBatch) error {
	for i := range batch.observations {
		if err := do(batch.ids[i], &batch.observations[i]); err != nil {
			return err
		}
	}
	return nil
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

// fold folds the products of a portion, shard by shard, up to an end. changed is given each change, from several goroutines
// at once.
func (r *replayer) fold(ctx context.Context, shards int, end logEnd, p portion, changed changeTaker) ([]*shardReplay, error) {
	replays := make([]*shardReplay, shards)
	err := eachShard(ctx, shards, func(ctx context.Context, shard int) error {
		stream := events.PriceStream(shard)
		replays[shard] = newShardReplay(p.holds, changed)
		return r.each(ctx, stream, 0, end[stream], replays[shard].fold)
	})
	return replays, err
}

func ignoreChange(*replayed, *Change) error { return nil }

// byID returns the products of all shards by id.
func byID(replays []*shardReplay) []*replayed {
	var all []*replayed
	for _, r := range replays {
		all = slices.Grow(all, r.products.len())
		for i := range r.products.len() {
			all = append(all, r.products.at(i))
		}
	}
	slices.SortFunc(all, func(p, q *replayed) int { return bytes.Compare(p.ID[:], q.ID[:]) })
	return all
}

// lateIn returns how many observations came too late to count, by stream.
func lateIn(replays []*shardReplay) map[events.Stream]int64 {
	late := map[events.Stream]int64{}
	for shard, r := range replays {
		late[events.PriceStream(shard)] = r.late
	}
	return late
}
