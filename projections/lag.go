package projections

import (
	"context"
	"time"

	"github.com/atlant-log/atlant/events"
)

// Lag is how far views are behind one stream of the log.
type Lag struct {
	Stream   events.Stream
	Messages int64     // that the log holds and the views do not
	Since    time.Time // when the log stored the first of them; zero if there is none
	Late     int64     // observations that came too late to count, since the views began
}

// Behind returns for how long the views have lacked something, 0 if they lack nothing.
func (l Lag) Behind(now time.Time) time.Duration {
	if l.Since.IsZero() {
		return 0
	}
	return max(now.Sub(l.Since), 0) // the time is that of the log's clock
}

// Lags returns how far views with these checkpoints are behind each stream of a log with so many shards. For each it asks the
// log once or twice, and returns events.ErrUnavailable when that cannot be reached.
func Lags(ctx context.Context, source events.Source, shards int, checkpoints []Checkpoint) ([]Lag, error) {
	known := map[events.Stream]Checkpoint{}
	for _, checkpoint := range checkpoints {
		known[checkpoint.Stream] = checkpoint
	}
	streams := Streams(shards)
	lags := make([]Lag, len(streams))
	for i, stream := range streams {
		var err error
		if lags[i], err = lagOf(ctx, source, stream, known[stream]); err != nil {
			return nil, err
		}
	}
	return lags, nil
}

func lagOf(ctx context.Context, source events.Source, stream events.Stream, checkpoint Checkpoint) (Lag, error) {
	lag := Lag{Stream: stream, Late: checkpoint.Late}
	// Asked after the checkpoint was read: it is behind the log then.
	last, err := source.LastSequence(ctx, stream)
	if err != nil || last <= checkpoint.Sequence {
		return lag, err
	}
	lag.Messages = int64(last - checkpoint.Sequence)
	if lag.Since, err = source.TimeOf(ctx, stream, checkpoint.Sequence+1); err != nil {
		return lag, err
	}
	if lag.Since.IsZero() { // that message is gone: the one before it came no later
		lag.Since = checkpoint.LoggedAt
	}
	return lag, nil
}
