package projections

import (
	"context"
	"sync"

	"github.com/atlant-log/atlant/events"
)

// projection takes one stream into views.
type projection interface {
	// decode reads what messages say. It needs nothing but the messages.
	decode(messages []events.Message) *decodedBatch
	// apply takes decoded messages, in the order of the log, into the views, and then moves the checkpoint to their end.
	apply(ctx context.Context, batch *decodedBatch) error
}

// decodedBatch is a batch of messages, at least one, and what they say.
type decodedBatch struct {
	end       events.Message // the last one
	messages  int
	malformed []malformedMessage
	// Of a price stream: observations with the ids of their products.
	observations []events.Observation
	ids          []events.ProductID
	// Of the fetch stream.
	fetches []fetchMessage
}

type malformedMessage struct {
	events.Message
	cause error
}

// project takes what a reader reads into views, up to portion.Until and no further, without end if that is 0. While a batch
// is applied, the next one is read and decoded, and then waits. After each one applied is called. It ends when anything
// fails, and returns when nothing uses the reader any more.
func project(ctx context.Context, reader events.Reader, portion events.Batch, to projection, applied func(messages int)) error {
	ctx, cancel := context.WithCancel(ctx)
	ready := make(chan readBatch)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(ready)
		readAhead(ctx, reader, portion, to, ready)
	})
	defer reading.Wait()
	defer cancel()
	for next := range ready {
		if next.err != nil {
			return next.err
		}
		if err := to.apply(ctx, next.batch); err != nil {
			return err
		}
		applied(next.batch.messages)
	}
	return ctx.Err()
}

// readBatch is a batch, or why there are no more.
type readBatch struct {
	batch *decodedBatch
	err   error
}

// readAhead hands out batch after batch until it fails, the context ends or portion.Until is reached.
func readAhead(ctx context.Context, reader events.Reader, portion events.Batch, of projection, ready chan<- readBatch) {
	for last := uint64(0); portion.Until == 0 || last < portion.Until; {
		messages, err := reader.Next(ctx, portion)
		next := readBatch{err: err}
		if err == nil {
			last = messages[len(messages)-1].Sequence
			if messages = upTo(messages, portion.Until); len(messages) == 0 {
				return
			}
			next.batch = of.decode(messages)
		}
		select {
		case ready <- next:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// upTo cuts off the messages behind a sequence, none if that is 0.
func upTo(messages []events.Message, sequence uint64) []events.Message {
	for sequence > 0 && len(messages) > 0 && messages[len(messages)-1].Sequence > sequence {
		messages = messages[:len(messages)-1]
	}
	return messages
}
