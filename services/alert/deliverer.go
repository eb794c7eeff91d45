package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/outbound"
)

const (
	// postsAtOnce is how many webhooks a process posts at a time.
	postsAtOnce = 16
	// busyPause is how long a webhook waits whose receiver has enough to do.
	busyPause = 2 * time.Second
	// keepInterval is how often the queue is told that a webhook is being posted.
	keepInterval = 3 * time.Second
	// goneReason is why an alert is paused whose receiver wants no more.
	goneReason = "the receiver answered 410 Gone"
)

// DefaultRetries are the pauses between the attempts: 8 of them within a day.
func DefaultRetries() []time.Duration {
	return []time.Duration{
		5 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 8 * time.Hour, 12 * time.Hour,
	}
}

// DelivererConfig says how webhooks are posted.
type DelivererConfig struct {
	Keys    Keys                 // at least one
	Guard   outbound.DialControl // of the addresses to post to
	Retries []time.Duration      // the pauses between the attempts; after the last one it is given up
	Version string               // of this program: receivers are told it
}

// DelivererLog is what a deliverer needs of the log.
type DelivererLog interface {
	events.AlertRegistry
	events.Notifications
	events.DeliveryLog
}

// Deliverer posts what has fired, signed, at least once. Any number of processes have one: each notification goes to one of them,
// and one that is killed amid a post has it posted again, under the same id.
type Deliverer struct {
	log     DelivererLog
	logger  *slog.Logger
	retries []time.Duration
	poster  *poster
	hosts   *hosts
}

// NewDeliverer returns a deliverer that does nothing yet.
func NewDeliverer(log DelivererLog, config DelivererConfig, logger *slog.Logger) *Deliverer {
	return &Deliverer{log: log, logger: logger, retries: config.Retries, poster: newPoster(&config), hosts: newHosts()}
}

// Run delivers until the context ends; while the log cannot be reached, it keeps trying. It returns when all posts under way have
// ended.
func (d *Deliverer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := d.deliverAll(ctx)
		if ctx.Err() != nil {
			return
		}
		d.logger.WarnContext(ctx, "no notifications from the queue", slog.Any(logError, err), slog.Duration(logRetryIn, retryPause))
		pause(ctx, retryPause)
	}
}

// deliverAll delivers until the context ends or notifications cannot be taken any more.
func (d *Deliverer) deliverAll(ctx context.Context) error {
	queue, err := d.log.TakeNotifications(ctx)
	if err != nil {
		return err
	}
	defer queue.Close()
	var delivering errgroup.Group
	delivering.SetLimit(postsAtOnce)
	defer func() { _ = delivering.Wait() }() // what went wrong is said where it did
	for {
		item, err := queue.Next(ctx)
		if err != nil {
			return err
		}
		delivering.Go(func() error {
			d.handle(ctx, item)
			return nil
		})
	}
}

// handle does what is to be done with a notification, or has it come back.
func (d *Deliverer) handle(ctx context.Context, item events.NotificationItem) {
	stop := keep(item)
	again, err := d.deliver(ctx, item.Fired(), time.Now())
	if err == nil && again == 0 {
		err = item.Done(ctx)
	}
	stop()
	switch {
	case err == nil && again == 0:
	case err == nil:
		item.Later(again)
	case ctx.Err() != nil: // this process ends: another one, or the next, may take it at once
		item.Later(time.Millisecond)
	default:
		d.logger.ErrorContext(ctx, "a webhook has to wait",
			slog.String(logAlert, item.Fired().GetNotification().GetData().GetAlert()),
			slog.String(logID, item.Fired().GetId()), slog.Any(logError, err), slog.Duration(logRetryIn, retryPause))
		item.Later(retryPause)
	}
}

// keep tells the queue that there is work on an item, until stop is called.
func keep(item events.NotificationItem) (stop func()) {
	done := make(chan struct{})
	var keeping sync.WaitGroup
	keeping.Go(func() {
		ticker := time.NewTicker(keepInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				item.Keep()
			}
		}
	})
	return func() {
		close(done)
		keeping.Wait()
	}
}

