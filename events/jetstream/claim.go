package jetstream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Claim implements events.FetchLog.
func (l *Log) Claim(
	ctx context.Context, key string, request *atlantv1.FetchRequested,
) (*atlantv1.FetchRequested, error) {
	data, err := proto.Marshal(&atlantv1.RequestClaim{Requested: request})
	if err != nil {
		return nil, fmt.Errorf("claim request id: %w", err)
	}
	if err := l.publishFirst(ctx, "claim request id", claimSubject(key), data); err == nil {
		return request, nil
	} else if !errors.Is(err, events.ErrConflict) {
		return nil, err
	}
	first, err := l.last(ctx, events.FetchStream, claimSubject(key))
	if err != nil {
		return nil, unavailable("claim request id", err)
	}
	var claim atlantv1.RequestClaim
	if err := proto.Unmarshal(first.Data, &claim); err != nil {
		return nil, fmt.Errorf("claim request id: %w: %w", events.ErrMalformed, err)
	}
	return claim.GetRequested(), nil
}

// publishFirst writes a message to a subject that holds none. Where one is there, which may be this one if an answer was
// lost, it returns ErrConflict.
func (l *Log) publishFirst(ctx context.Context, doing, subject string, data []byte) error {
	return l.publishFirstMsg(ctx, doing, func() *nats.Msg {
		msg := nats.NewMsg(subject)
		msg.Data = data
		return msg
	})
}

// publishFirstMsg is publishFirst with a message that is made anew for each attempt: the client adds headers to it.
func (l *Log) publishFirstMsg(ctx context.Context, doing string, message func() *nats.Msg) error {
	var refused error
	return write{
		doing: doing, patience: writePatience, room: l.room,
		send: func() error {
			_, refused = l.js.PublishMsg(ctx, message(), jetstream.WithExpectLastSequencePerSubject(0))
			return refused
		},
		lookUp: func() (fate, error) { // to send it again is to look
			if isConflict(refused) {
				return lost, nil
			}
			return open, nil
		},
	}.persist(ctx)
}
