package jetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// sourcesStreamConfig is the stream of the sources. It keeps the last message of each subject: the record of a source, the alarm
// that is set for it, and its last alarm that has gone off. So what is kept of a password ends with the next change of the
// record, and alarms that nobody takes do not pile up. Scheduling rules out that the stream discards what is new, so it must
// have no other limit.
func sourcesStreamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: sourcesStream, Subjects: []string{sourceRecords, sourceAlarms, sourcesDue}, Storage: jetstream.FileStorage,
		Replicas: replicas, MaxMsgsPerSubject: 1, Discard: jetstream.DiscardOld,
		AllowAtomicPublish: true, AllowMsgSchedules: true, AllowRollup: true,
	}
}

// RegisteredSource implements events.SourceRegistry.
func (l *Log) RegisteredSource(ctx context.Context, name string) (*events.RegisteredSource, error) {
	source, _, err := l.readSource(ctx, name)
	return source, err
}

// readSource returns a source, nil if there is none, and the sequence of the last message about it, which says that it was
// deleted if there is none; 0 if there never was one.
func (l *Log) readSource(ctx context.Context, name string) (*events.RegisteredSource, uint64, error) {
	doing := "read source " + name
	msg, err := l.lastIfAny(ctx, sourcesStream, sourceSubject(sourceRecords, name))
	switch {
	case err != nil:
		return nil, 0, unavailable(doing, err)
	case msg == nil:
		return nil, 0, nil
	case len(msg.Data) == 0:
		return nil, msg.Sequence, nil
	}
	record := &atlantv1.SourceRecord{}
	if err := proto.Unmarshal(msg.Data, record); err != nil {
		return nil, 0, fmt.Errorf("%s: %w: %w", doing, events.ErrMalformed, err)
	}
	return &events.RegisteredSource{Record: record, Revision: msg.Sequence}, msg.Sequence, nil
}

// RegisteredSources implements events.SourceRegistry.
func (l *Log) RegisteredSources(ctx context.Context, after string, limit int) ([]events.RegisteredSource, error) {
	names, err := l.sourceNames(ctx)
	if err != nil {
		return nil, unavailable("list sources", err)
	}
	at, found := slices.BinarySearch(names, after)
	if found {
		at++
	}
	var all []events.RegisteredSource
	for _, name := range names[at:] {
		if len(all) == limit {
			break
		}
		source, err := l.RegisteredSource(ctx, name)
		if err != nil {
			return nil, err
		}
		if source != nil { // it was not deleted
			all = append(all, *source)
		}
	}
	return all, nil
}

// sourceNames returns the names of all sources there ever were, sorted.
func (l *Log) sourceNames(ctx context.Context) ([]string, error) {
	stream, err := l.stream(ctx, sourcesStream)
	if err != nil {
		return nil, err
	}
	names, err := subjectsOf(ctx, stream, sourceRecords)
	if err != nil {
		return nil, err
	}
	for i, subject := range names {
		names[i] = sourceOf(subject)
	}
	slices.Sort(names)
	return names, nil
}

// RegisterSource implements events.SourceRegistry.
func (l *Log) RegisterSource(
	ctx context.Context, record *atlantv1.SourceRecord, revision uint64, alarm *atlantv1.SourceAlarm,
) (uint64, error) {
	data, err := proto.Marshal(record)
	if err != nil {
		return 0, fmt.Errorf("write source %s: %w", record.GetName(), err)
	}
	return l.writeSource(ctx, record.GetName(), data, revision, alarm)
}

// UnregisterSource implements events.SourceRegistry.
func (l *Log) UnregisterSource(ctx context.Context, name string, revision uint64) error {
	_, err := l.writeSource(ctx, name, nil, revision, nil)
	return err
}

// writeSource writes what there is of a source, and its alarm, in one atomic batch: no alarm of an earlier record survives.
func (l *Log) writeSource(
	ctx context.Context, name string, data []byte, revision uint64, alarm *atlantv1.SourceAlarm,
) (uint64, error) {
	doing := "write source " + name
	source, last, err := l.readSource(ctx, name)
	if err != nil {
		return 0, err
	}
	if (source == nil) != (revision == 0) || (source != nil && source.Revision != revision) {
		return 0, conflict(doing)
	}
	set, err := alarmMessage(name, alarm)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	var now uint64
	err = write{
		doing: doing, patience: writePatience, room: l.room,
		send: func() (err error) {
			now, err = l.sendSource(ctx, name, data, last, set)
			return err
		},
		lookUp: func() (is fate, err error) {
			now, is, err = l.lookUpSource(ctx, name, data, last)
			return is, err
		},
	}.persist(ctx)
	return now, err
}

