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
	for next := uint64(1); ; {
		msg, err := m.here.from(ctx, sourcesStream, ">", next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return unavailable(doing, err)
		}
		next = msg.Sequence + 1
		isDue := msg.Subject == sourceSubject(sourcesDue, sourceOf(msg.Subject))
		if len(msg.Data) == 0 || (isDue && msg.Sequence <= taken) { // it was deleted, put off or taken
			continue
		}
		m.report(MoveQueue)
		err = m.there.publishFirstMsg(ctx, fmt.Sprintf("%s: %s", doing, msg.Subject), func() *nats.Msg { return copyOf(msg) })
		if err != nil && !errors.Is(err, events.ErrConflict) { // a conflict says that it is there already
			return err
		}
	}
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
