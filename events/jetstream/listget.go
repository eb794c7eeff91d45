package jetstream

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// getAttempts bounds how often a list is begun anew that is replaced while it is read.
const getAttempts = 5

// errReplaced: the chunks of a list are gone, because another list took its name, or it was deleted, or it expired.
var errReplaced = errors.New("the list was replaced while it was read")

// GetList implements events.ListStore. It asks for one chunk at a time, of the stream's leader. Where the list is replaced
// by the same one meanwhile, which is what happens to a list that is uploaded again, it goes on in that.
func (b *lists) GetList(ctx context.Context, name string, to io.Writer) (int64, error) {
	get := &listGet{lists: b, doing: b.doing("read", name), to: to, digest: sha256.New()}
	for range getAttempts {
		head, err := b.head(ctx, name)
		if err != nil {
			return get.written, unavailable(get.doing, err)
		}
		if !head.visible() || get.gone(head) {
			return get.written, fmt.Errorf("%s: %w", get.doing, events.ErrNoList)
		}
		if get.head != nil && get.head.Digest != head.Digest {
			return get.written, unavailable(get.doing, errReplaced)
		}
		get.head = head
		if err := get.readChunks(ctx); !errors.Is(err, errReplaced) {
			return get.written, err
		}
	}
	return get.written, unavailable(get.doing, errReplaced)
}

// listGet is a list that is being read.
type listGet struct {
	lists   *lists
	doing   string
	to      io.Writer
	head    *listHead // of the last attempt
	digest  hash.Hash // of what is written
	written int64
}

// gone tells whether the chunks of a list are gone and its head is not: they expire one after the other, it last.
func (g *listGet) gone(head *listHead) bool { return g.head != nil && g.head.NUID == head.NUID }

// readChunks writes what is not written yet. It returns errReplaced where a chunk is not there.
func (g *listGet) readChunks(ctx context.Context) error {
	subject, passed, next := chunkSubject(g.lists.bucket, g.head.NUID), int64(0), uint64(1)
	for range g.head.Chunks {
		msg, err := g.lists.log.from(ctx, g.lists.stream(), subject, next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return errReplaced
		}
		if err != nil {
			return unavailable(g.doing, err)
		}
		next = msg.Sequence + 1
		fresh := msg.Data[min(max(g.written-passed, 0), int64(len(msg.Data))):]
		passed += int64(len(msg.Data))
		n, err := g.to.Write(fresh)
		_, _ = g.digest.Write(fresh[:n]) // it never fails
		g.written += int64(n)
		if err != nil {
			return err
		}
	}
	if jetstream.GetObjectDigestValue(g.digest) != g.head.Digest {
		return fmt.Errorf("%s: %w: it is not what was put", g.doing, events.ErrMalformed)
	}
	return nil
}
