package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// maxParkedBytes is how much of a message is parked. A message can be as large as messages can be, and a parked one holds
// more than it; all of it is where it was, in the log.
const maxParkedBytes = 64 << 10

// Park implements events.Source.
func (l *Log) Park(ctx context.Context, m events.Message, cause error) error {
	data, err := proto.Marshal(&atlantv1.ParkedEvent{
		Stream: string(m.Stream), Sequence: m.Sequence,
		Subject: strings.ToValidUTF8(m.Subject, "\uFFFD"), Cause: strings.ToValidUTF8(cause.Error(), "\uFFFD"),
		Data: m.Data[:min(len(m.Data), maxParkedBytes)],
	})
	if err != nil {
		return fmt.Errorf("park %s %d: %w", m.Stream, m.Sequence, err)
	}
	doing := fmt.Sprintf("park %s %d", m.Stream, m.Sequence)
	// The first to park a message wins, so that a replay does not park it again.
	err = l.publishFirst(ctx, doing, parkedSubject(m.Stream, m.Sequence), data)
	if err != nil && !errors.Is(err, events.ErrConflict) {
		return err
	}
	return nil
}

// Parked implements events.Source.
func (l *Log) Parked(ctx context.Context, stream events.Stream) (int64, error) {
	s, err := l.stream(ctx, parkedStream)
	if err != nil {
		return 0, unavailable("count parked events", err)
	}
	// Seldom are there any, so asking for their subjects is cheap.
	info, err := s.Info(ctx, jetstream.WithSubjectFilter("parked."+string(stream)+".*"))
	if err != nil {
		return 0, unavailable("count parked events", err)
	}
	if !inTouch(info.Config.Replicas, info.Cluster) {
		return 0, unavailable("count parked events", errOutOfTouch)
	}
	return int64(len(info.State.Subjects)), nil
}
