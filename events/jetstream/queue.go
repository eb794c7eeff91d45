package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// ackWait is how long a request may show no sign of life before it is handed out again.
	ackWait = 30 * time.Second
	// maxInHand bounds the requests of a partition that are handed out and not done.
	maxInHand = 10_000
	// queueHeartbeat is how often the server says that no request has come; when two are missed, the queue looks whether
	// it is still there.
	queueHeartbeat = 3 * time.Second
	// takeAttempts bounds how often a partition is taken that others take at the same moment.
	takeAttempts = 5
)

// Enqueue implements events.FetchQueue.
func (l *Log) Enqueue(ctx context.Context, request *atlantv1.FetchRequested) error {
	doing := "enqueue fetch " + request.GetId()
	data, err := proto.Marshal(request)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	err = l.publishFirstMsg(ctx, doing, func() *nats.Msg {
		msg := nats.NewMsg(queueSubject(events.PartitionOf(request.GetSource()), events.QueueKey(request)))
		msg.Data = data
		inject(ctx, msg)
		return msg
	})
	if err != nil && !errors.Is(err, events.ErrConflict) { // a conflict says that it is on the queue already
		return err
	}
	return nil
}

// TakeFrom implements events.FetchQueue. Each owner of a partition has a consumer of its own name, and the server allows one
// per partition: an earlier owner can take nothing from ours, and what it still confirms reaches nobody.
func (l *Log) TakeFrom(ctx context.Context, partition int) (events.RequestQueue, error) {
	doing := fmt.Sprintf("take partition %d of the queue", partition)
	var consumer jetstream.Consumer
	var err error
	for range takeAttempts {
		if err = l.expel(ctx, partition); err != nil {
			return nil, unavailable(doing, err)
		}
		if consumer, err = l.js.CreateConsumer(ctx, queueStream, newConsumer(partition)); codeOf(err) != codeFilterNotUnique {
			break
		}
	}
	if err != nil {
		return nil, unavailable(doing, err)
	}
	// One at a time: what waits in this process's memory shows no sign of life.
	requests, err := consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullHeartbeat(queueHeartbeat))
	if err != nil {
		return nil, unavailable(doing, err)
	}
	return &requestQueue{log: l, consumer: consumer.CachedInfo().Name, requests: requests, doing: doing}, nil
}

// newConsumer has no limit of deliveries: a process that is killed in the middle counts as a delivery too, and must not
// make a good request fail. The fetcher itself counts the attempts that failed.
func newConsumer(partition int) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: consumerPrefix(partition) + uuid.NewString(), FilterSubject: queueSubject(partition, "*"),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: maxInHand,
	}
}

// expel deletes the consumers of a partition.
func (l *Log) expel(ctx context.Context, partition int) error {
	stream, err := l.stream(ctx, queueStream)
	if err != nil {
		return err
	}
	// All of them first: while they are listed the clock of that request runs.
	var expelled []string
	all := stream.ConsumerNames(ctx)
	for name := range all.Name() {
		if strings.HasPrefix(name, consumerPrefix(partition)) {
			expelled = append(expelled, name)
		}
	}
	if err := all.Err(); err != nil {
		return err
	}
	for _, name := range expelled {
		err := stream.DeleteConsumer(ctx, name)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return err
		}
	}
	return nil
}

// requestQueue is one owner's hold on a partition.
type requestQueue struct {
	log      *Log
	consumer string
	requests jetstream.MessagesContext
	doing    string

	delivered uint64 // how many deliveries the server had counted with the last one
}

// Dequeue implements events.RequestQueue.
func (q *requestQueue) Dequeue(ctx context.Context) (events.WorkItem, error) {
	for {
		msg, err := q.requests.Next(jetstream.NextContext(ctx))
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, jetstream.ErrNoHeartbeat):
			if err := q.check(ctx); errors.Is(err, events.ErrTaken) {
				return nil, err
			}
			continue // the client asks again
		case err != nil:
			return nil, errors.Join(unavailable(q.doing, err), q.check(ctx))
		}
		if err := q.inOrder(msg); err != nil {
			return nil, err
		}
		var request atlantv1.FetchRequested
		if err := proto.Unmarshal(msg.Data(), &request); err != nil {
			// Only Enqueue writes here, so this comes from a newer version; leave it for one.
			if err := msg.NakWithDelay(ackWait); err != nil {
				return nil, unavailable("put a request back", err)
			}
			continue
		}
		return &workItem{queue: q, msg: msg, request: &request}, nil
	}
}

// inOrder returns ErrUnavailable where a delivery was lost on its way, as when the server that sent it is killed: the server
// hands that request out again only after ackWait, and this one would overtake it. Whoever takes the partition anew gets all
// that is not done in its order.
func (q *requestQueue) inOrder(msg jetstream.Msg) error {
	meta, err := msg.Metadata()
	if err != nil {
		return unavailable(q.doing, err)
	}
	now := meta.Sequence.Consumer
	if now > q.delivered+1 {
		return unavailable(q.doing, fmt.Errorf("delivery %d came after %d: one was lost", now, q.delivered))
	}
	q.delivered = now // a new leader may count from further back, and deliver again
	return nil
}

// findConsumer returns jetstream.ErrConsumerNotFound if a consumer is not there any more. It asks once, and waits no longer than that
// takes, however long the context lasts: while a cluster elects a leader the question is lost.
func (l *Log) findConsumer(ctx context.Context, stream, consumer string) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	_, err := l.js.Consumer(ctx, stream, consumer)
	return err
}

// check returns ErrTaken if the partition is somebody else's now.
func (q *requestQueue) check(ctx context.Context) error {
	err := q.log.findConsumer(ctx, queueStream, q.consumer)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		return fmt.Errorf("%s: %w", q.doing, events.ErrTaken)
	case err != nil:
		return unavailable(q.doing, err)
	}
	return nil
}

// Close implements events.RequestQueue.
func (q *requestQueue) Close() { q.requests.Stop() }
