package projections_test

import (
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// lagsNow returns the lags of views, by stream.
func lagsNow(t *testing.T, log events.Source, shards int, views projections.Views) map[events.Stream]projections.Lag {
	t.Helper()
	checkpoints, err := views.Checkpoints(t.Context())
	wantNoError(t, err)
	lags, err := projections.Lags(t.Context(), log, shards, checkpoints)
	wantNoError(t, err)
	if len(lags) != shards+1 {
		t.Fatalf("got %v", lags)
	}
	of := map[events.Stream]projections.Lag{}
	for _, lag := range lags {
		of[lag.Stream] = lag
	}
	return of
}

// applied is an observer that remembers.
type applied chan projections.Applied

func (a applied) Applied(batch projections.Applied) { a <- batch }

func TestLag(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	views := newViews(t)
	if lag := lagsNow(t, log, 1, views)[prices]; lag.Messages != 0 || lag.Behind(time.Now()) != 0 {
		t.Errorf("nothing to project is %+v behind", lag)
	}
	publish(t, log, list(2, 300))
	since, err := log.TimeOf(t.Context(), prices, 1)
	wantNoError(t, err)
	last, err := log.LastSequence(t.Context(), prices)
	wantNoError(t, err)
	lag := lagsNow(t, log, 1, views)[prices]
	if lag.Messages != int64(last) || !lag.Since.Equal(since) || lag.Behind(since.Add(time.Minute)) != time.Minute {
		t.Errorf("got %+v, want %d messages since %v", lag, last, since)
	}
	if behind := lag.Behind(since.Add(-time.Minute)); behind != 0 { // the clock of the log is ahead
		t.Errorf("behind by %v", behind)
	}

	p, seen := projections.NewPriceProjector(0, log, projections.Fixed{Views: views}, quiet), make(applied, 100)
	p.Observe(seen)
	stop := run(t, p)
	publish(t, log, list(1, 10)) // these come too late
	waitForEnd(t, log, views, p)
	stop()
	if lag := lagsNow(t, log, 1, views)[prices]; lag.Messages != 0 || !lag.Since.IsZero() || lag.Late != 10 {
		t.Errorf("got %+v, want 10 late and no lag", lag)
	}
	sum := projections.Applied{}
	close(seen)
	for a := range seen {
		if a.Stream != prices || a.Began.After(a.Ended) || a.Bytes <= 0 || len(a.Traces) > 0 {
			t.Errorf("got %+v", a)
		}
		sum.Messages, sum.Observations = sum.Messages+a.Messages, sum.Observations+a.Observations
	}
	end, err := log.LastSequence(t.Context(), prices)
	wantNoError(t, err)
	if sum.Observations != 310 || sum.Messages != int(end) {
		t.Errorf("told of %d observations in %d messages, want 310 in %d", sum.Observations, sum.Messages, end)
	}
}
