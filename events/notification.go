package events

import (
	"context"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Notifications are the webhooks that are to be posted.
type Notifications interface {
	// Notify puts one on the queue, unless one of that id is on it. It is durable when it returns nil. It blocks for some seconds
	// while the log cannot be reached, and then returns ErrUnavailable, with ErrFull if that is why.
	Notify(ctx context.Context, fired *atlantv1.AlertFired) error
	// TakeNotifications opens what they come from. Whoever else opens it shares it.
	TakeNotifications(ctx context.Context) (NotificationQueue, error)
}

// NotificationQueue hands out notifications, each to one of those who share it.
type NotificationQueue interface {
	// Next blocks for the next one, also while the log cannot be reached. It returns the context's error when that ends, and
	// ErrUnavailable when the queue is of no use any more and has to be opened anew.
	Next(ctx context.Context) (NotificationItem, error)
	// Close stops taking; those that are taken and not done come back, here or elsewhere.
	Close()
}

// NotificationItem is a notification that is handed out. It comes back, after some seconds without a sign of life, until it is
// done.
type NotificationItem interface {
	// Fired is what is to be posted.
	Fired() *atlantv1.AlertFired
	// Keep is the sign of life. That it does not arrive is no loss: then the item comes back.
	Keep()
	// Done takes the notification off the queue, and blocks until that is confirmed.
	Done(ctx context.Context) error
	// Later has it come back after a while; that the queue cannot be told so is no loss, for it comes back by itself.
	Later(after time.Duration)
}

// PlacedDelivery is a delivery with the place of its record among all.
type PlacedDelivery struct {
	Delivery *atlantv1.Delivery
	Sequence uint64 // above 0
}

// DeliveryLog keeps what became of notifications, for a while.
type DeliveryLog interface {
	// RecordDelivery writes how a delivery stands, in place of what was written of it. It is durable when it returns nil. It
	// blocks for some seconds while the log cannot be reached, and then returns ErrUnavailable, with ErrFull if that is why.
	RecordDelivery(ctx context.Context, delivery *atlantv1.Delivery) error
	// Delivery returns what was written of a delivery, nil if nothing was or it is too long ago.
	Delivery(ctx context.Context, alert, id string) (*atlantv1.Delivery, error)
	// Deliveries returns at most so many deliveries of an alert, empty for all, that were written before a sequence, 0 for all:
	// the last one first.
	Deliveries(ctx context.Context, alert string, before uint64, limit int) ([]PlacedDelivery, error)
}