// deliver posts a notification, if it is its time, and records what came of it. It returns after which time it is to come back, 0
// if never. Its errors are those of the log: then nothing is recorded.
func (d *Deliverer) deliver(ctx context.Context, fired *atlantv1.AlertFired, now time.Time) (again time.Duration, err error) {
	name := fired.GetNotification().GetData().GetAlert()
	last, err := d.log.Delivery(ctx, name, fired.GetId())
	if err != nil {
		return 0, err
	}
	switch {
	case last.GetState() == delivered || last.GetState() == givenUp: // by somebody who could not say so
		return 0, nil
	case last.GetNextAttemptAt().AsTime().After(now):
		return last.GetNextAttemptAt().AsTime().Sub(now), nil
	}
	delivery := begin(fired, last)
	alert, err := d.log.RegisteredAlert(ctx, name)
	if err != nil {
		return 0, err
	}
	if why := reasonAgainst(fired, alert); why != "" {
		delivery.State, delivery.Error = givenUp, why
		return 0, d.log.RecordDelivery(ctx, delivery)
	}
	delivery.WebhookHost = alert.Record.GetAlert().GetWebhookHost()
	leave, ok := d.hosts.enter(ctx, delivery.GetWebhookHost())
	if !ok {
		return busyPause, nil
	}
	defer leave()
	return d.attempt(ctx, fired, delivery, alert)
}

// States for short.
const (
	retrying  = atlantv1.DeliveryState_DELIVERY_STATE_RETRYING
	delivered = atlantv1.DeliveryState_DELIVERY_STATE_DELIVERED
	givenUp   = atlantv1.DeliveryState_DELIVERY_STATE_GIVEN_UP
)

// begin returns the record of a delivery as it was left.
func begin(fired *atlantv1.AlertFired, last *atlantv1.Delivery) *atlantv1.Delivery {
	if last != nil {
		return proto.CloneOf(last)
	}
	notification := fired.GetNotification()
	return &atlantv1.Delivery{
		Id: fired.GetId(), Alert: notification.GetData().GetAlert(), ProductId: notification.GetData().GetProductId(),
		FiredAt: notification.GetTimestamp(),
	}
}

// reasonAgainst returns why a notification is given up without posting it, empty if it is not.
func reasonAgainst(fired *atlantv1.AlertFired, alert *events.RegisteredAlert) string {
	switch {
	case alert == nil, !alert.Record.GetAlert().GetCreatedAt().AsTime().Equal(fired.GetAlertCreatedAt().AsTime()):
		return "the alert was removed"
	case alert.Record.GetAlert().GetPausedReason() != "" && fired.GetNotification().GetType() != typeTest:
		return "the alert was paused: " + alert.Record.GetAlert().GetPausedReason()
	default:
		return ""
	}
}

// attempt posts once and records what came of it. Where the process is to end meanwhile, the attempt counts as none.
func (d *Deliverer) attempt(
	ctx context.Context, fired *atlantv1.AlertFired, delivery *atlantv1.Delivery, alert *events.RegisteredAlert,
) (again time.Duration, err error) {
	body, err := bodyOf(fired.GetNotification())
	if err != nil {
		return 0, fmt.Errorf("encode a notification: %w", err)
	}
	status, failure := d.poster.post(ctx, alert.Record.GetAlert().GetWebhookUrl(), fired.GetId(), body)
	if failure != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	now := time.Now()
	delivery.Attempts++
	delivery.StatusCode, delivery.AttemptedAt = int32(status), timestamppb.New(now)
	delivery.Error, delivery.NextAttemptAt = "", nil
	switch {
	case failure == nil:
		delivery.State = delivered
	case status == http.StatusGone, int(delivery.GetAttempts()) > len(d.retries):
		delivery.State, delivery.Error = givenUp, failure.Error()
	default:
		again = jitter(d.retries[delivery.GetAttempts()-1])
		delivery.State, delivery.Error, delivery.NextAttemptAt = retrying, failure.Error(), timestamppb.New(now.Add(again))
	}
	if delivery.GetState() == givenUp {
		d.logger.WarnContext(ctx, "a webhook is given up", slog.String(logAlert, delivery.GetAlert()), slog.String(logID, delivery.GetId()),
			slog.String(logHost, delivery.GetWebhookHost()), slog.Any(logError, failure))
	}
	// A post that was answered is recorded also by a process that ends.
	recording := context.WithoutCancel(ctx)
	if status == http.StatusGone && fired.GetNotification().GetType() != typeTest {
		if err := d.pauseGone(recording, alert); err != nil {
			return 0, err
		}
	}
	return again, d.log.RecordDelivery(recording, delivery)
}

// jitter makes a pause up to a tenth longer, so that what failed together is not tried again together.
func jitter(d time.Duration) time.Duration { return d + rand.N(d/10+1) }

// pauseGone pauses an alert whose receiver wants no more. One that was changed meanwhile is left alone.
func (d *Deliverer) pauseGone(ctx context.Context, alert *events.RegisteredAlert) error {
	record := proto.CloneOf(alert.Record)
	record.Alert.Paused, record.Alert.PausedReason = true, goneReason
	record.Alert.UpdatedAt = timestamppb.Now()
	_, err := d.log.RegisterAlert(ctx, record, alert.Revision)
	if errors.Is(err, events.ErrConflict) {
		return nil
	}
	return err
}
