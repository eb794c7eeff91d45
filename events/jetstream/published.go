package jetstream

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// Published implements events.PublishedLog. A fetch's last message in a shard is its last marker, and its first batch ends with
// its first one.
func (l *Log) Published(ctx context.Context, shard int, fetch events.FetchID) (events.Range, error) {
	subject, stream := markerSubject(shard, fetch), events.PriceStream(shard)
	doing := "find " + subject
	last, err := l.lastIfAny(ctx, stream, subject)
	switch {
	case err != nil:
		return events.Range{}, unavailable(doing, err)
	case last == nil:
		return events.Range{}, nil
	}
	first, err := l.from(ctx, stream, subject, 1)
	if errors.Is(err, jetstream.ErrMsgNotFound) { // who answered is behind
		err = errOutOfTouch
	}
	if err != nil {
		return events.Range{}, unavailable(doing, err)
	}
	begin := uint64(1)
	if first.Sequence > batchMessages {
		begin = first.Sequence - batchMessages
	}
	return events.Range{First: begin, Last: last.Sequence}, nil
}
