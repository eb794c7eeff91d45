package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// alertsStreamConfig is the stream of the alerts. It keeps the last message of each subject: the record of an alert, and how far
// each shard is told to alerts. So what is kept of a webhook's URL ends with the next change of the record.
func alertsStreamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: alertsStream, Subjects: []string{alertRecords, alertPositions}, Storage: jetstream.FileStorage,
		Replicas: replicas, MaxMsgsPerSubject: 1, Discard: jetstream.DiscardOld,
	}
}

func (l *Log) alerts() records[atlantv1.AlertRecord, *atlantv1.AlertRecord] {
	return records[atlantv1.AlertRecord, *atlantv1.AlertRecord]{
		log: l, stream: alertsStream, subjects: alertRecords, noun: "alert",
	}
}

// RegisteredAlert implements events.AlertRegistry.
func (l *Log) RegisteredAlert(ctx context.Context, name string) (*events.RegisteredAlert, error) {
	found, _, err := l.alerts().read(ctx, name)
	if err != nil || found == nil {
		return nil, err
	}
	return &events.RegisteredAlert{Record: found.message, Revision: found.revision}, nil
}

// RegisteredAlerts implements events.AlertRegistry.
func (l *Log) RegisteredAlerts(ctx context.Context, after string, limit int) ([]events.RegisteredAlert, error) {
	page, err := l.alerts().page(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]events.RegisteredAlert, len(page))
	for i, found := range page {
		all[i] = events.RegisteredAlert{Record: found.message, Revision: found.revision}
	}
	return all, nil
}

// AlertsRevision implements events.AlertRegistry: it is the sequence of the last message about any alert.
func (l *Log) AlertsRevision(ctx context.Context) (uint64, error) {
	msg, err := l.lastIfAny(ctx, alertsStream, alertRecords)
	if err != nil {
		return 0, unavailable("look whether alerts were changed", err)
	}
	if msg == nil {
		return 0, nil
	}
	return msg.Sequence, nil
}

// RegisterAlert implements events.AlertRegistry.
func (l *Log) RegisterAlert(ctx context.Context, record *atlantv1.AlertRecord, revision uint64) (uint64, error) {
	name := record.GetAlert().GetName()
	data, err := proto.Marshal(record)
	if err != nil {
		return 0, fmt.Errorf("write alert %s: %w", name, err)
	}
	return l.writeAlert(ctx, name, data, revision)
}

// UnregisterAlert implements events.AlertRegistry.
func (l *Log) UnregisterAlert(ctx context.Context, name string, revision uint64) error {
	_, err := l.writeAlert(ctx, name, nil, revision)
	return err
}

func (l *Log) writeAlert(ctx context.Context, name string, data []byte, revision uint64) (uint64, error) {
	return l.alerts().write(ctx, name, data, revision, func(last uint64) (uint64, error) {
		return l.publishAfter(ctx, subjectOf(alertRecords, name), data, last)
	})
}

// publishAfter publishes a message on condition that the last one of its subject is at a sequence, and returns its own.
func (l *Log) publishAfter(ctx context.Context, subject string, data []byte, last uint64) (uint64, error) {
	msg := nats.NewMsg(subject)
	msg.Data = data
	ack, err := l.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(last))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// AlertPosition implements events.AlertPositions.
func (l *Log) AlertPosition(ctx context.Context, shard int) (uint64, error) {
	sequence, _, err := l.readAlertPosition(ctx, shard)
	return sequence, err
}

// readAlertPosition returns a position, and the sequence of the message that says it; 0 if there is none.
func (l *Log) readAlertPosition(ctx context.Context, shard int) (sequence, at uint64, err error) {
	doing := fmt.Sprintf("read how far shard %d is told to alerts", shard)
	msg, err := l.lastIfAny(ctx, alertsStream, alertPositionSubject(shard))
	if err != nil {
		return 0, 0, unavailable(doing, err)
	}
	if msg == nil {
		return 0, 0, nil
	}
	var position atlantv1.AlertPosition
	if err := proto.Unmarshal(msg.Data, &position); err != nil {
		return 0, 0, fmt.Errorf("%s: %w: %w", doing, events.ErrMalformed, err)
	}
	return position.GetSequence(), msg.Sequence, nil
}

// MoveAlertPosition implements events.AlertPositions. Where another process moves it at the same moment, it is looked again.
func (l *Log) MoveAlertPosition(ctx context.Context, shard int, sequence uint64) error {
	doing := fmt.Sprintf("note how far shard %d is told to alerts", shard)
	data, err := proto.Marshal(&atlantv1.AlertPosition{Sequence: sequence})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	for {
		reached, last, err := l.readAlertPosition(ctx, shard)
		if err != nil || reached >= sequence {
			return err
		}
		err = write{
			doing: doing, patience: writePatience, room: l.room,
			send: func() error {
				_, err := l.publishAfter(ctx, alertPositionSubject(shard), data, last)
				return err
			},
			lookUp: func() (fate, error) {
				_, now, err := l.readAlertPosition(ctx, shard)
				if err != nil || now == last {
					return open, err
				}
				return lost, nil // it may be ours, which the next look tells
			},
		}.persist(ctx)
		if !errors.Is(err, events.ErrConflict) {
			return err
		}
	}
}

func alertPositionSubject(shard int) string { return subjectOf(alertPositions, strconv.Itoa(shard)) }
