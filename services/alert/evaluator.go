package alert

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	// lookInterval is how often it is looked whether the views have got further.
	lookInterval = 250 * time.Millisecond
	// retryPause is how long is waited after a failure.
	retryPause = 5 * time.Second
	// feedPage is how many changes are read at a time, earlierPage how many of one product's.
	feedPage    = 500
	earlierPage = 100
	// notifiedAtOnce is how many notifications are put on the queue at a time.
	notifiedAtOnce = 16
	// typeAlert is the type of a notification, typeTest that of one that somebody asked for.
	typeAlert = "atlant.alert"
	typeTest  = "atlant.alert.test"
)

// EvaluatorLog is what an evaluator needs of the log.
type EvaluatorLog interface {
	events.AlertRegistry
	events.AlertPositions
	events.Notifications
}

// Evaluator asks the alerts about each price change that becomes visible, and puts what fires on the queue. It follows the
// changes behind a position of its own, which only ever moves forward: views that are filled again, or rebuilt, hold the same
// changes at the same places, and fire nothing. What it does is harmless when it is done twice, by two processes or again after a
// crash: what fires has an id that the alert and the change make.
type Evaluator struct {
	log    EvaluatorLog
	live   projections.LiveViews
	logger *slog.Logger
	rules  ruleCache
}

// NewEvaluator returns an evaluator that does nothing yet.
func NewEvaluator(log EvaluatorLog, live projections.LiveViews, logger *slog.Logger) *Evaluator {
	return &Evaluator{log: log, live: live, logger: logger, rules: ruleCache{registry: log}}
}

// Run follows a shard until the context ends. Whatever fails is tried again after a pause. Several shards can be followed at
// once.
func (e *Evaluator) Run(ctx context.Context, shard int) {
	for ctx.Err() == nil {
		err := e.follow(ctx, shard)
		if ctx.Err() != nil {
			return
		}
		e.logger.ErrorContext(ctx, "alerts stand still", slog.Int(logShard, shard),
			slog.Any(logError, err), slog.Duration(logRetryIn, retryPause))
		pause(ctx, retryPause)
	}
}

// follow follows a shard until something fails.
func (e *Evaluator) follow(ctx context.Context, shard int) error {
	reached, err := e.log.AlertPosition(ctx, shard)
	if err != nil {
		return err
	}
	for {
		next, err := e.step(ctx, shard, reached)
		if err != nil {
			return err
		}
		if next == reached {
			pause(ctx, lookInterval)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		reached = next
	}
}

// step goes on from a sequence, and returns the one that is reached then: the same if there is nothing new. The rules are read
// after it is known how far the views are: a rule that was made by the time a price was published is among them.
func (e *Evaluator) step(ctx context.Context, shard int, reached uint64) (uint64, error) {
	views, err := e.live.Live(ctx)
	if err != nil {
		return 0, err
	}
	checkpoint, err := views.Checkpoint(ctx, events.PriceStream(shard))
	if err != nil || checkpoint.Sequence <= reached {
		return reached, err
	}
	rules, err := e.rules.now(ctx)
	if err != nil {
		return 0, err
	}
	if rules.none() { // whatever is made later begins later
		return checkpoint.Sequence, nil
	}
	if reached = max(reached, rules.began(uint32(shard))); checkpoint.Sequence <= reached {
		return reached, nil
	}
	changes, to, err := projections.ReadFeed(ctx, views, uint32(shard), reached, checkpoint.Sequence, feedPage)
	if err != nil {
		return 0, err
	}
	if err := e.ask(ctx, views, rules, changes); err != nil {
		return 0, err
	}
	return to, e.log.MoveAlertPosition(ctx, shard, to)
}

// ask asks the rules about changes, and puts what fires on the queue. It blocks until that is durable.
func (e *Evaluator) ask(ctx context.Context, views projections.Views, rules *rules, changes []projections.Change) error {
	products, err := projections.ProductsOf(ctx, views, changes)
	if err != nil {
		return err
	}
	notifying, notifyCtx := errgroup.WithContext(ctx)
	notifying.SetLimit(notifiedAtOnce)
	now := time.Now()
	for i := range changes {
		c := &changes[i]
		p, ok := products[c.ProductID]
		if !ok {
			continue
		}
		err = rules.of(p.ID, func(r *rule) error {
			if !r.concerns(&p, c.Place) {
				return nil
			}
			met, err := fires(r.record.GetAlert().GetCondition(), c, earlier(ctx, views, c, r.record.GetSince()[c.Place.Shard]))
			if err == nil && met {
				notifying.Go(func() error { return e.log.Notify(notifyCtx, fired(r.record.GetAlert(), &p, c, now)) })
			}
			return err
		})
		if err != nil {
			break
		}
	}
	if failed := notifying.Wait(); err == nil {
		err = failed
	}
	return err
}

// earlier are the changes of a product before one, the latest first, back to where an alert began.
func earlier(ctx context.Context, views projections.Views, c *projections.Change, since uint64) iter.Seq2[projections.Change, error] {
	return func(yield func(projections.Change, error) bool) {
		for before := &c.At; ; {
			page, err := views.ListChanges(ctx, c.ProductID, false, before, earlierPage)
			if err != nil {
				yield(projections.Change{}, fmt.Errorf("list earlier changes: %w", err))
				return
			}
			for i := range page {
				if page[i].Place.Sequence <= since || !yield(page[i], nil) {
					return
				}
			}
			if len(page) < earlierPage {
				return
			}
			before = &page[len(page)-1].At
		}
	}
}

// firedSpace is the namespace of the ids of what fires.
var firedSpace = uuid.MustParse("3d0b9a52-62a1-4c5e-9d0f-5b0c3e1f7a64")

// firedID makes an id of an alert and the key of a change. An alert that was removed and made anew is another one.
func firedID(alert *atlantv1.Alert, c *projections.Change) uuid.UUID {
	key := fmt.Sprintf("%s %d %s %d %s",
		alert.GetName(), alert.GetCreatedAt().AsTime().UnixMicro(), c.ProductID, c.At.ObservedAt, c.At.Fetch)
	return uuid.NewSHA1(firedSpace, []byte(key))
}

func fired(alert *atlantv1.Alert, p *projections.Product, c *projections.Change, now time.Time) *atlantv1.AlertFired {
	change := rpc.Change(c)
	return &atlantv1.AlertFired{
		Id: firedID(alert, c).String(), AlertCreatedAt: alert.GetCreatedAt(),
		Notification: &atlantv1.AlertNotification{Type: typeAlert, Timestamp: timestamppb.New(now), Data: &atlantv1.FiredAlert{
			Alert: alert.GetName(), ProductId: change.GetProductId(), Source: p.Source, Name: p.Name,
			Price: change.GetPrice(), PreviousPrice: change.GetPreviousPrice(),
			ObservedAt: change.GetObservedAt(), FetchId: change.GetFetchId(),
		}},
	}
}

// pause waits, but not longer than the context lasts.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
