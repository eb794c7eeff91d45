package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// notificationConsumer is what all who post webhooks share.
	notificationConsumer = "deliverers"
	// maxNotificationsInHand bounds the notifications that are handed out and not done: also those that wait for another attempt.
	maxNotificationsInHand = 100_000
)

// notificationStreamConfig is the work queue of webhooks.
func notificationStreamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: notificationStream, Subjects: []string{notificationSubjects}, Storage: jetstream.FileStorage, Replicas: replicas,
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
	}
}

// Notify implements events.Notifications.
func (l *Log) Notify(ctx context.Context, fired *atlantv1.AlertFired) error {
	doing := "put notification " + fired.GetId() + " on the queue"
	data, err := proto.Marshal(fired)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	err = l.publishFirst(ctx, doing, subjectOf(notificationSubjects, fired.GetId()), data)
	if err != nil && !errors.Is(err, events.ErrConflict) { // a conflict says that it is on the queue already
		return err
	}
	return nil
}

// TakeNotifications implements events.Notifications.
func (l *Log) TakeNotifications(ctx context.Context) (events.NotificationQueue, error) {
	queue, err := openSharedQueue[atlantv1.AlertFired](ctx, l, "take notifications", notificationStream, jetstream.ConsumerConfig{
		Durable: notificationConsumer, MaxAckPending: maxNotificationsInHand,
	})
	if err != nil {
		return nil, err
	}
	return notificationQueue{queue}, nil
}

type notificationQueue struct {
	*sharedQueue[atlantv1.AlertFired, *atlantv1.AlertFired]
}

// Next implements events.NotificationQueue.
func (q notificationQueue) Next(ctx context.Context) (events.NotificationItem, error) {
	fired, item, err := q.next(ctx)
	if err != nil {
		return nil, err
	}
	return notificationItem{item, fired}, nil
}

type notificationItem struct {
	sharedItem

	fired *atlantv1.AlertFired
}

// Fired implements events.NotificationItem.
func (i notificationItem) Fired() *atlantv1.AlertFired { return i.fired }
