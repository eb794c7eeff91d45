package jetstream

import (
	"context"
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

func (l *Log) sources() records[atlantv1.SourceRecord, *atlantv1.SourceRecord] {
	return records[atlantv1.SourceRecord, *atlantv1.SourceRecord]{
		log: l, stream: sourcesStream, subjects: sourceRecords, noun: "source",
	}
}

// RegisteredSource implements events.SourceRegistry.
func (l *Log) RegisteredSource(ctx context.Context, name string) (*events.RegisteredSource, error) {
	found, _, err := l.sources().read(ctx, name)
	if err != nil || found == nil {
		return nil, err
	}
	return &events.RegisteredSource{Record: found.message, Revision: found.revision}, nil
}

// RegisteredSources implements events.SourceRegistry.
func (l *Log) RegisteredSources(ctx context.Context, after string, limit int) ([]events.RegisteredSource, error) {
	page, err := l.sources().page(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]events.RegisteredSource, len(page))
	for i, found := range page {
		all[i] = events.RegisteredSource{Record: found.message, Revision: found.revision}
	}
	return all, nil
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
	set, err := alarmMessage(name, alarm)
	if err != nil {
		return 0, fmt.Errorf("write source %s: %w", name, err)
	}
	return l.sources().write(ctx, name, data, revision, func(last uint64) (uint64, error) {
		return l.sendSource(ctx, name, data, last, set)
	})
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
	msg := nats.NewMsg(subjectOf(sourceRecords, name))
	msg.Data = data
	ack, err := batch.CommitMsg(ctx, msg, jetstreamext.WithBatchExpectLastSequencePerSubject(last))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
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
		msg := nats.NewMsg(subjectOf(sourceAlarms, name))
		if alarm != nil {
			msg.Data = data
			msg.Header.Set(jetstream.ScheduleHeader, "@at "+alarm.GetDueAt().AsTime().Format(time.RFC3339))
			msg.Header.Set(jetstream.ScheduleTargetHeader, subjectOf(sourcesDue, name))
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
				jetstream.WithExpectLastSequenceForSubject(revision, subjectOf(sourceRecords, alarm.GetSource())))
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
	msg, err := l.last(ctx, sourcesStream, subjectOf(sourceAlarms, name))
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
