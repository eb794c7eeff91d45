package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// deliveryAge is how long it is kept what became of a delivery.
	deliveryAge = 30 * 24 * time.Hour
	// firstStretch is how far back deliveries are looked for at first; it doubles where there are too few.
	firstStretch = 64
)

// deliveryStreamConfig is the stream of deliveries. It keeps the last message of each: how it stands.
func deliveryStreamConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: deliveryStream, Subjects: []string{deliverySubjects}, Storage: jetstream.FileStorage, Replicas: replicas,
		MaxMsgsPerSubject: 1, MaxAge: deliveryAge, Discard: jetstream.DiscardOld, Compression: jetstream.S2Compression,
	}
}

// RecordDelivery implements events.DeliveryLog. Two who deliver the same at once overwrite each other, which is no loss.
func (l *Log) RecordDelivery(ctx context.Context, delivery *atlantv1.Delivery) error {
	doing := "record delivery " + delivery.GetId()
	data, err := proto.Marshal(delivery)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return write{
		doing: doing, patience: writePatience, room: l.room,
		send: func() error {
			_, err := l.js.Publish(ctx, deliverySubject(delivery.GetAlert(), delivery.GetId()), data)
			return err
		},
		lookUp: func() (fate, error) { return open, nil }, // written twice it is written once
	}.persist(ctx)
}

// Delivery implements events.DeliveryLog.
func (l *Log) Delivery(ctx context.Context, alert, id string) (*atlantv1.Delivery, error) {
	doing := "read delivery " + id
	msg, err := l.lastIfAny(ctx, deliveryStream, deliverySubject(alert, id))
	if err != nil {
		return nil, unavailable(doing, err)
	}
	if msg == nil {
		return nil, nil //nolint:nilnil // as documented
	}
	found, err := placedDelivery(msg)
	return found.Delivery, err
}

// Deliveries implements events.DeliveryLog. A stream can be read forwards only, so it is read in stretches that go back from its
// end.
func (l *Log) Deliveries(ctx context.Context, alert string, before uint64, limit int) ([]events.PlacedDelivery, error) {
	const doing = "list deliveries"
	info, err := l.info(ctx, deliveryStream)
	if err != nil {
		return nil, unavailable(doing, err)
	}
	first, end := max(info.State.FirstSeq, 1), info.State.LastSeq+1
	if before > 0 {
		end = min(end, before)
	}
	var all []events.PlacedDelivery // the last one first
	for length := uint64(firstStretch); end > first && len(all) < limit; length *= 2 {
		begin := first
		if end > first+length {
			begin = end - length
		}
		stretch, err := l.deliveriesIn(ctx, alert, begin, end)
		if err != nil {
			return nil, unavailable(doing, err)
		}
		slices.Reverse(stretch)
		all = append(all, stretch...)
		end = begin
	}
	return all[:min(limit, len(all))], nil
}

// deliveriesIn returns the deliveries from one sequence up to, and without, another one.
func (l *Log) deliveriesIn(ctx context.Context, alert string, begin, end uint64) ([]events.PlacedDelivery, error) {
	filter := deliverySubjects
	if alert != "" {
		filter = deliverySubject(alert, "*")
	}
	var all []events.PlacedDelivery
	for next := begin; next < end; {
		msg, err := l.from(ctx, deliveryStream, filter, next)
		if errors.Is(err, jetstream.ErrMsgNotFound) || (err == nil && msg.Sequence >= end) {
			break
		}
		if err != nil {
			return nil, err
		}
		found, err := placedDelivery(msg)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
		next = msg.Sequence + 1
	}
	return all, nil
}

func placedDelivery(msg *jetstream.RawStreamMsg) (events.PlacedDelivery, error) {
	delivery := &atlantv1.Delivery{}
	if err := proto.Unmarshal(msg.Data, delivery); err != nil {
		return events.PlacedDelivery{}, fmt.Errorf("%w: delivery at %d: %w", events.ErrMalformed, msg.Sequence, err)
	}
	return events.PlacedDelivery{Delivery: delivery, Sequence: msg.Sequence}, nil
}
