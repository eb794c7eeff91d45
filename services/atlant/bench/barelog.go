package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// portion is how many rows are made ready, off the clock, before they are written. It bounds the memory.
const portion = 100_000

// bareLog measures NATS with the messages of a list, made before and read by nobody.
func (r *run) bareLog(ctx context.Context, l list, s *stages) error {
	return r.onLog(ctx, func(log *Log) (err error) {
		baseline, err := jetstream.OpenBaseline(ctx, log.Conn, log.Config.Replicas)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, baseline.Close(context.WithoutCancel(ctx))) }()
		for observations := range batches(l.observations(), portion) {
			var payloads [][]byte
			for data, err := range messages(observations) {
				if err != nil {
					return err
				}
				payloads = append(payloads, data)
				s.messageBytes += int64(len(data))
			}
			began := time.Now()
			if err := baseline.Publish(ctx, payloads); err != nil {
				return err
			}
			s.publish += time.Since(began)
		}
		began := time.Now()
		_, err = baseline.Consume(ctx)
		s.consume = time.Since(began)
		return err
	})
}

// messages returns the payloads in which the log holds observations.
func messages(observations []events.Observation) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var group events.Group
		for i := range observations {
			if err := group.Add(&observations[i]); err != nil {
				yield(nil, err)
				return
			}
			if (group.Len() == events.GroupSize || i == len(observations)-1) && !yield(group.AppendTo(nil), nil) {
				return
			}
		}
	}
}

// publish measures how the log itself takes observations in, encoding and markers included, while nobody reads it.
func (r *run) publish(ctx context.Context, rows int) (took time.Duration, err error) {
	r.sayf("publishing %d observations into a log without readers", rows)
	settle()
	err = r.onLog(ctx, func(opened *Log) error {
		log, err := jetstream.Open(ctx, opened.Conn, opened.Config)
		if err != nil {
			return err
		}
		writer, err := log.WritePrices(ctx, uuid.UUID{6: 0x70, 8: 0x80})
		if err != nil {
			return err
		}
		for observations := range batches(r.list(0).observations(), portion) {
			began := time.Now()
			for i := range observations {
				o := &observations[i]
				if err := writer.Add(ctx, o.Line, o); err != nil {
					return err
				}
			}
			took += time.Since(began)
		}
		began := time.Now()
		published, _, err := writer.Finish(ctx)
		took += time.Since(began)
		if err == nil && published != int64(rows) {
			err = fmt.Errorf("publish: the log holds %d of %d observations", published, rows)
		}
		return err
	})
	return took, err
}

// onLog does something with a NATS that keeps nothing else.
func (r *run) onLog(ctx context.Context, do func(*Log) error) (err error) {
	log, err := r.place.OpenLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return do(log)
}
