package jetstream

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// alarmConsumer is what all who take alarms share.
	alarmConsumer = "alarms"
	// maxAlarmsInHand bounds the alarms that are handed out and not done.
	maxAlarmsInHand = 1000
)

// Alarms implements events.SourceRegistry.
func (l *Log) Alarms(ctx context.Context) (events.AlarmQueue, error) {
	queue, err := openSharedQueue[atlantv1.SourceAlarm](ctx, l, "take alarms", sourcesStream, jetstream.ConsumerConfig{
		Durable: alarmConsumer, FilterSubject: sourcesDue, MaxAckPending: maxAlarmsInHand,
	})
	if err != nil {
		return nil, err
	}
	return alarmQueue{queue}, nil
}

type alarmQueue struct {
	*sharedQueue[atlantv1.SourceAlarm, *atlantv1.SourceAlarm]
}

// Next implements events.AlarmQueue.
func (q alarmQueue) Next(ctx context.Context) (events.AlarmItem, error) {
	alarm, item, err := q.next(ctx)
	if err != nil {
		return nil, err
	}
	return alarmItem{item, alarm}, nil
}

type alarmItem struct {
	sharedItem

	alarm *atlantv1.SourceAlarm
}

// Alarm implements events.AlarmItem.
func (i alarmItem) Alarm() *atlantv1.SourceAlarm { return i.alarm }
