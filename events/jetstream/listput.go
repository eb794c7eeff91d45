package jetstream

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// tidyPatience is how long a put that failed may take to remove what it has written.
const tidyPatience = 5 * time.Second

// PutList implements events.ListStore.
func (b *lists) PutList(ctx context.Context, name string, list io.Reader) (int64, error) {
	put, err := b.put(ctx, b.doing("keep", name), list, func(events.ListSum) string { return name })
	if err != nil {
		return 0, err
	}
	return int64(put.head.Size), nil
}

// PutListBySum implements events.ListStore.
func (b *lists) PutListBySum(ctx context.Context, list io.Reader) (events.ListSum, int64, error) {
	put, err := b.put(ctx, "keep a list in "+b.bucket, list, events.ListSum.String)
	if err != nil {
		return events.ListSum{}, 0, err
	}
	return put.sum(), int64(put.head.Size), nil
}

// put puts a list under the name that it is given at its end.
func (b *lists) put(ctx context.Context, doing string, list io.Reader, name func(events.ListSum) string) (*listPut, error) {
	b.sweep(ctx)
	chunks, err := newChunks()
	if err != nil {
		return nil, err
	}
	p := &listPut{
		lists: b, doing: doing, digest: sha256.New(),
		head: jetstream.ObjectInfo{
			ObjectMeta: jetstream.ObjectMeta{Opts: &jetstream.ObjectMetaOptions{ChunkSize: chunkBytes}},
			Bucket:     b.bucket, NUID: chunks,
		},
	}
	if err := p.writeChunks(ctx, list); err != nil {
		p.tidy(ctx)
		return nil, err
	}
	p.head.Name = name(p.sum())
	// Chunks whose head was not confirmed stay: it may be there. If it is not, they are swept up, or expire.
	return p, p.writeHead(ctx)
}

// listPut is a list that is being put.
type listPut struct {
	lists  *lists
	doing  string
	head   jetstream.ObjectInfo
	digest hash.Hash
	last   uint64 // sequence of the last chunk
}

func (p *listPut) sum() events.ListSum { return events.ListSum(p.digest.Sum(nil)) }

// writeChunks writes one after the other: that bounds what is in memory, keeps them in order, and costs little, as each is
// written to the disk anyway.
func (p *listPut) writeChunks(ctx context.Context, list io.Reader) error {
	subject, chunk := chunkSubject(p.lists.bucket, p.head.NUID), make([]byte, chunkBytes)
	for {
		n, failed := io.ReadFull(list, chunk)
		ended := errors.Is(failed, io.EOF) || errors.Is(failed, io.ErrUnexpectedEOF)
		if failed != nil && !ended {
			return failed
		}
		if n > 0 {
			_, _ = p.digest.Write(chunk[:n]) // it never fails
			if err := p.publish(ctx, subject, chunk[:n], &p.last, false); err != nil {
				return err
			}
			p.head.Size += uint64(n)
			p.head.Chunks++
		}
		if ended {
			p.head.Digest = jetstream.GetObjectDigestValue(p.digest)
			return nil
		}
	}
}

// writeHead makes the list visible, in place of what had its name, and removes the chunks of that. Where another put was
// faster, that one is replaced in its turn.
func (p *listPut) writeHead(ctx context.Context) error {
	data, err := json.Marshal(p.head)
	if err != nil {
		return err
	}
	for range headAttempts {
		before, err := p.lists.head(ctx, p.head.Name)
		if err != nil {
			return unavailable(p.doing, err)
		}
		var last uint64
		if before != nil {
			last = before.sequence
		}
		err = p.publish(ctx, headSubject(p.lists.bucket, p.head.Name), data, &last, true)
		if errors.Is(err, events.ErrConflict) {
			continue
		}
		if err == nil && before != nil {
			// It is put: chunks that could not be removed are swept up, or expire.
			_ = p.lists.purge(ctx, chunkSubject(p.lists.bucket, before.NUID))
		}
		return err
	}
	return unavailable(p.doing, events.ErrConflict)
}

// publish writes a message if the last one of its subject is that at a sequence, which it moves on.
func (p *listPut) publish(ctx context.Context, subject string, data []byte, last *uint64, rollup bool) error {
	msg := nats.NewMsg(subject)
	msg.Data = data
	if rollup {
		msg.Header.Set(jetstream.MsgRollup, jetstream.MsgRollupSubject)
	}
	log := p.lists.log
	return write{
		doing: p.doing, patience: writePatience, room: log.room,
		send: func() error {
			asking, cancel := context.WithTimeout(ctx, answerTimeout)
			defer cancel()
			ack, err := log.js.PublishMsg(asking, msg, jetstream.WithExpectLastSequencePerSubject(*last))
			if err == nil {
				*last = ack.Sequence
			}
			return err
		},
		lookUp: func() (fate, error) {
			found, err := log.last(ctx, p.lists.stream(), subject)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound):
				return open, nil
			case err != nil || found.Sequence <= *last:
				return open, err
			case string(found.Data) == string(data):
				*last = found.Sequence
				return landed, nil
			default:
				return lost, nil
			}
		},
	}.persist(ctx)
}

// tidy removes what a put that failed has written. What it cannot remove is swept up, or expires.
func (p *listPut) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyPatience)
	defer cancel()
	_ = p.lists.purge(ctx, chunkSubject(p.lists.bucket, p.head.NUID))
}
