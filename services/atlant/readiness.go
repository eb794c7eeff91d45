package main

import (
	"context"
	"fmt"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ready tells whether requests can be served: the log and the views answer, the log has room, and the views are no further
// behind it than they may be.
func (a *app) ready(ctx context.Context) error {
	log, store := a.backend.log, a.backend.store
	if err := log.Writable(); err != nil {
		return err
	}
	if _, err := log.LastSequence(ctx, events.FetchStream); err != nil {
		return err
	}
	views, err := store.Live(ctx)
	if err != nil {
		return fmt.Errorf("the views cannot be read: %w", err)
	}
	checkpoints, err := views.Checkpoints(ctx)
	if err != nil {
		return fmt.Errorf("the views cannot be read: %w", err)
	}
	bound := a.config.Observe.ReadyMaxLag
	if bound == 0 {
		return nil
	}
	lags, err := projections.Lags(ctx, log, log.Shards(), checkpoints)
	if err != nil {
		return err
	}
	for _, lag := range lags {
		if behind := lag.Behind(time.Now()); behind > bound {
			return fmt.Errorf("the views are %s behind %s, by %d messages", behind.Round(time.Millisecond), lag.Stream, lag.Messages)
		}
	}
	return nil
}
