package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// conflictAttempts bounds how often a batch is folded again because another projector wrote first.
const conflictAttempts = 10

// parker takes the messages that cannot be decoded.
type parker func(ctx context.Context, m events.Message, cause error) error

// taker takes a batch of messages, in the order of the log, into the views, and then moves the checkpoint to its end.
type taker func(ctx context.Context, views Views, batch []events.Message, park parker) error

// takePrices takes in the messages of a price shard.
func takePrices(ctx context.Context, views Views, batch []events.Message, park parker) error {
	observations := make([]events.Observation, 0, len(batch))
	ids := make([]events.ProductID, 0, len(batch))
	for _, m := range batch {
		if m.Kind == events.KindMarker {
			continue
		}
		known := len(observations)
		var err error
		if observations, err = decodeObservations(observations, m); err != nil {
			if err := park(ctx, m, err); err != nil {
				return err
			}
		}
		for i := known; i < len(observations); i++ {
			ids = append(ids, observations[i].ProductID())
		}
	}
	return foldPrices(ctx, views, observations, ids, batch[len(batch)-1])
}

// foldPrices folds until no other projector came between reading the state and writing it.
func foldPrices(
	ctx context.Context, views PriceViews, observations []events.Observation, ids []events.ProductID, end events.Message,
) error {
	var err error
	for range conflictAttempts {
		var known map[events.ProductID]Product
		if known, err = views.Products(ctx, ids); err != nil {
			return fmt.Errorf("load products: %w", err)
		}
		delta := FoldBatch(known, observations)
		err = views.ApplyPrices(ctx, delta, checkpointAt(end, delta.Late))
		if !errors.Is(err, ErrConflict) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("write products: %w", err)
	}
	return nil
}

func checkpointAt(end events.Message, late int64) Checkpoint {
	return Checkpoint{Stream: end.Stream, Sequence: end.Sequence, LoggedAt: end.Time, Late: late}
}

func decodeObservations(into []events.Observation, m events.Message) ([]events.Observation, error) {
	if m.Kind != events.KindObserved {
		return into, fmt.Errorf("%w: this version knows no subject like %s", events.ErrMalformed, m.Subject)
	}
	return events.DecodeObservations(into, m.Data)
}

// takeFetches takes in the messages of the fetch stream.
func takeFetches(ctx context.Context, views Views, batch []events.Message, park parker) error {
	decoded := make([]fetchMessage, 0, len(batch))
	ids := make([]events.FetchID, 0, len(batch))
	for _, m := range batch {
		if m.Kind == events.KindClaim {
			continue
		}
		d, err := decodeFetchEvent(m)
		if err != nil {
			if err := park(ctx, m, err); err != nil {
				return err
			}
			continue
		}
		decoded, ids = append(decoded, d), append(ids, d.id)
	}
	known, err := views.Fetches(ctx, ids)
	if err != nil {
		return fmt.Errorf("load fetches: %w", err)
	}
	end := batch[len(batch)-1]
	err = views.ApplyFetches(ctx, foldFetches(known, decoded), checkpointAt(end, 0))
	if err != nil {
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
