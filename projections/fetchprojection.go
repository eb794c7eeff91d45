package projections

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// parker takes the messages that cannot be decoded.
type parker func(ctx context.Context, m events.Message, cause error) error

// parkAll parks messages, before the checkpoint moves past them.
func parkAll(ctx context.Context, park parker, malformed []malformedMessage) error {
	for _, m := range malformed {
		if err := park(ctx, m.Message, m.cause); err != nil {
			return err
		}
	}
	return nil
}

func newDecodedBatch(messages []events.Message) *decodedBatch {
	batch := &decodedBatch{end: messages[len(messages)-1], messages: len(messages)}
	for i := range messages {
		batch.bytes += len(messages[i].Data)
	}
	return batch
}

func checkpointAt(end events.Message, late int64) Checkpoint {
	return Checkpoint{Stream: end.Stream, Sequence: end.Sequence, LoggedAt: end.Time, Late: late}
}

// idle implements projection.
func (*fetchProjection) idle(context.Context) error { return nil }

// fetchProjection takes the fetch stream into views.
type fetchProjection struct {
	views Views
	park  parker
}

// decode implements projection.
func (p *fetchProjection) decode(messages []events.Message) *decodedBatch {
	batch := newDecodedBatch(messages)
	for _, m := range messages {
		if m.Kind == events.KindClaim {
			continue
		}
		decoded, err := decodeFetchEvent(m)
		if err != nil {
			batch.malformed = append(batch.malformed, malformedMessage{m, err})
			continue
		}
		batch.fetches = append(batch.fetches, decoded)
	}
	return batch
}

// apply implements projection.
func (p *fetchProjection) apply(ctx context.Context, batch *decodedBatch) error {
	if err := parkAll(ctx, p.park, batch.malformed); err != nil {
		return err
	}
	ids := make([]events.FetchID, len(batch.fetches))
	for i := range batch.fetches {
		ids[i] = batch.fetches[i].id
	}
	known, err := p.views.Fetches(ctx, ids)
	if err != nil {
		return fmt.Errorf("load fetches: %w", err)
	}
	if err := p.views.ApplyFetches(ctx, foldFetches(known, batch.fetches), checkpointAt(batch.end, 0)); err != nil {
		return fmt.Errorf("write fetches: %w", err)
	}
	return nil
}

type fetchMessage struct {
	id       events.FetchID
	sequence uint64
	event    *atlantv1.FetchEvent
}

func decodeFetchEvent(m events.Message) (fetchMessage, error) {
	if m.Kind != events.KindFetchEvent {
		return fetchMessage{}, fmt.Errorf("%w: this version knows no subject like %s", events.ErrMalformed, m.Subject)
	}
	id, err := uuid.Parse(m.Key)
	if err != nil {
		return fetchMessage{}, fmt.Errorf("%w: fetch id: %w", events.ErrMalformed, err)
	}
	var event atlantv1.FetchEvent
	if err := proto.Unmarshal(m.Data, &event); err != nil {
		return fetchMessage{}, fmt.Errorf("%w: %w", events.ErrMalformed, err)
	}
	return fetchMessage{id: id, sequence: m.Sequence, event: &event}, nil
}

// foldFetches folds fetch events, in the order of the log, into the fetches that known holds.
func foldFetches(known map[events.FetchID]FetchView, batch []fetchMessage) FetchDelta {
	now := make(map[events.FetchID]FetchView)
	var order []events.FetchID
	delta := FetchDelta{Rejects: map[events.FetchID][]IndexedReject{}}
	for _, m := range batch {
		var before *FetchView
		if view, ok := now[m.id]; ok {
			before = &view
		} else {
			order = append(order, m.id)
			if view, ok := known[m.id]; ok {
				before = &view
			}
		}
		after, rejects := FoldFetch(before, m.sequence, m.event)
		after.Fetch.Id = m.id.String() // whatever the event says, the subject is what it was written to
		now[m.id] = after
		delta.Rejects[m.id] = append(delta.Rejects[m.id], rejects...)
	}
	for _, id := range order {
		delta.Fetches = append(delta.Fetches, now[id])
	}
	return delta
}
