package jetstream

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
)

// brokenOff is how old chunks without a head must be to be swept up: whoever writes them may be slow.
const brokenOff = 24 * time.Hour

// sweep removes chunks of which no head tells, from a bucket whose lists do not expire: a process that is killed in the
// middle of a put leaves them, and nobody can read them. What fails here is left to the next put.
func (b *lists) sweep(ctx context.Context) {
	stream, err := b.log.look(ctx, b.stream())
	if err != nil || stream.CachedInfo().Config.MaxAge > 0 {
		return
	}
	// The chunks first: what is put meanwhile is young.
	chunks, err := subjectsOf(ctx, stream, chunkSubject(b.bucket, "*"))
	if err != nil || len(chunks) == 0 {
		return
	}
	heads, err := b.heads(ctx)
	if err != nil {
		return
	}
	told := map[string]bool{}
	for _, head := range heads {
		told[chunkSubject(b.bucket, head.NUID)] = true
	}
	for _, subject := range chunks {
		if !told[subject] && isOld(subject) {
			_ = b.purge(ctx, subject)
		}
	}
}

// isOld tells whether chunks were begun so long ago that nobody is at it any more. Those of another program have no such
// name, and are not ours to remove.
func isOld(subject string) bool {
	id, err := uuid.Parse(subject[strings.LastIndexByte(subject, '.')+1:])
	if err != nil || id.Version() != 7 {
		return false
	}
	began, _ := id.Time().UnixTime()
	return time.Since(time.Unix(began, 0)) > brokenOff
}
