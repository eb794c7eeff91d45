package jetstream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// How much goes into an atomic batch. Each is synced to the disk once, so it should be large; it is in memory twice, and what
// it holds a writer that starts again publishes again.
const (
	batchRows     = 16 * events.GroupSize
	batchMessages = 999 // and the marker: the server takes 1000
)

// writerBytes is how long the name is by which a writer knows its own markers.
const writerBytes = 8

// priceWriter spreads the observations of a fetch over the shards.
type priceWriter struct {
	shards []*shardWriter
}

// WritePrices implements events.PriceLog.
func (l *Log) WritePrices(ctx context.Context, fetch events.FetchID) (events.PriceWriter, error) {
	w, name := &priceWriter{shards: make([]*shardWriter, l.shards)}, make([]byte, writerBytes)
	_, _ = rand.Read(name) // it never fails
	for shard := range w.shards {
		s := &shardWriter{log: l, writer: name, shard: shard, observed: observedSubject(shard), marker: markerSubject(shard, fetch)}
		if err := s.resume(ctx); err != nil {
			return nil, err
		}
		w.shards[shard] = s
	}
	return w, nil
}

// Add implements events.PriceWriter.
func (w *priceWriter) Add(ctx context.Context, place int64, o *events.Observation) error {
	shard := 0
	if len(w.shards) > 1 { // else the id, a hash, is not needed
		shard = events.ShardOf(o.ProductID(), len(w.shards))
	}
	return w.shards[shard].add(ctx, place, o)
}

