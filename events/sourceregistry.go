package events

import (
	"context"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// RegisteredSource is a source that users have set up, as it is at a revision.
type RegisteredSource struct {
	Record   *atlantv1.SourceRecord
	Revision uint64 // of the record, above 0: it counts up, with gaps, and over all sources
}

// SourceRegistry keeps the sources that users have set up, and sets off an alarm when one is due to be fetched. A source has
// one alarm at most. Methods that change something are durable when they return nil; they block for some seconds while the log
// cannot be reached, and then return ErrUnavailable, with ErrFull if that is why: the change may have been made even so.
type SourceRegistry interface {
	// RegisteredSource returns a source, nil if there is none of that name.
	RegisteredSource(ctx context.Context, name string) (*RegisteredSource, error)
	// RegisteredSources returns at most so many sources whose names come after one, byte by byte, in that order.
	RegisteredSources(ctx context.Context, after string, limit int) ([]RegisteredSource, error)
	// RegisterSource writes a record together with its alarm, nil for none, if the source is at a revision, 0 if there is to
	// be none yet. It returns the new revision, or ErrConflict.
	RegisterSource(ctx context.Context, record *atlantv1.SourceRecord, revision uint64, alarm *atlantv1.SourceAlarm) (uint64, error)
	// UnregisterSource removes a source with its alarm, if it is at the revision; otherwise it returns ErrConflict.
	UnregisterSource(ctx context.Context, name string, revision uint64) error
	// SetAlarm sets the alarm of a source in place of the one that it has, if the source is at the revision; otherwise it
	// returns ErrConflict. An alarm for a time that is over goes off at once.
	SetAlarm(ctx context.Context, alarm *atlantv1.SourceAlarm, revision uint64) error
	// Alarm returns the alarm that is set for a source, nil if none is.
	Alarm(ctx context.Context, name string) (*atlantv1.SourceAlarm, error)
	// Alarms opens what alarms that have gone off come from. Whoever else opens it shares it.
	Alarms(ctx context.Context) (AlarmQueue, error)
}

// AlarmQueue hands out alarms that have gone off, each to one of those who share it. Of several alarms of a source that nobody
// has taken the last is kept.
type AlarmQueue interface {
	// Next blocks for the next alarm, also while the log cannot be reached. It returns the context's error when that ends, and
	// ErrUnavailable when the queue is of no use any more and has to be opened anew.
	Next(ctx context.Context) (AlarmItem, error)
	// Close stops taking alarms; those that are taken and not done come back, here or elsewhere.
	Close()
}

// AlarmItem is an alarm that has gone off. It comes back, after some seconds, until it is done.
type AlarmItem interface {
	// Alarm is what has gone off.
	Alarm() *atlantv1.SourceAlarm
	// Done takes the alarm off the queue, and blocks until that is confirmed.
	Done(ctx context.Context) error
	// Later has the alarm come back after a while; that it cannot be told so is no loss, for it comes back by itself.
	Later(after time.Duration)
}
