package jetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// AppendFetchEvents implements events.FetchLog.
func (l *Log) AppendFetchEvents(
	ctx context.Context, fetch events.FetchID, last uint64, all ...*atlantv1.FetchEvent,
) (uint64, error) {
	if len(all) == 0 {
		return last, nil
	}
	doing := "append to fetch " + fetch.String()
	encoded := make([][]byte, len(all))
	for i, event := range all {
		var err error
		if encoded[i], err = proto.Marshal(event); err != nil {
			return 0, fmt.Errorf("%s: %w", doing, err)
		}
	}
	var sequence uint64
	err := write{
		doing: doing, patience: writePatience, room: l.room,
		send: func() (err error) {
			sequence, err = l.sendBatch(ctx, fetchSubject(fetch), last, encoded)
			return err
		},
		lookUp: func() (now fate, err error) {
			sequence, now, err = l.lookUpBatch(ctx, fetchSubject(fetch), last, encoded)
			return now, err
		},
	}.persist(ctx)
	return sequence, err
}

// sendBatch writes messages to a subject of the fetch stream, all or none, if its last message is the one given. It
// returns the sequence of the last one written.
func (l *Log) sendBatch(ctx context.Context, subject string, last uint64, all [][]byte) (uint64, error) {
	batch, err := jetstreamext.NewBatchPublisher(l.js)
	if err != nil {
		return 0, err
	}
	for i, data := range all {
		msg := nats.NewMsg(subject)
		msg.Data = data
		var options []jetstreamext.BatchMsgOpt
		if i == 0 { // the batch is all or nothing, so one compare-and-set holds for all of it
			options = append(options, jetstreamext.WithBatchExpectLastSequencePerSubject(last))
		}
		if i == len(all)-1 {
			ack, err := batch.CommitMsg(ctx, msg, options...)
			if err != nil {
				return 0, err
			}
			return ack.Sequence, nil
		}
		if err := batch.AddMsg(msg, options...); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// lookUpBatch tells what became of a batch, and where it ends if it is there.
func (l *Log) lookUpBatch(ctx context.Context, subject string, last uint64, all [][]byte) (uint64, fate, error) {
	var end uint64
	switch msg, err := l.last(ctx, events.FetchStream, subject); {
	case err == nil:
		end = msg.Sequence
	case !errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, open, err
	}
	if end == last {
		return 0, open, nil
	}
	if end < last { // either the caller is wrong, or who answered is behind
		_, err := l.info(ctx, events.FetchStream)
		return 0, lost, err
	}
	for i, data := range all {
		msg, err := l.from(ctx, events.FetchStream, subject, last+1)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return 0, lost, nil
		}
		if err != nil {
			return 0, open, err
		}
		if !bytes.Equal(msg.Data, data) || (i > 0 && msg.Sequence != last+1) {
			return 0, lost, nil
		}
		last = msg.Sequence
	}
	return last, landed, nil
}

// FetchEvents implements events.FetchLog.
func (l *Log) FetchEvents(ctx context.Context, fetch events.FetchID) ([]events.RecordedFetchEvent, error) {
	doing := "read fetch " + fetch.String()
	var found []events.RecordedFetchEvent
	for next := uint64(1); ; {
		msg, err := l.from(ctx, events.FetchStream, fetchSubject(fetch), next)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			break
		}
		if err != nil {
			return nil, unavailable(doing, err)
		}
		var event atlantv1.FetchEvent
		if err := proto.Unmarshal(msg.Data, &event); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", doing, events.ErrMalformed, err)
		}
		found = append(found, events.RecordedFetchEvent{Sequence: msg.Sequence, Event: &event})
		next = msg.Sequence + 1
	}
	if len(found) == 0 { // that there is no such fetch is for the leader alone to say
		if _, err := l.info(ctx, events.FetchStream); err != nil {
			return nil, unavailable(doing, err)
		}
	}
	return found, nil
}