// Fence implements events.PriceWriter.
func (w *priceWriter) Fence(ctx context.Context) error {
	for _, s := range w.shards {
		if err := s.fence(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Published implements events.PriceWriter.
func (w *priceWriter) Published() int64 {
	var sum int64
	for _, s := range w.shards {
		sum += s.published
	}
	return sum
}

// Finish implements events.PriceWriter.
func (w *priceWriter) Finish(ctx context.Context) (int64, events.LogPosition, error) {
	position := events.LogPosition{}
	for _, s := range w.shards {
		if err := s.finish(ctx); err != nil {
			return 0, nil, err
		}
		if s.published > 0 {
			position[uint32(s.shard)] = s.sequence
		}
	}
	return w.Published(), position, nil
}

// shardWriter publishes to one shard. Each batch is committed while the next one is being filled.
type shardWriter struct {
	log              *Log
	writer           []byte
	shard            int
	observed, marker string

	resumeAt  int64                 // observations before this place are in the log
	next      *atlantv1.FetchMarker // what the log's marker says, or will say once the batch in flight is committed
	sequence  uint64                // of the marker in the log, 0 if there is none
	published int64                 // as the marker in the log says

	group     events.Group // to become the next message
	rows      int          // that will be in the batch, with those of the group
	filling   []byte       // encoded messages, one behind the other
	ends      []int        // where each of them ends
	lastPlace int64
	spare     []byte
	spareEnd  []int
	inFlight  chan commitResult // of the batch being committed, nil if there is none
	failure   error             // of an earlier batch: what has failed stays failed
}

// commitResult is what became of a batch: the marker that the log holds and its sequence, or why it holds none.
type commitResult struct {
	marker   *atlantv1.FetchMarker
	sequence uint64
	err      error
}

// resume takes up what the marker in the log says.
func (s *shardWriter) resume(ctx context.Context) error {
	at, sequence, err := s.readMarker(ctx)
	if err != nil {
		return err
	}
	s.resumeAt, s.published, s.next, s.sequence = at.GetNextLine(), at.GetPublished(), at, sequence
	return nil
}

// fence writes the marker once more, under this writer's name: whoever read it before expects it elsewhere.
func (s *shardWriter) fence(ctx context.Context) error {
	for {
		err := write{
			doing: "fence " + s.marker, patience: batchPatience, insist: true, room: s.log.room,
			send: func() error {
				s.next.NextLine, s.next.Writer = max(s.next.GetNextLine(), 1), s.writer // place 1: where there was no marker
				sequence, err := s.publish(ctx, nil, nil, s.next)
				if err == nil {
					s.sequence = sequence
				}
				return err
			},
			lookUp: func() (fate, error) { return open, s.resume(ctx) }, // an answer was lost: another fence does no harm
		}.persist(ctx)
		if !errors.Is(err, events.ErrConflict) {
			return err
		}
		if err := s.resume(ctx); err != nil { // somebody else was faster: again, behind that
			return err
		}
	}
}

func (s *shardWriter) add(ctx context.Context, place int64, o *events.Observation) error {
	if place < s.resumeAt {
		return nil
	}
	if err := s.group.Add(o); err != nil {
		return fmt.Errorf("encode observation of line %d: %w", o.Line, err)
	}
	s.rows, s.lastPlace = s.rows+1, place
	if s.group.Len() == events.GroupSize {
		s.closeGroup()
	}
	if s.rows < batchRows && len(s.ends) < batchMessages {
		return nil
	}
	return s.flush(ctx, false)
}

// closeGroup makes a message of the group.
func (s *shardWriter) closeGroup() {
	if s.group.Len() > 0 {
		s.filling = s.group.AppendTo(s.filling)
		s.ends = append(s.ends, len(s.filling))
	}
}

// finish commits what is left and ends the fetch in this shard, unless an earlier attempt did.
func (s *shardWriter) finish(ctx context.Context) error {
	if s.next.GetDone() || (s.rows == 0 && s.next.GetPublished() == 0) {
		return s.settle()
	}
	if err := s.flush(ctx, true); err != nil {
		return err
	}
	return s.settle()
}

// settle waits for the batch in flight.
func (s *shardWriter) settle() error {
	if s.failure != nil || s.inFlight == nil {
		return s.failure
	}
	result := <-s.inFlight
	s.inFlight = nil
	if result.err != nil {
		s.failure = result.err
		return result.err
	}
	s.sequence, s.published = result.sequence, result.marker.GetPublished()
	return nil
}

// flush begins to commit the events gathered, once the batch before them is committed.
func (s *shardWriter) flush(ctx context.Context, done bool) error {
	if err := s.settle(); err != nil {
		return err
	}
	s.closeGroup()
	before := s.next
	after := &atlantv1.FetchMarker{
		NextLine: max(s.lastPlace+1, before.GetNextLine()), Published: before.GetPublished() + int64(s.rows), Done: done,
		Writer: s.writer,
	}
	s.next, s.rows = after, 0
	data, ends := s.filling, s.ends
	s.filling, s.ends = s.spare[:0], s.spareEnd[:0]
	s.spare, s.spareEnd = data, ends
	inFlight := make(chan commitResult, 1)
	s.inFlight = inFlight
	go func() {
		began := time.Now()
		sequence, err := s.commit(ctx, data, ends, before, after)
		if err == nil {
			s.log.observer.BatchPublished(after.GetPublished()-before.GetPublished(), len(data), time.Since(began))
		}
		inFlight <- commitResult{marker: after, sequence: sequence, err: err}
	}()
	return nil
}

// commit publishes a batch until its fate is known. An answer can be lost, so after a failure the marker tells whether the
// batch is in: it is what was written, what was there before, or somebody else's, which says so by its writer even if it
// counts the same rows: they may be of another list. It returns the marker's sequence.
func (s *shardWriter) commit(
	ctx context.Context, data []byte, ends []int, before, after *atlantv1.FetchMarker,
) (uint64, error) {
	var sequence uint64
	err := write{
		doing: "publish to " + s.marker, patience: batchPatience, insist: true, room: s.log.room,
		send: func() (err error) {
			sequence, err = s.publish(ctx, data, ends, after)
			return err
		},
		lookUp: func() (fate, error) {
			at, where, err := s.readMarker(ctx)
			switch {
			case err != nil:
				return open, err
			case where < s.sequence: // we know more than who answered
				return open, errOutOfTouch
			case where == s.sequence && proto.Equal(at, before):
				return open, nil
			case where > s.sequence && proto.Equal(at, after):
				sequence = where
				return landed, nil
			default:
				return lost, nil
			}
		},
	}.persist(ctx)
	return sequence, err
}

func (s *shardWriter) publish(
	ctx context.Context, data []byte, ends []int, after *atlantv1.FetchMarker,
) (uint64, error) {
	batch, err := jetstreamext.NewBatchPublisher(s.log.js)
	if err != nil {
		return 0, fmt.Errorf("begin batch: %w", err)
	}
	start := 0
	msg := nats.NewMsg(s.observed) // one for all: the client has written it out when AddMsg returns
	for _, end := range ends {
		msg.Data, msg.Reply = data[start:end], ""
		if err := batch.AddMsg(msg); err != nil {
			return 0, fmt.Errorf("add to batch: %w", err)
		}
		start = end
	}
	marker := nats.NewMsg(s.marker)
	inject(ctx, marker) // of a batch this one alone: the others are many, and what they hold stays for good
	if marker.Data, err = proto.Marshal(after); err != nil {
		return 0, fmt.Errorf("encode marker: %w", err)
	}
	ack, err := batch.CommitMsg(ctx, marker, jetstreamext.WithBatchExpectLastSequencePerSubject(s.sequence))
	if err != nil {
		return 0, fmt.Errorf("commit batch: %w", err)
	}
	return ack.Sequence, nil
}

// readMarker returns the fetch's marker in this shard and its sequence; an empty one and 0 if there is none.
func (s *shardWriter) readMarker(ctx context.Context) (*atlantv1.FetchMarker, uint64, error) {
	doing := "read marker " + s.marker
	marker := &atlantv1.FetchMarker{}
	msg, err := s.log.last(ctx, events.PriceStream(s.shard), s.marker)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return marker, 0, nil
	}
	if err != nil {
		return nil, 0, unavailable(doing, err)
	}
	if err := proto.Unmarshal(msg.Data, marker); err != nil {
		return nil, 0, fmt.Errorf("%s: %w: %w", doing, events.ErrMalformed, err)
	}
	return marker, msg.Sequence, nil
}
