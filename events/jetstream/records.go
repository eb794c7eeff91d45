package jetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
)

// records are things that have a name, in a stream that keeps the last message of each subject. A record that was deleted leaves
// an empty message.
type records[M any, P interface {
	*M
	proto.Message
}] struct {
	log      *Log
	stream   events.Stream
	subjects string // of all of them: their names stand for the asterisk at its end
	noun     string
}

// record is one of them.
type record[P any] struct {
	message  P
	revision uint64
}

// read returns a record, nil if there is none, and the sequence of the last message about it, which says that it was deleted if
// there is none; 0 if there never was one.
func (r records[M, P]) read(ctx context.Context, name string) (*record[P], uint64, error) {
	doing := "read " + r.noun + " " + name
	msg, err := r.log.lastIfAny(ctx, r.stream, subjectOf(r.subjects, name))
	switch {
	case err != nil:
		return nil, 0, unavailable(doing, err)
	case msg == nil:
		return nil, 0, nil
	case len(msg.Data) == 0:
		return nil, msg.Sequence, nil
	}
	message := P(new(M))
	if err := proto.Unmarshal(msg.Data, message); err != nil {
		return nil, 0, fmt.Errorf("%s: %w: %w", doing, events.ErrMalformed, err)
	}
	return &record[P]{message: message, revision: msg.Sequence}, msg.Sequence, nil
}

// page returns at most so many records whose names come after one, byte by byte, in that order.
func (r records[M, P]) page(ctx context.Context, after string, limit int) ([]record[P], error) {
	names, err := r.names(ctx)
	if err != nil {
		return nil, unavailable("list "+r.noun+"s", err)
	}
	at, found := slices.BinarySearch(names, after)
	if found {
		at++
	}
	var all []record[P]
	for _, name := range names[at:] {
		if len(all) == limit {
			break
		}
		found, _, err := r.read(ctx, name)
		if err != nil {
			return nil, err
		}
		if found != nil { // it was not deleted
			all = append(all, *found)
		}
	}
	return all, nil
}

// names returns the names of all records there ever were, sorted.
func (r records[M, P]) names(ctx context.Context) ([]string, error) {
	stream, err := r.log.stream(ctx, r.stream)
	if err != nil {
		return nil, err
	}
	names, err := subjectsOf(ctx, stream, r.subjects)
	if err != nil {
		return nil, err
	}
	for i, subject := range names {
		names[i] = nameOf(subject)
	}
	slices.Sort(names)
	return names, nil
}

// write writes what there is of a record, nothing to delete it, if it is at a revision. With send it is published, on condition
// that the last message about it is one; send returns its sequence.
func (r records[M, P]) write(
	ctx context.Context, name string, data []byte, revision uint64, send func(last uint64) (uint64, error),
) (uint64, error) {
	doing := "write " + r.noun + " " + name
	found, last, err := r.read(ctx, name)
	if err != nil {
		return 0, err
	}
	if (found == nil) != (revision == 0) || (found != nil && found.revision != revision) {
		return 0, conflict(doing)
	}
	var now uint64
	err = write{
		doing: doing, patience: writePatience, room: r.log.room,
		send: func() (err error) {
			now, err = send(last)
			return err
		},
		lookUp: func() (is fate, err error) {
			now, is, err = r.lookUp(ctx, name, data, last)
			return is, err
		},
	}.persist(ctx)
	return now, err
}

// lookUp tells what became of a record that was written, and its sequence if it is there.
func (r records[M, P]) lookUp(ctx context.Context, name string, data []byte, last uint64) (uint64, fate, error) {
	msg, err := r.log.last(ctx, r.stream, subjectOf(r.subjects, name))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, open, nil
	case err != nil:
		return 0, open, err
	case msg.Sequence < last: // we know more than who answered
		return 0, open, errOutOfTouch
	case msg.Sequence == last:
		return 0, open, nil
	case bytes.Equal(msg.Data, data): // with the time of the change in it, it is ours; to delete twice is to delete
		return msg.Sequence, landed, nil
	default:
		return 0, lost, nil
	}
}

// subjectOf returns the subject of a name among those of a kind. Names hold dots, and no equals sign.
func subjectOf(kind, name string) string {
	return strings.TrimSuffix(kind, "*") + strings.ReplaceAll(name, ".", "=")
}

// nameOf returns the name that a subject is about.
func nameOf(subject string) string {
	return strings.ReplaceAll(subject[strings.LastIndexByte(subject, '.')+1:], "=", ".")
}
