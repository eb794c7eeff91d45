package projections

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/atlant-log/atlant/events"
)

// portionsPerBatch is in how many portions a batch is read at least while there is a backlog.
const portionsPerBatch = 5

// idleInterval is how long nothing comes before a projection is told.
const idleInterval = time.Second

// projection takes one stream into views.
type projection interface {
	// decode reads what messages say. It needs nothing but the messages.
	decode(messages []events.Message) *decodedBatch
	// apply takes decoded messages, in the order of the log, into the views, and then moves the checkpoint to their end.
	apply(ctx context.Context, batch *decodedBatch) error
	// idle is called now and then while there is nothing to apply.
	idle(ctx context.Context) error
}

// decodedBatch is a batch of messages, at least one, and what they say.
type decodedBatch struct {
	end       events.Message // the last one
	messages  int
	bytes     int // of their data
	malformed []malformedMessage
	traces    []string // that markers among them were written in, each once
	// Of a price stream: observations with the ids of their products, and whether more is known to follow.
	goesOn       bool
	observations []events.Observation
	ids          []events.ProductID
	// Of the fetch stream.
	fetches []fetchMessage
}

type malformedMessage struct {
	events.Message
	cause error
}

// join adds the batch that follows.
func (b *decodedBatch) join(next *decodedBatch) {
	b.end, b.messages, b.bytes = next.end, b.messages+next.messages, b.bytes+next.bytes
	b.goesOn = next.goesOn
	b.malformed = append(b.malformed, next.malformed...)
	for _, trace := range next.traces {
		b.addTrace(trace)
	}
	b.observations = append(b.observations, next.observations...)
	b.ids = append(b.ids, next.ids...)
	b.fetches = append(b.fetches, next.fetches...)
}

// addTrace notes the trace that a marker was written in, empty for none.
func (b *decodedBatch) addTrace(traceParent string) {
	if traceParent != "" && !slices.Contains(b.traces, traceParent) {
		b.traces = append(b.traces, traceParent)
	}
}

// project takes what a reader reads into views, up to bounds.Until and no further, without end if that is 0. While a batch is
// applied, more is read and decoded, and gathered to the next one. After each one applied is called. It ends when anything
// fails, and returns when nothing uses the reader any more.
func project(ctx context.Context, reader events.Reader, bounds events.Batch, to projection, applied func(Applied)) error {
	ctx, cancel := context.WithCancel(ctx)
	waiting := newWaitingBatch(bounds.Bytes)
	var reading sync.WaitGroup
	reading.Go(func() { waiting.end(readAhead(ctx, reader, bounds, to, waiting)) })
	defer reading.Wait()
	defer cancel()
	for {
		batch, err := waiting.take(ctx, idleInterval)
		if errors.Is(err, errIdle) {
			err = to.idle(ctx)
			if err == nil {
				continue
			}
		}
		if batch == nil {
			return err
		}
		began := time.Now()
		if err := to.apply(ctx, batch); err != nil {
			return err
		}
		applied(Applied{
			Stream: batch.end.Stream, Messages: batch.messages, Observations: len(batch.observations), Bytes: batch.bytes,
			Began: began, Ended: time.Now(), Traces: batch.traces,
		})
	}
}

// readAhead adds what it reads to the batch that waits, until that fails, the context ends or bounds.Until is reached.
func readAhead(ctx context.Context, reader events.Reader, bounds events.Batch, of projection, waiting *waitingBatch) error {
	portion := bounds
	portion.Bytes = bounds.Bytes / portionsPerBatch
	for last := uint64(0); bounds.Until == 0 || last < bounds.Until; {
		messages, err := reader.Next(ctx, portion)
		if err != nil {
			return err
		}
		last = messages[len(messages)-1].Sequence
		if messages = upTo(messages, bounds.Until); len(messages) == 0 {
			return nil
		}
		if err := waiting.add(ctx, of.decode(messages)); err != nil {
			return err
		}
	}
	return nil
}

// upTo cuts off the messages behind a sequence, none if that is 0.
func upTo(messages []events.Message, sequence uint64) []events.Message {
	for sequence > 0 && len(messages) > 0 && messages[len(messages)-1].Sequence > sequence {
		messages = messages[:len(messages)-1]
	}
	return messages
}
