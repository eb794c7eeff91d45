package jetstream

import (
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
	batch, err := jetstreamext.NewBatchPublisher(l.js)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", doing, err)
	}
	var ack *jetstreamext.BatchAck
	for i, event := range all {
		msg := nats.NewMsg(fetchSubject(fetch))
		if msg.Data, err = proto.Marshal(event); err != nil {
			return 0, fmt.Errorf("%s: %w", doing, err)
		}
		var options []jetstreamext.BatchMsgOpt
		if i == 0 { // the batch is all or nothing, so one compare-and-set holds for all of it
			options = append(options, jetstreamext.WithBatchExpectLastSequencePerSubject(last))
		}
		if i < len(all)-1 {
			err = batch.AddMsg(msg, options...)
		} else {
			ack, err = batch.CommitMsg(ctx, msg, options...)
		}
		if isConflict(err) {
			return 0, fmt.Errorf("%s: %w", doing, events.ErrConflict)
		}
		if err != nil {
			return 0, unavailable(doing, err)
		}
	}
	return ack.Sequence, nil
}

// FetchEvents implements events.FetchLog.
func (l *Log) FetchEvents(ctx context.Context, fetch events.FetchID) ([]events.RecordedFetchEvent, error) {
	doing := "read fetch " + fetch.String()
	stream, err := l.js.Stream(ctx, string(events.FetchStream))
	if err != nil {
		return nil, unavailable(doing, err)
	}
	var found []events.RecordedFetchEvent
	for next := uint64(1); ; {
		msg, err := stream.GetMsg(ctx, next, jetstream.WithGetMsgSubject(fetchSubject(fetch)))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return found, nil
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
}

// Claim implements events.FetchLog.
func (l *Log) Claim(
	ctx context.Context, key string, request *atlantv1.FetchRequested,
) (*atlantv1.FetchRequested, error) {
	data, err := proto.Marshal(&atlantv1.RequestClaim{Requested: request})
	if err != nil {
		return nil, fmt.Errorf("claim request id: %w", err)
	}
	msg := nats.NewMsg(claimSubject(key))
	msg.Data = data
	_, err = l.js.PublishMsg(ctx, msg, jetstream.WithExpectLastSequencePerSubject(0))
	if err == nil {
		return request, nil
	}
	if !isConflict(err) {
		return nil, unavailable("claim request id", err)
	}
	stream, err := l.js.Stream(ctx, string(events.FetchStream))
	if err != nil {
		return nil, unavailable("claim request id", err)
	}
	first, err := stream.GetLastMsgForSubject(ctx, msg.Subject)
	if err != nil {
		return nil, unavailable("claim request id", err)
	}
	var claim atlantv1.RequestClaim
	if err := proto.Unmarshal(first.Data, &claim); err != nil {
		return nil, fmt.Errorf("claim request id: %w: %w", events.ErrMalformed, err)
	}
	return claim.GetRequested(), nil
}