// sendSource returns the sequence of the record. The client gives headers to messages that it sends: each attempt has its own.
func (l *Log) sendSource(ctx context.Context, name string, data []byte, last uint64, alarm func() *nats.Msg) (uint64, error) {
	batch, err := jetstreamext.NewBatchPublisher(l.js)
	if err != nil {
		return 0, err
	}
	if err := batch.AddMsg(alarm()); err != nil {
		return 0, err
	}
	msg := nats.NewMsg(sourceSubject(sourceRecords, name))
	msg.Data = data
	ack, err := batch.CommitMsg(ctx, msg, jetstreamext.WithBatchExpectLastSequencePerSubject(last))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// lookUpSource tells what became of a record that was written, and its sequence if it is there.
func (l *Log) lookUpSource(ctx context.Context, name string, data []byte, last uint64) (uint64, fate, error) {
	msg, err := l.last(ctx, sourcesStream, sourceSubject(sourceRecords, name))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, open, nil
	case err != nil:
		return 0, open, err
	case msg.Sequence < last: // we know more than who answered
		return 0, open, errOutOfTouch
	case msg.Sequence == last:
		return 0, open, nil
	case bytes.Equal(msg.Data, data): // with the time of the change in it, it is ours; to delete twice is to delete
		return msg.Sequence, landed, nil
	default:
		return 0, lost, nil
	}
}

// alarmMessage returns how to make the message that sets an alarm, or puts off the one that is set if it is nil.
//
// The server is given the time of each alarm (@at), and whoever takes the alarm sets the next one. A server could also repeat
// them (@every, cron), but not before 2.14, with no more than its own time zones, and from the moment that it heard of it.
func alarmMessage(name string, alarm *atlantv1.SourceAlarm) (func() *nats.Msg, error) {
	data, err := proto.Marshal(alarm)
	if err != nil {
		return nil, err
	}
	return func() *nats.Msg {
		msg := nats.NewMsg(sourceSubject(sourceAlarms, name))
		if alarm != nil {
			msg.Data = data
			msg.Header.Set(jetstream.ScheduleHeader, "@at "+alarm.GetDueAt().AsTime().Format(time.RFC3339))
			msg.Header.Set(jetstream.ScheduleTargetHeader, sourceSubject(sourcesDue, name))
		}
		return msg
	}, nil
}

// SetAlarm implements events.SourceRegistry.
func (l *Log) SetAlarm(ctx context.Context, alarm *atlantv1.SourceAlarm, revision uint64) error {
	doing := "set the alarm of source " + alarm.GetSource()
	message, err := alarmMessage(alarm.GetSource(), alarm)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	var refused error
	return write{
		doing: doing, patience: writePatience, room: l.room,
		send: func() error {
			_, refused = l.js.PublishMsg(ctx, message(),
				jetstream.WithExpectLastSequenceForSubject(revision, sourceSubject(sourceRecords, alarm.GetSource())))
			return refused
		},
		lookUp: func() (fate, error) { // set twice it is set once
			if isConflict(refused) {
				return lost, nil
			}
			return open, nil
		},
	}.persist(ctx)
}

// Alarm implements events.SourceRegistry.
func (l *Log) Alarm(ctx context.Context, name string) (*atlantv1.SourceAlarm, error) {
	msg, err := l.last(ctx, sourcesStream, sourceSubject(sourceAlarms, name))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound) || (err == nil && len(msg.Data) == 0):
		return nil, nil //nolint:nilnil // as documented
	case err != nil:
		return nil, unavailable("read the alarm of source "+name, err)
	}
	alarm := &atlantv1.SourceAlarm{}
	if err := proto.Unmarshal(msg.Data, alarm); err != nil {
		return nil, fmt.Errorf("read the alarm of source %s: %w: %w", name, events.ErrMalformed, err)
	}
	return alarm, nil
}

// sourceSubject returns the subject of a source among those of a kind. Names hold dots, and no equals sign.
func sourceSubject(kind, name string) string {
	return strings.TrimSuffix(kind, "*") + strings.ReplaceAll(name, ".", "=")
}

// sourceOf returns the source that a subject is about.
func sourceOf(subject string) string {
	return strings.ReplaceAll(subject[strings.LastIndexByte(subject, '.')+1:], "=", ".")
}
