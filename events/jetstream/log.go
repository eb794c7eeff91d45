// Package jetstream is the log on NATS JetStream: its streams, the publisher, the readers, and a server for the embedded
// shape.
package jetstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Conn is a connection to NATS, for those who only pass it on.
type Conn = nats.Conn

// Config says how to open a log.
type Config struct {
	Shards   int // for a log that does not exist yet; 0 takes what is there, or 1
	Replicas int // of each stream that does not exist yet, 0 for 1; fewer of one that exists are an error
	// Embedded is the server in this process, nil if the log is elsewhere; the log asks it whether its disk is full.
	Embedded *Embedded
	Observer Observer // is told what is published; nil: nobody is
}

// Log is a log on JetStream. Its methods may be called from many goroutines at once.
type Log struct {
	nc       *nats.Conn
	js       jetstream.JetStream
	disk     *disk // nil if the log is elsewhere
	observer Observer
	shards   int
	streams  sync.Map // of jetstream.Stream, by name
}

var (
	_ events.Source         = (*Log)(nil)
	_ events.PriceLog       = (*Log)(nil)
	_ events.FetchLog       = (*Log)(nil)
	_ events.FetchQueue     = (*Log)(nil)
	_ events.Progress       = (*Log)(nil)
	_ events.SourceRegistry = (*Log)(nil)
	_ events.PublishedLog   = (*Log)(nil)
	_ events.AlertRegistry  = (*Log)(nil)
	_ events.AlertPositions = (*Log)(nil)
	_ events.Notifications  = (*Log)(nil)
	_ events.DeliveryLog    = (*Log)(nil)
)

// Open opens the log, creating what is missing of its streams; several processes may do so at once. It blocks for some
// seconds while JetStream is electing its leaders. It returns a FaultsError that names all faults where the server, or a
// stream that exists, cannot keep what a log promises. The connection stays the caller's, and is to be closed after the
// last use of the log.
func Open(ctx context.Context, nc *nats.Conn, config Config) (*Log, error) {
	log, err := logAt(nc)
	if err != nil {
		return nil, err
	}
	if config.Embedded != nil {
		log.disk = config.Embedded.disk
	}
	if config.Observer != nil {
		log.observer = config.Observer
	}
	if err := checkServer(ctx, nc, log.js); err != nil {
		return nil, err
	}
	if log.shards, err = ensureStreams(ctx, log.js, config); err != nil {
		return nil, err
	}
	if err := log.moveOldRequests(ctx); err != nil {
		return nil, err
	}
	return log, nil
}

// logAt returns a log that was not looked at.
func logAt(nc *nats.Conn) (*Log, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &Log{nc: nc, js: js, observer: unobserved{}}, nil
}

// Shards returns how many shards the log has.
func (l *Log) Shards() int { return l.shards }

// Writable returns events.ErrFull while it is known that nothing can be stored. What is stored can be read even then.
func (l *Log) Writable() error { return l.room(nil) }

// room returns ErrFull if the disk is full, as far as that can be told; failed is how the last write failed, nil for none.
func (l *Log) room(failed error) error {
	if l.disk == nil {
		return nil
	}
	if failed != nil && !isConflict(failed) {
		l.disk.suspect()
	}
	return l.disk.full()
}

// Uploads are the lists that were uploaded. They are kept for some days.
func (l *Log) Uploads() events.ListStore { return &lists{log: l, bucket: uploadBucket} }

// HeldLists are the lists that somebody has to decide on. They are kept until they are deleted.
func (l *Log) HeldLists() events.ListStore { return &lists{log: l, bucket: heldBucket} }

// LastSequence implements events.Source.
func (l *Log) LastSequence(ctx context.Context, stream events.Stream) (uint64, error) {
	info, err := l.info(ctx, stream)
	if err != nil {
		return 0, unavailable("read stream "+string(stream), err)
	}
	return info.State.LastSeq, nil
}

// TimeOf implements events.Source.
func (l *Log) TimeOf(ctx context.Context, stream events.Stream, sequence uint64) (time.Time, error) {
	doing := fmt.Sprintf("read message %d of %s", sequence, stream)
	msg, err := l.at(ctx, stream, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		if _, err := l.info(ctx, stream); err != nil {
			return time.Time{}, unavailable(doing, err)
		}
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, unavailable(doing, err)
	}
	return msg.Time, nil
}
