package jetstream

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

const (
	// readAhead is how many bytes of messages may wait in this process to be read.
	readAhead = 8 << 20
	// readHeartbeat is how often the server says that there is nothing new; when two are missed, the reader begins anew
	// where it is.
	readHeartbeat = 5 * time.Second
)

// reader reads a stream with an ordered consumer, which the client renews by itself when the connection breaks.
type reader struct {
	stream   events.Stream
	messages jetstream.MessagesContext
	last     uint64
}

// Read implements events.Source.
func (l *Log) Read(ctx context.Context, stream events.Stream, after uint64) (events.Reader, error) {
	consumer, err := l.js.OrderedConsumer(ctx, string(stream), jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
		MaxResetAttempts: 1, // the caller decides when to try again; the client would do so for ever, deaf to the context
	})
	if err != nil {
		return nil, unavailable("read stream "+string(stream), err)
	}
	messages, err := consumer.Messages(jetstream.PullMaxBytes(readAhead), jetstream.PullHeartbeat(readHeartbeat))
	if err != nil {
		return nil, unavailable("read stream "+string(stream), err)
	}
	return &reader{stream: stream, messages: messages, last: after}, nil
}

// Next implements events.Reader.
func (r *reader) Next(ctx context.Context, batch events.Batch) ([]events.Message, error) {
	first, err := r.next(ctx)
	if err != nil {
		return nil, err
	}
	gathered := append(make([]events.Message, 0, min(batch.Limit, 64)), first)
	end, bytes := time.Now().Add(batch.Wait), len(first.Data)
	for len(gathered) < batch.Limit && (batch.Bytes == 0 || bytes < batch.Bytes) && (batch.Until == 0 || r.last < batch.Until) {
		wait := min(batch.Gap, time.Until(end))
		if wait <= 0 {
			break
		}
		m, err := r.nextWithin(ctx, wait)
		if err != nil {
			// What was gathered is good. If it was not the wait that ended, the next call meets the error again.
			return gathered, nil //nolint:nilerr // see above
		}
		gathered, bytes = append(gathered, m), bytes+len(m.Data)
	}
	return gathered, nil
}

func (r *reader) nextWithin(ctx context.Context, wait time.Duration) (events.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return r.next(ctx)
}

func (r *reader) next(ctx context.Context) (events.Message, error) {
	for {
		m, err := r.messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			if ctx.Err() != nil {
				return events.Message{}, ctx.Err()
			}
			return events.Message{}, unavailable("read stream "+string(r.stream), err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return events.Message{}, fmt.Errorf("read stream %s: %w", r.stream, err)
		}
		if meta.Sequence.Stream <= r.last {
			continue
		}
		r.last = meta.Sequence.Stream
		kind, key := kindOf(m.Subject())
		message := events.Message{
			Stream: r.stream, Sequence: r.last, Subject: m.Subject(), Kind: kind, Key: key, Data: m.Data(), Time: meta.Timestamp,
			Pending: meta.NumPending,
		}
		if kind == events.KindMarker {
			message.TraceParent = traceParent(m.Headers())
		}
		return message, nil
	}
}

// Close implements events.Reader.
func (r *reader) Close() { r.messages.Stop() }
