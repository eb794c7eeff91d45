package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// shardsKey is where the fetch stream's metadata keeps the number of shards: it is fixed when the log is created.
const shardsKey = "atlant.shards"

// ensureStreams creates what is missing and returns the number of shards.
func ensureStreams(ctx context.Context, js jetstream.JetStream, config Config) (int, error) {
	shards, err := ensureFetchStream(ctx, js, config)
	if err != nil {
		return 0, err
	}
	replicas := max(config.Replicas, 1)
	for shard := range shards {
		err := createStream(ctx, js, logStream(events.PriceStream(shard), replicas, fmt.Sprintf("prices.%d.>", shard)))
		if err != nil {
			return 0, err
		}
	}
	if err := createStream(ctx, js, logStream(parkedStream, replicas, "parked.>")); err != nil {
		return 0, err
	}
	return shards, createStream(ctx, js, jetstream.StreamConfig{
		Name: queueStream, Subjects: []string{"queue.*"}, Storage: jetstream.FileStorage, Replicas: replicas,
		// Whoever sets a limit must not lose requests by it.
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
	})
}

// ensureFetchStream creates or opens the stream that also remembers the number of shards.
func ensureFetchStream(ctx context.Context, js jetstream.JetStream, config Config) (int, error) {
	stream, err := js.Stream(ctx, string(events.FetchStream))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		shards := max(config.Shards, 1)
		if shards > events.MaxShards {
			return 0, fmt.Errorf("create log: %d shards, at most %d are possible", shards, events.MaxShards)
		}
		wanted := logStream(events.FetchStream, max(config.Replicas, 1), "fetches.*", "requests.*")
		wanted.Metadata = map[string]string{shardsKey: strconv.Itoa(shards)}
		return shards, createStream(ctx, js, wanted)
	}
	if err != nil {
		return 0, unavailable("open log", err)
	}
	shards, err := strconv.Atoi(stream.CachedInfo().Config.Metadata[shardsKey])
	if err != nil || shards < 1 || shards > events.MaxShards {
		return 0, fmt.Errorf("open log: stream %s is not Atlant's: its metadata has no %s", events.FetchStream, shardsKey)
	}
	if config.Shards != 0 && config.Shards != shards {
		return 0, fmt.Errorf("open log: it has %d shards, not %d; that is fixed when a log is created", shards, config.Shards)
	}
	return shards, nil
}

// logStream is the configuration of a stream that keeps everything.
func logStream(name events.Stream, replicas int, subjects ...string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: string(name), Subjects: subjects, Storage: jetstream.FileStorage, Replicas: replicas,
		Compression: jetstream.S2Compression, AllowAtomicPublish: true, AllowDirect: true,
	}
}

// createStream creates a stream if it is missing. One that is there stays as it is: an operator may have set it up.
func createStream(ctx context.Context, js jetstream.JetStream, config jetstream.StreamConfig) error {
	_, err := js.Stream(ctx, config.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, config)
	}
	if err != nil {
		return unavailable("create stream "+config.Name, err)
	}
	return nil
}
