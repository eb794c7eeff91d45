package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// A queue that was made before there were partitions has other subjects, and one consumer for all.
const (
	oldQueueSubjects = "queue.*"
	oldQueueConsumer = "fetchers"
)

// bringQueueUpToDate lets the queue take partitions only. From then on nothing is added to what waits outside of them.
func bringQueueUpToDate(ctx context.Context, js jetstream.JetStream, stream jetstream.Stream) (jetstream.Stream, error) {
	config := stream.CachedInfo().Config
	if len(config.Subjects) != 1 || config.Subjects[0] != oldQueueSubjects {
		return stream, nil
	}
	err := stream.DeleteConsumer(ctx, oldQueueConsumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, err
	}
	config.Subjects = []string{queueSubjects}
	return js.UpdateStream(ctx, config)
}

// moveOldRequests moves what waits outside of the partitions into them. A request is put into its partition first and
// deleted then, in the old order: a crash in between, and another process that does the same meanwhile, find it in its
// partition already. At worst it is queued again after it was done, which its fetcher notices.
func (l *Log) moveOldRequests(ctx context.Context) error {
	const doing = "bring the fetch queue up to date"
	stream, err := l.stream(ctx, queueStream)
	if err != nil {
		return unavailable(doing, err)
	}
	for next := uint64(1); ; {
		msg, err := l.from(ctx, queueStream, oldQueueSubjects, next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return unavailable(doing, err)
		}
		next = msg.Sequence + 1
		var request atlantv1.FetchRequested
		if proto.Unmarshal(msg.Data, &request) != nil {
			continue // of a newer version, which may know what to do with it
		}
		if err := l.Enqueue(ctx, &request); err != nil {
			return fmt.Errorf("%s: %w", doing, err)
		}
		if err := remove(ctx, stream, msg.Sequence); err != nil {
			return unavailable(doing, err)
		}
	}
}

// remove deletes a message, which somebody else may have done.
func remove(ctx context.Context, stream jetstream.Stream, sequence uint64) error {
	failed := stream.DeleteMsg(ctx, sequence)
	if failed == nil {
		return nil
	}
	if _, err := stream.GetMsg(ctx, sequence); errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return failed
}
