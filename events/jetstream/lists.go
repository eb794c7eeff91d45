package jetstream

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// The buckets of lists, and how long an upload is kept: a fetch of it may have to wait for a weekend.
const (
	uploadBucket = "UPLOADS"
	heldBucket   = "HELD"
	uploadTTL    = 72 * time.Hour
)

// lists is a bucket of lists. It is laid out as an object store of NATS is, so that `nats object` shows it: a list is cut
// into chunks, messages of one subject of their own, and what makes it visible is the message of the subject of its name
// that tells of them. The client's own implementation would not do: it publishes without a bound on what is on its way, in
// one buffer that is another chunk's by the time it publishes again, and it reads from whichever replica answers.
type lists struct {
	log    *Log
	bucket string
}

var _ events.ListStore = (*lists)(nil)

// chunkBytes is how much of a list is in one message. Servers take a megabyte unless they are told otherwise.
const chunkBytes = 256 << 10

// listHead tells of a list that is kept.
type listHead struct {
	jetstream.ObjectInfo

	sequence uint64 // of its message
}

// headAttempts bounds how often a head is written that others write at the same moment.
const headAttempts = 10

// buckets are all buckets of lists.
var buckets = []string{uploadBucket, heldBucket}

func bucketStreamName(bucket string) string { return "OBJ_" + bucket }

func headSubject(bucket, list string) string {
	return fmt.Sprintf("$O.%s.M.%s", bucket, base64.URLEncoding.EncodeToString([]byte(list)))
}

func headSubjects(bucket string) string { return fmt.Sprintf("$O.%s.M.*", bucket) }

func chunkSubject(bucket, chunks string) string { return fmt.Sprintf("$O.%s.C.%s", bucket, chunks) }

// newChunks names the chunks of a list that is about to be put. The name tells the time.
func newChunks() (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("name a list's chunks: %w", err)
	}
	return id.String(), nil
}

// bucketStream is the stream of a bucket; kept for 0 is for good.
func bucketStream(bucket string, kept time.Duration, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: bucketStreamName(bucket), Subjects: []string{chunkSubject(bucket, ">"), fmt.Sprintf("$O.%s.M.>", bucket)},
		Storage: jetstream.FileStorage, Replicas: replicas, Compression: jetstream.S2Compression,
		MaxAge: kept, Discard: jetstream.DiscardNew, AllowRollup: true,
	}
}

func (b *lists) stream() events.Stream { return events.Stream(bucketStreamName(b.bucket)) }

// head reads what there is of a name; nil if there is nothing.
func (b *lists) head(ctx context.Context, name string) (*listHead, error) {
	return b.headAt(ctx, headSubject(b.bucket, name))
}

func (b *lists) headAt(ctx context.Context, subject string) (*listHead, error) {
	msg, err := b.log.lastIfAny(ctx, b.stream(), subject)
	if err != nil || msg == nil {
		return nil, err
	}
	head := &listHead{sequence: msg.Sequence}
	if err := json.Unmarshal(msg.Data, &head.ObjectInfo); err != nil {
		return nil, fmt.Errorf("%w: what is said of a list, %s %d: %w", events.ErrMalformed, b.stream(), msg.Sequence, err)
	}
	head.ModTime = msg.Time
	return head, nil
}

// visible tells whether there is a list. One that `nats object` has deleted leaves a head.
func (h *listHead) visible() bool { return h != nil && !h.Deleted }

// DeleteList implements events.ListStore. The head goes first: without it there is no list, and chunks that stay behind are
// swept up.
func (b *lists) DeleteList(ctx context.Context, name string) error {
	doing := b.doing("delete", name)
	head, err := b.head(ctx, name)
	if err == nil && head != nil {
		// Up to the head that we saw: another put may have come since.
		err = b.purge(ctx, headSubject(b.bucket, name), jetstream.WithPurgeSequence(head.sequence+1))
		if err == nil {
			err = b.purge(ctx, chunkSubject(b.bucket, head.NUID))
		}
	}
	if err != nil {
		return unavailable(doing, err)
	}
	return nil
}

func (b *lists) purge(ctx context.Context, subject string, options ...jetstream.StreamPurgeOpt) error {
	stream, err := b.log.stream(ctx, b.stream())
	if err != nil {
		return err
	}
	return untilAnswered(ctx, readPatience, func(ctx context.Context) error {
		return stream.Purge(ctx, append(options, jetstream.WithPurgeSubject(subject))...)
	})
}

func (b *lists) doing(what, name string) string {
	return fmt.Sprintf("%s list %q of %s", what, name, b.bucket)
}
