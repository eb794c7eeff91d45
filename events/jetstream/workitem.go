package jetstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// confirmTimeout bounds how long the queue may take to confirm what it is told of a request.
const confirmTimeout = 5 * time.Second

// What the queue is told: the acknowledgements of JetStream's protocol.
var (
	inProgress = []byte("+WPI")
	done       = []byte("+ACK")
)

// workItem is a request that the queue has handed out.
type workItem struct {
	queue   *requestQueue
	msg     jetstream.Msg
	request *atlantv1.FetchRequested
}

// Request implements events.WorkItem.
func (w *workItem) Request() *atlantv1.FetchRequested { return w.request }

// Origin implements events.WorkItem.
func (w *workItem) Origin() events.Origin {
	origin := events.Origin{TraceParent: traceParent(w.msg.Headers())}
	if meta, err := w.msg.Metadata(); err == nil {
		origin.EnqueuedAt = meta.Timestamp
	}
	return origin
}

// Keep implements events.WorkItem.
func (w *workItem) Keep(ctx context.Context) error { return w.tell(ctx, "keep", inProgress) }

// Done implements events.WorkItem.
func (w *workItem) Done(ctx context.Context) error { return w.tell(ctx, "take off the queue", done) }

// tell says something of the request to the consumer that handed it out. Where none answers, it may be gone.
func (w *workItem) tell(ctx context.Context, doing string, what []byte) error {
	asking, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	_, err := w.queue.log.nc.RequestWithContext(asking, w.msg.Reply(), what)
	if err == nil {
		return nil
	}
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, context.DeadlineExceeded) {
		if err := w.queue.check(ctx); errors.Is(err, events.ErrTaken) {
			return err
		}
	}
	return unavailable(doing+" fetch "+w.request.GetId(), err)
}
