package jetstream

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// touch is how long ago the leader of a stream may have heard of half of the others. It is less than what replicas wait
// until they elect another leader, 4 s at least: within it nobody else can have led and written.
const touch = 3 * time.Second

// errOutOfTouch: the stream's leader may have been cut off from the others, who may know better than it.
var errOutOfTouch = errors.New("the leader of the stream is out of touch with its replicas")

// stream returns the way to a stream. Messages are read through its leader, because Atlant's streams do not allow direct
// reads unless they have one replica: another one may be behind.
func (l *Log) stream(ctx context.Context, name events.Stream) (jetstream.Stream, error) {
	if known, ok := l.streams.Load(name); ok {
		return known.(jetstream.Stream), nil //nolint:forcetypeassert // nothing else is put there
	}
	stream, err := l.js.Stream(ctx, string(name))
	if err != nil {
		return nil, err
	}
	l.streams.Store(name, stream)
	return stream, nil
}

// info returns what the stream's leader says of the stream, or an error if the leader may be one no longer. To see that
// something is not there, look first and ask then.
func (l *Log) info(ctx context.Context, name events.Stream) (*jetstream.StreamInfo, error) {
	stream, err := l.js.Stream(ctx, string(name))
	if err != nil {
		return nil, err
	}
	info := stream.CachedInfo()
	if !inTouch(info.Config.Replicas, info.Cluster) {
		return nil, errOutOfTouch
	}
	return info, nil
}

// inTouch tells whether the leader has heard of enough replicas, with itself a majority, to know that it is the leader.
// Without one any replica answers.
func inTouch(replicas int, cluster *jetstream.ClusterInfo) bool {
	if replicas <= 1 || cluster == nil {
		return true
	}
	heard := 1
	for _, peer := range cluster.Replicas {
		if peer.Active > 0 && peer.Active < touch {
			heard++
		}
	}
	return cluster.Leader != "" && heard > replicas/2
}
