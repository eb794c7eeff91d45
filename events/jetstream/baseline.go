package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/atlant-log/atlant/events"
)

// The stream of the baseline, which no log has.
const (
	baselineStream  events.Stream = "BASELINE"
	baselineSubject string        = "baseline"
)

// Baseline is what a NATS server does with the messages of a log when nothing of a log is done with them: no encoding, no
// shards, no marker with its compare-and-set, no decoding. A log is compared with it.
type Baseline struct {
	js jetstream.JetStream
}

// OpenBaseline makes an empty stream with the settings of a shard. It must be closed; the connection stays the caller's.
func OpenBaseline(ctx context.Context, nc *Conn, replicas int) (*Baseline, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("open baseline: %w", err)
	}
	if _, err := js.CreateStream(ctx, logStream(baselineStream, max(replicas, 1), baselineSubject)); err != nil {
		return nil, unavailable("open baseline", err)
	}
	return &Baseline{js: js}, nil
}

// Publish publishes messages in atomic batches, as large as those of a log, and blocks until the last one is durable. Like
// a log it waits for each batch.
func (b *Baseline) Publish(ctx context.Context, payloads [][]byte) error {
	for payloads := range slices.Chunk(payloads, batchRows/events.GroupSize+1) {
		batch, err := jetstreamext.NewBatchPublisher(b.js)
		if err != nil {
			return fmt.Errorf("begin bare batch: %w", err)
		}
		last := len(payloads) - 1
		msg := nats.NewMsg(baselineSubject) // one for all: the client has written it out when AddMsg returns
		for _, data := range payloads[:last] {
			msg.Data, msg.Reply = data, ""
			if err := batch.AddMsg(msg); err != nil {
				return fmt.Errorf("add to bare batch: %w", err)
			}
		}
		msg.Data, msg.Reply = payloads[last], ""
		if _, err := batch.CommitMsg(ctx, msg); err != nil {
			return fmt.Errorf("commit bare batch: %w", err)
		}
	}
	return nil
}

// Consume reads all messages in order, looks at none, and returns how many there were.
func (b *Baseline) Consume(ctx context.Context) (int, error) {
	stream, err := b.js.Stream(ctx, string(baselineStream))
	if err != nil {
		return 0, unavailable("read baseline", err)
	}
	total := int(stream.CachedInfo().State.Msgs)
	consumer, err := b.js.OrderedConsumer(ctx, string(baselineStream), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return 0, unavailable("read baseline", err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxBytes(readAhead), jetstream.PullHeartbeat(readHeartbeat))
	if err != nil {
		return 0, unavailable("read baseline", err)
	}
	defer messages.Stop()
	for range total {
		if _, err := messages.Next(jetstream.NextContext(ctx)); err != nil {
			return 0, unavailable("read baseline", err)
		}
	}
	return total, nil
}

// Close deletes the stream.
func (b *Baseline) Close(ctx context.Context) error {
	if err := b.js.DeleteStream(ctx, string(baselineStream)); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return unavailable("delete baseline", err)
	}
	return nil
}
