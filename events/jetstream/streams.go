package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

const (
	// shardsKey is where the fetch stream's metadata keeps the number of shards: it is fixed when the log is created.
	shardsKey = "atlant.shards"
	// openPatience is how long JetStream may take to answer when a log is opened: a cluster that has just started elects
	// its leaders first.
	openPatience = 15 * time.Second
)

// ensureStreams creates what is missing, checks what is there, and returns the number of shards.
func ensureStreams(ctx context.Context, js jetstream.JetStream, config Config) (int, error) {
	shards, replicas, err := ensureFetchStream(ctx, js, config)
	if err != nil {
		return 0, err
	}
	var faults FaultsError
	for _, wanted := range wantedStreams(shards, max(config.Replicas, replicas)) {
		stream, err := ensureStream(ctx, js, wanted)
		if err == nil && wanted.Name == queueStream {
			stream, err = bringQueueUpToDate(ctx, js, stream)
		}
		if found, ok := errors.AsType[FaultsError](err); ok {
			faults = append(faults, found...)
			continue
		}
		if err != nil {
			return 0, unavailable("open stream "+wanted.Name, err)
		}
		wanted.Replicas = config.Replicas // how many were asked for, if that was said
		faults = append(faults, streamFaults(stream.CachedInfo().Config, wanted)...)
	}
	if len(faults) > 0 {
		return 0, faults
	}
	return shards, nil
}

// ensureFetchStream creates or opens the stream that also remembers the number of shards. A log of an older version may lack
// other streams; these then have as many replicas as this one.
func ensureFetchStream(ctx context.Context, js jetstream.JetStream, config Config) (shards, replicas int, err error) {
	asked := max(config.Shards, 1)
	if asked > events.MaxShards {
		return 0, 0, fmt.Errorf("create log: %d shards, at most %d are possible", asked, events.MaxShards)
	}
	stream, err := ensureStream(ctx, js, fetchStream(asked, max(config.Replicas, 1)))
	if faults, ok := errors.AsType[FaultsError](err); ok {
		return 0, 0, faults
	}
	if err != nil {
		return 0, 0, unavailable("open log", err)
	}
	found := stream.CachedInfo().Config
	if shards, err = shardsOf(found); err != nil {
		return 0, 0, err
	}
	if err := unfinished(found); err != nil {
		return 0, 0, err
	}
	if config.Shards != 0 && config.Shards != shards {
		return 0, 0, fmt.Errorf("open log: it has %d shards, not %d; that is fixed when a log is created", shards, config.Shards)
	}
	return shards, found.Replicas, nil
}

// shardsOf reads the number of shards off the fetch stream.
func shardsOf(config jetstream.StreamConfig) (int, error) {
	shards, err := strconv.Atoi(config.Metadata[shardsKey])
	if err != nil || shards < 1 || shards > events.MaxShards {
		return 0, fmt.Errorf("open log: stream %s is not Atlant's: its metadata has no %s", events.FetchStream, shardsKey)
	}
	return shards, nil
}

// wantedStreams are the streams of a log as they are created.
func wantedStreams(shards, replicas int) []jetstream.StreamConfig {
	all := []jetstream.StreamConfig{fetchStream(shards, replicas)}
	for shard := range shards {
		all = append(all, logStream(events.PriceStream(shard), replicas, fmt.Sprintf("prices.%d.>", shard)))
	}
	return append(all, logStream(parkedStream, replicas, "parked.>"), sourcesStreamConfig(replicas),
		alertsStreamConfig(replicas), notificationStreamConfig(replicas), deliveryStreamConfig(replicas),
		bucketStream(uploadBucket, uploadTTL, replicas), bucketStream(heldBucket, 0, replicas), jetstream.StreamConfig{
			Name: queueStream, Subjects: []string{queueSubjects}, Storage: jetstream.FileStorage, Replicas: replicas,
			// Whoever sets a limit must not lose requests by it.
			Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
		})
}

func fetchStream(shards, replicas int) jetstream.StreamConfig {
	config := logStream(events.FetchStream, replicas, "fetches.*", "requests.*")
	config.Metadata = map[string]string{shardsKey: strconv.Itoa(shards)}
	return config
}

// logStream is the configuration of a stream that keeps everything. Direct reads are off: any replica answers those, also
// one that is behind.
func logStream(name events.Stream, replicas int, subjects ...string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: string(name), Subjects: subjects, Storage: jetstream.FileStorage, Replicas: replicas,
		Compression: jetstream.S2Compression, AllowAtomicPublish: true,
	}
}

// ensureStream opens a stream, and creates it if it is missing. One that is there stays as it is: an operator may have set
// it up.
func ensureStream(ctx context.Context, js jetstream.JetStream, wanted jetstream.StreamConfig) (jetstream.Stream, error) {
	var stream jetstream.Stream
	err := untilAnswered(ctx, openPatience, func(ctx context.Context) (err error) {
		stream, err = js.Stream(ctx, wanted.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			stream, err = js.CreateStream(ctx, wanted)
		}
		return err
	})
	switch codeOf(err) {
	case codeReplicasAlone, codeNoPeers:
		return nil, FaultsError{{
			Where: "stream " + wanted.Name, What: "replicas", Is: "impossible with the servers that are there",
			Must: fmt.Sprint(wanted.Replicas, ", which was asked for"),
			Todo: "start as many servers with JetStream in one cluster, or ask for fewer",
		}}
	case codeSubjectsOverlap:
		return nil, FaultsError{{
			Where: "stream " + wanted.Name, What: "subjects", Is: "taken by another stream",
			Must: strings.Join(wanted.Subjects, " "), Todo: "use an account of its own for Atlant, or delete the other stream",
		}}
	default:
		return stream, err
	}
}
