package source

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/atlant-log/atlant/events"
)

// checkedAtOnce is how many sources are read at a time.
const checkedAtOnce = 200

// keepChecking looks now and then whether each source has the alarm that it should have. It always has: this is for streams
// that somebody has restored or purged.
func (s *Scheduler) keepChecking(ctx context.Context) {
	for ctx.Err() == nil {
		wait := checkInterval
		if err := s.check(ctx, time.Now()); err != nil && ctx.Err() == nil {
			wait = retryPause
			s.logger.WarnContext(ctx, "alarms of sources not checked", slog.Any(logError, err), slog.Duration(logRetryIn, wait))
		}
		pause(ctx, wait)
	}
}

// check sets the alarms that are missing.
func (s *Scheduler) check(ctx context.Context, now time.Time) error {
	for after := ""; ; {
		page, err := s.log.RegisteredSources(ctx, after, checkedAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := s.checkSource(ctx, &page[i], now); err != nil {
				return err
			}
			after = page[i].Record.GetName()
		}
	}
}

// checkSource sets the alarm of a source if it is missing. It may be missing because it has just gone off; then whoever answers
// it sets the same one.
func (s *Scheduler) checkSource(ctx context.Context, source *events.RegisteredSource, now time.Time) error {
	if source.Record.GetSchedule() == nil || source.Record.GetPaused() {
		return nil
	}
	set, err := s.log.Alarm(ctx, source.Record.GetName())
	if err != nil || (set != nil && isFor(set, source.Record)) {
		return err
	}
	table, err := timetableOf(source.Record)
	if err != nil {
		return nil //nolint:nilerr // it is for a newer version
	}
	alarm := alarmAfter(source.Record, table, now)
	if alarm == nil {
		return nil
	}
	err = s.log.SetAlarm(ctx, alarm, source.Revision)
	if errors.Is(err, events.ErrConflict) {
		return nil // it was changed meanwhile, and has an alarm
	}
	return err
}
