package jetstream

import (
	"context"
	"time"
)

// Observer is told what a log does. Its methods are called from many goroutines, and must not block.
type Observer interface {
	// BatchPublished is told of an atomic batch that is durable: how many observations are in it, in so many bytes, and how
	// long it took to commit, failures on the way included.
	BatchPublished(observations int64, bytes int, took time.Duration)
}

// unobserved is the Observer where there is none.
type unobserved struct{}

func (unobserved) BatchPublished(int64, int, time.Duration) {}

// Reconnects returns how often the connection to NATS was made anew.
func (l *Log) Reconnects() uint64 { return l.nc.Stats().Reconnects }

// Queued returns how many requests are on the queue: those that wait, and those that are worked on. It returns ErrUnavailable
// when the log cannot be reached.
func (l *Log) Queued(ctx context.Context) (int64, error) {
	info, err := l.info(ctx, queueStream)
	if err != nil {
		return 0, unavailable("read the queue", err)
	}
	return int64(info.State.Msgs), nil
}
