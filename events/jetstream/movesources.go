package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// moveSources puts the sources into the new log, with the alarms that are set and those that went off and were not taken. It is
// done when the old log is sealed. An alarm that goes off in the old log meanwhile comes as one that has gone off; one that is
// set in the new log once more, because the move was interrupted, goes off once more, and whoever takes it notices.
// Sources get new revisions.
func (m *move) moveSources(ctx context.Context) error {
	const doing = "move sources"
	taken, err := m.alarmsTaken(ctx)
	if err != nil {
		return unavailable(doing, err)
	}
	return m.copyMessages(ctx, doing, sourcesStream, func(msg *jetstream.RawStreamMsg) bool {
		isDue := msg.Subject == subjectOf(sourcesDue, nameOf(msg.Subject))
		return !isDue || msg.Sequence > taken
	})
}

// alarmsTaken returns up to which sequence all alarms of the old log were taken.
func (m *move) alarmsTaken(ctx context.Context) (uint64, error) {
	consumer, err := m.here.js.Consumer(ctx, sourcesStream, alarmConsumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return consumer.CachedInfo().AckFloor.Stream, nil
}

// copyMessages puts the messages of a stream that pass into the new log, in their order; not those that say that something was
// deleted or put off. It is done when the old log is sealed. What is there already stays.
func (m *move) copyMessages(
	ctx context.Context, doing string, stream events.Stream, pass func(msg *jetstream.RawStreamMsg) bool,
) error {
	for next := uint64(1); ; {
		msg, err := m.here.from(ctx, stream, ">", next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return unavailable(doing, err)
		}
		next = msg.Sequence + 1
		if len(msg.Data) == 0 || !pass(msg) {
			continue
		}
		m.report(MoveQueue)
		err = m.there.publishFirstMsg(ctx, fmt.Sprintf("%s: %s", doing, msg.Subject), func() *nats.Msg { return copyOf(msg) })
		if err != nil && !errors.Is(err, events.ErrConflict) { // a conflict says that it is there already
			return err
		}
	}
}

// copyOf copies a message, and of its headers those that make it an alarm.
func copyOf(msg *jetstream.RawStreamMsg) *nats.Msg {
	copied := nats.NewMsg(msg.Subject)
	copied.Data = msg.Data
	for _, header := range []string{jetstream.ScheduleHeader, jetstream.ScheduleTargetHeader} {
		if value := msg.Header.Get(header); value != "" {
			copied.Header.Set(header, value)
		}
	}
	return copied
}
