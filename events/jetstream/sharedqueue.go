package jetstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
)

// sharedWait is how long a message may be in hand, with no sign of life, before it is handed out again.
const sharedWait = 10 * time.Second

// sharedQueue hands out messages of a kind, each to one of those who share a consumer. Nobody owns a message: that it is taken
// twice does no harm, so one consumer for all is enough, and there is nothing to hand over.
type sharedQueue[M any, P interface {
	*M
	proto.Message
}] struct {
	log      *Log
	doing    string // what for
	stream   string
	consumer string
	messages jetstream.MessagesContext
}

// openSharedQueue opens a queue, and makes its consumer if it is missing; of this a part says which messages it has, and how many
// may be handed out and not done.
func openSharedQueue[M any, P interface {
	*M
	proto.Message
}](ctx context.Context, log *Log, doing, stream string, part jetstream.ConsumerConfig) (*sharedQueue[M, P], error) {
	part.AckPolicy, part.AckWait, part.MaxDeliver = jetstream.AckExplicitPolicy, sharedWait, -1
	var consumer jetstream.Consumer
	err := untilAnswered(ctx, openPatience, func(ctx context.Context) (err error) {
		consumer, err = log.js.CreateOrUpdateConsumer(ctx, stream, part)
		return err
	})
	if err != nil {
		return nil, unavailable(doing, err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullHeartbeat(queueHeartbeat))
	if err != nil {
		return nil, unavailable(doing, err)
	}
	return &sharedQueue[M, P]{log: log, doing: doing, stream: stream, consumer: part.Durable, messages: messages}, nil
}

// next blocks for the next message, also while the log cannot be reached. It returns the context's error when that ends, and
// ErrUnavailable when the queue is of no use any more and has to be opened anew.
func (q *sharedQueue[M, P]) next(ctx context.Context) (P, sharedItem, error) {
	for {
		msg, err := q.messages.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil, sharedItem{}, ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			if err := q.log.findConsumer(ctx, q.stream, q.consumer); errors.Is(err, jetstream.ErrConsumerNotFound) {
				return nil, sharedItem{}, unavailable(q.doing, err)
			}
			continue // the client asks again
		case err != nil:
			return nil, sharedItem{}, unavailable(q.doing, err)
		}
		content := P(new(M))
		if err := proto.Unmarshal(msg.Data(), content); err != nil {
			// Only this package writes here, so this comes from a newer version; leave it for one.
			if err := msg.NakWithDelay(ackWait); err != nil {
				return nil, sharedItem{}, unavailable(q.doing, err)
			}
			continue
		}
		return content, sharedItem{doing: q.doing, msg: msg}, nil
	}
}

// Close stops taking messages; those that are taken and not done come back, here or elsewhere.
func (q *sharedQueue[M, P]) Close() { q.messages.Stop() }

// sharedItem is a message that is handed out.
type sharedItem struct {
	doing string
	msg   jetstream.Msg
}

// Keep is a sign of life.
func (i sharedItem) Keep() { _ = i.msg.InProgress() }

// Done takes the message off the queue, and blocks until that is confirmed.
func (i sharedItem) Done(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, confirmTimeout)
	defer cancel()
	if err := i.msg.DoubleAck(ctx); err != nil {
		return unavailable(i.doing+": take one off the queue", err)
	}
	return nil
}

// Later has the message come back after a while.
func (i sharedItem) Later(after time.Duration) { _ = i.msg.NakWithDelay(after) }
