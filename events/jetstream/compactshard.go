package jetstream

import (
	"errors"
	"fmt"
	"io"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// shardCompaction is what can be left out of a stream of prices. Of messages of observations alone: markers stay, with which it is
// known what was published, and so does the last message, whatever it is, and with it the last sequence. The first message stays by
// itself: what is observed in it was never observed before.
type shardCompaction struct {
	name      string
	before    int64 // nanoseconds since the Unix epoch
	retention events.Retention
	outcome   events.RetentionOutcome

	rows   []int  // how many observations each message of them has that is old enough
	unread uint64 // the first message that cannot be read wholly, 0 for none
	gone   uint64 // messages of which nothing stays

	observations []events.Observation // of one message
}

// survey finds what can be left out.
func (s *shardCompaction) survey(r *snapshotReader) error {
	isOld := true
	for {
		m, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if isOld = isOld && m.storedAt < s.before && m.sequence < r.state.LastSeq; !isOld {
			continue
		}
		kind, _ := kindOf(m.subject)
		switch {
		case kind == events.KindMarker:
			continue
		case kind == events.KindObserved && s.decode(m) == nil:
			s.retention.Take(s.observations)
			s.rows = append(s.rows, len(s.observations))
		default:
			s.unread, isOld = m.sequence, false
		}
	}
}

// decode reads the observations of a message.
func (s *shardCompaction) decode(m *storedMessage) (err error) {
	s.observations, err = events.DecodeWholly(s.observations[:0], m.data)
	place := events.LogPlace{Shard: events.Stream(s.name).Shard(), Sequence: m.sequence}
	for i := range s.observations {
		s.observations[i].Place = place
	}
	return err
}

// countGone counts the messages of which nothing stays.
func (s *shardCompaction) countGone() {
	first := int64(0)
	for _, rows := range s.rows {
		if s.staying(first, rows) == 0 {
			s.gone++
		}
		first += int64(rows)
	}
}

// staying returns how many of so many observations stay, from one on.
func (s *shardCompaction) staying(first int64, rows int) int {
	count := 0
	for n := range int64(rows) {
		if s.retention.Stays(first + n) {
			count++
		}
	}
	return count
}

// leavesOut tells whether anything is left out.
func (s *shardCompaction) leavesOut() bool {
	retained := s.retention.Retained()
	return retained.Stay < retained.All
}

// write writes what stays. The observations that are old enough again takes in, as they are written.
func (s *shardCompaction) write(r *snapshotReader, state *jetstream.StreamState, to io.Writer, again events.Retention) (err error) {
	w := newSnapshotWriter(to)
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.begin(state); err != nil {
		return err
	}
	rows, first := s.rows, int64(0)
	for {
		m, err := r.next()
		if errors.Is(err, io.EOF) {
			return w.end()
		}
		if err != nil {
			return err
		}
		if kind, _ := kindOf(m.subject); kind == events.KindObserved && len(rows) > 0 {
			staying := s.staying(first, rows[0])
			if err := s.reduce(m, first, staying); err != nil {
				return fmt.Errorf("message %d: %w", m.sequence, err)
			}
			first, rows = first+int64(rows[0]), rows[1:]
			if staying == 0 {
				continue
			}
			again.Take(s.observations)
		}
		if err := w.add(m); err != nil {
			return err
		}
	}
}

// reduce leaves those of the observations of a message that so many stay of, and decodes them. If all stay it is as it was, byte by
// byte.
func (s *shardCompaction) reduce(m *storedMessage, first int64, staying int) error {
	if err := s.decode(m); err != nil || staying == len(s.observations) || staying == 0 {
		return err
	}
	var group events.Group
	for i := range s.observations {
		if s.retention.Stays(first + int64(i)) {
			if err := group.Add(&s.observations[i]); err != nil {
				return err
			}
		}
	}
	m.data = group.AppendTo(nil)
	return s.decode(m)
}

// checkWritten returns an error unless what was written tells views what they were told by all of it.
func (s *shardCompaction) checkWritten(again events.Retention) error {
	want, is := s.retention.Retained(), again.Retained()
	if outcome := again.End(); outcome != s.outcome || is != (events.Retained{All: want.Stay, Stay: want.Stay}) {
		return fmt.Errorf("compact %s: what stays would make other views: %+v of %+v, %+v of %+v: nothing was written",
			s.name, outcome, s.outcome, is, want)
	}
	return nil
}
