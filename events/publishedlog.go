package events

import (
	"context"
	"time"
)

// Range is messages of a stream: those from the first sequence to the last one. Its zero value holds none.
type Range struct{ First, Last uint64 }

// PublishedLog is what fetches have published.
type PublishedLog interface {
	Source
	// Shards returns how many shards the log has.
	Shards() int
	// Published returns a range of a shard's stream that holds all observations of a fetch there, among those of others; none
	// if there are none. It returns ErrUnavailable when the log cannot be reached.
	Published(ctx context.Context, shard int, fetch FetchID) (Range, error)
}

// Observations calls take with the observations of a fetch, some at a time, shard by shard and in the order of the log; take
// must not keep them. It blocks while it reads, and returns ErrUnavailable when the log cannot be reached, and an error of take
// as it is. What cannot be decoded it passes over, as the views do.
func Observations(ctx context.Context, log PublishedLog, fetch FetchID, take func([]Observation) error) error {
	for shard := range log.Shards() {
		if err := ShardObservations(ctx, log, shard, fetch, take); err != nil {
			return err
		}
	}
	return nil
}

// ShardObservations is Observations for one shard.
func ShardObservations(ctx context.Context, log PublishedLog, shard int, fetch FetchID, take func([]Observation) error) error {
	published, err := log.Published(ctx, shard, fetch)
	if err != nil || published.Last == 0 {
		return err
	}
	return observationsIn(ctx, log, PriceStream(shard), published, fetch, take)
}

func observationsIn(
	ctx context.Context, log Source, stream Stream, published Range, fetch FetchID, take func([]Observation) error,
) error {
	reader, err := log.Read(ctx, stream, published.First-1)
	if err != nil {
		return err
	}
	defer reader.Close()
	batch := Batch{Limit: 1000, Bytes: 4 << 20, Gap: 100 * time.Millisecond, Wait: time.Second, Until: published.Last}
	var all []Observation
	for {
		messages, err := reader.Next(ctx, batch)
		if err != nil {
			return err
		}
		all = all[:0]
		for _, m := range messages {
			if m.Kind == KindObserved && m.Sequence <= published.Last {
				all = appendOfFetch(all, m.Data, fetch)
			}
		}
		if len(all) > 0 {
			if err := take(all); err != nil {
				return err
			}
		}
		if messages[len(messages)-1].Sequence >= published.Last {
			return nil
		}
	}
}

// appendOfFetch appends the observations of a message, which all are of one fetch, if it is this one.
func appendOfFetch(all []Observation, data []byte, fetch FetchID) []Observation {
	more, err := DecodeObservations(all, data)
	if err != nil || len(more) > len(all) && more[len(all)].Position.Fetch != fetch {
		return all
	}
	return more
}
