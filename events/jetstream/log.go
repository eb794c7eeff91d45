// Package jetstream is the log on NATS JetStream: its streams, the publisher, the readers, and a server for the embedded
// shape.
package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Config says how to open a log.
type Config struct {
	Shards    int  // for a log that does not exist yet; 0 takes what is there, or 1
	Replicas  int  // of each stream; 0 means 1
	Exclusive bool // no other process uses this log: what an earlier one left unfinished is taken up at once
}

// Log is a log on JetStream. Its methods may be called from many goroutines at once.
type Log struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	shards   int
	requests jetstream.MessagesContext
}

var (
	_ events.Source     = (*Log)(nil)
	_ events.PriceLog   = (*Log)(nil)
	_ events.FetchLog   = (*Log)(nil)
	_ events.FetchQueue = (*Log)(nil)
	_ events.Progress   = (*Log)(nil)
)

// Open opens the log, creating what is missing of its streams. The connection stays the caller's.
func Open(ctx context.Context, nc *nats.Conn, config Config) (*Log, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	log := &Log{nc: nc, js: js}
	if log.shards, err = ensureStreams(ctx, js, config); err != nil {
		return nil, err
	}
	if log.requests, err = openQueue(ctx, js, config.Exclusive); err != nil {
		return nil, err
	}
	return log, nil
}

// Close stops taking requests from the queue. Those taken and not done are given to somebody else.
func (l *Log) Close() { l.requests.Stop() }

// Shards returns how many shards the log has.
func (l *Log) Shards() int { return l.shards }

// LastSequence implements events.Source.
func (l *Log) LastSequence(ctx context.Context, stream events.Stream) (uint64, error) {
	s, err := l.js.Stream(ctx, string(stream))
	if err != nil {
		return 0, unavailable("read stream "+string(stream), err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// TimeOf implements events.Source.
func (l *Log) TimeOf(ctx context.Context, stream events.Stream, sequence uint64) (time.Time, error) {
	doing := fmt.Sprintf("read message %d of %s", sequence, stream)
	s, err := l.js.Stream(ctx, string(stream))
	if err != nil {
		return time.Time{}, unavailable(doing, err)
	}
	msg, err := s.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, unavailable(doing, err)
	}
	return msg.Time, nil
}

// unavailable wraps a failed call to the server.
func unavailable(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, events.ErrUnavailable, err)
}

// isConflict tells whether the server refused a write because its compare-and-set failed.
func isConflict(err error) bool {
	var api *jetstream.APIError
	var other interface{ APIError() *jetstream.APIError }
	switch {
	case errors.As(err, &api):
	case errors.As(err, &other):
		api = other.APIError()
	}
	return api != nil && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == errCodeWrongLastSequenceConstant)
}

// errCodeWrongLastSequenceConstant is what the server answers when the expected sequence is refused before it is looked
// up, for a subject that another batch in flight writes to.
const errCodeWrongLastSequenceConstant = 10164
