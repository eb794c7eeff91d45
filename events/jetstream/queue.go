package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	queueConsumer = "fetchers"
	// ackWait is how long a request may show no sign of life before it is given to somebody else.
	ackWait = 30 * time.Second
	// maxInHand bounds the requests that are taken and not done, over all fetchers.
	maxInHand = 10_000
)

// openQueue begins to take requests. There is no limit of deliveries: a process that is killed in the middle counts as a
// delivery too, and must not make a good request fail. The fetcher itself counts the attempts that failed.
func openQueue(ctx context.Context, js jetstream.JetStream, exclusive bool) (jetstream.MessagesContext, error) {
	if exclusive {
		// What a killed process had in hand would come back only after ackWait; a new consumer gets it at once.
		err := js.DeleteConsumer(ctx, queueStream, queueConsumer)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, unavailable("open fetch queue", err)
		}
	}
	consumer, err := js.CreateOrUpdateConsumer(ctx, queueStream, jetstream.ConsumerConfig{
		Durable: queueConsumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxDeliver: -1, MaxAckPending: maxInHand,
	})
	if err != nil {
		return nil, unavailable("open fetch queue", err)
	}
	// One at a time: what waits in this process's memory would be lost to other fetchers.
	requests, err := consumer.Messages(jetstream.PullMaxMessages(1))
	if err != nil {
		return nil, unavailable("open fetch queue", err)
	}
	return requests, nil
}

// Enqueue implements events.FetchQueue.
func (l *Log) Enqueue(ctx context.Context, request *atlantv1.FetchRequested) error {
	data, err := proto.Marshal(request)
	if err != nil {
		return fmt.Errorf("enqueue fetch %s: %w", request.GetId(), err)
	}
	msg := nats.NewMsg(queueSubject(request.GetId()))
	msg.Data = data
	_, err = l.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0))
	if err != nil && !isConflict(err) { // a conflict says that it is on the queue already
		return unavailable("enqueue fetch "+request.GetId(), err)
	}
	return nil
}

// Dequeue implements events.FetchQueue.
func (l *Log) Dequeue(ctx context.Context) (events.WorkItem, error) {
	for {
		msg, err := l.requests.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			continue // the client asks again
		case err != nil:
			return nil, unavailable("take a request from the queue", err)
		}
		var request atlantv1.FetchRequested
		if err := proto.Unmarshal(msg.Data(), &request); err != nil {
			// Only Enqueue writes here, so this comes from a newer version; leave it for one.
			if err := msg.NakWithDelay(ackWait); err != nil {
				return nil, unavailable("put a request back", err)
			}
			continue
		}
		return &workItem{msg: msg, request: &request}, nil
	}
}

type workItem struct {
	msg     jetstream.Msg
	request *atlantv1.FetchRequested
}

func (w *workItem) Request() *atlantv1.FetchRequested { return w.request }

func (w *workItem) InProgress() error {
	if err := w.msg.InProgress(); err != nil {
		return unavailable("keep fetch "+w.request.GetId(), err)
	}
	return nil
}

func (w *workItem) Done(ctx context.Context) error {
	if err := w.msg.DoubleAck(ctx); err != nil {
		return unavailable("take fetch "+w.request.GetId()+" off the queue", err)
	}
	return nil
}
