package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// alarmConsumer is what all who take alarms share.
	alarmConsumer = "alarms"
	// alarmWait is how long an alarm may be in hand before it is handed out again.
	alarmWait = 10 * time.Second
	// maxAlarmsInHand bounds the alarms that are handed out and not done.
	maxAlarmsInHand = 1000
)

// Alarms implements events.SourceRegistry. Nobody owns an alarm: that it is taken twice does no harm, so one consumer for all is
// enough, and there is nothing to hand over.
func (l *Log) Alarms(ctx context.Context) (events.AlarmQueue, error) {
	const doing = "take alarms"
	var consumer jetstream.Consumer
	err := untilAnswered(ctx, openPatience, func(ctx context.Context) (err error) {
		consumer, err = l.js.CreateOrUpdateConsumer(ctx, sourcesStream, jetstream.ConsumerConfig{
			Durable: alarmConsumer, FilterSubject: sourcesDue, AckPolicy: jetstream.AckExplicitPolicy, AckWait: alarmWait,
			MaxDeliver: -1, MaxAckPending: maxAlarmsInHand,
		})
		return err
	})
	if err != nil {
		return nil, unavailable(doing, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullHeartbeat(queueHeartbeat))
	if err != nil {
		return nil, unavailable(doing, err)
	}
	return &alarmQueue{log: l, messages: messages}, nil
}

type alarmQueue struct {
	log      *Log
	messages jetstream.MessagesContext
}

// Next implements events.AlarmQueue.
func (q *alarmQueue) Next(ctx context.Context) (events.AlarmItem, error) {
	for {
		msg, err := q.messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			if _, err := q.log.js.Consumer(ctx, sourcesStream, alarmConsumer); errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil, unavailable("take alarms", err)
			}
			continue // the client asks again
		case err != nil:
			return nil, unavailable("take alarms", err)
		}
		alarm := &atlantv1.SourceAlarm{}
		if err := proto.Unmarshal(msg.Data(), alarm); err != nil {
			// Only SetAlarm and RegisterSource write here, so this comes from a newer version; leave it for one.
			if err := msg.NakWithDelay(ackWait); err != nil {
				return nil, unavailable("put an alarm back", err)
			}
			continue
		}
		return &alarmItem{msg: msg, alarm: alarm}, nil
	}
}

// Close implements events.AlarmQueue.
func (q *alarmQueue) Close() { q.messages.Stop() }

type alarmItem struct {
	msg   jetstream.Msg
	alarm *atlantv1.SourceAlarm
}

// Alarm implements events.AlarmItem.
func (i *alarmItem) Alarm() *atlantv1.SourceAlarm { return i.alarm }

// Done implements events.AlarmItem.
func (i *alarmItem) Done(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	if err := i.msg.DoubleAck(ctx); err != nil {
		return unavailable(fmt.Sprintf("take the alarm of source %s off the queue", i.alarm.GetSource()), err)
	}
	return nil
}

// Later implements events.AlarmItem.
func (i *alarmItem) Later(after time.Duration) { _ = i.msg.NakWithDelay(after) }
