package source

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// alarmsAtOnce is how many alarms a process answers at a time.
	alarmsAtOnce = 4
	// retryPause is how long an alarm waits that could not be answered because the log failed.
	retryPause = 5 * time.Second
	// viewPatience is how long an alarm waits for the view to tell what was asked for before it.
	viewPatience = 2 * time.Second
	// checkInterval is how often it is looked whether the alarms that should be set are.
	checkInterval = 5 * time.Minute
)

// Log is what a scheduler needs of the log.
type Log interface {
	events.SourceRegistry
	// LastSequence is as in events.Source, and tells how far the views have to be.
	LastSequence(ctx context.Context, stream events.Stream) (uint64, error)
	// FetchEvents is as in events.FetchLog.
	FetchEvents(ctx context.Context, fetch events.FetchID) ([]events.RecordedFetchEvent, error)
}

// Scheduler has the lists of sources fetched when they are due. Any number of processes have one: each alarm goes to one of
// them, and one that is answered twice makes one fetch all the same, because its key is the time at which it was due.
type Scheduler struct {
	log     Log
	fetches Fetches
	live    projections.LiveViews
	logger  *slog.Logger

	viewPatience time.Duration
}

// NewScheduler returns a scheduler that does nothing yet.
func NewScheduler(log Log, fetches Fetches, live projections.LiveViews, logger *slog.Logger) *Scheduler {
	return &Scheduler{log: log, fetches: fetches, live: live, logger: logger, viewPatience: viewPatience}
}

// Run answers alarms until the context ends; while the log cannot be reached, it keeps trying.
func (s *Scheduler) Run(ctx context.Context) {
	var checking sync.WaitGroup
	checking.Go(func() { s.keepChecking(ctx) })
	defer checking.Wait()
	for ctx.Err() == nil {
		err := s.answerAll(ctx)
		if ctx.Err() != nil {
			return
		}
		s.logger.WarnContext(ctx, "no alarms of sources", slog.Any(logError, err), slog.Duration(logRetryIn, retryPause))
		pause(ctx, retryPause)
	}
}

// answerAll answers alarms until the context ends or they cannot be taken any more.
func (s *Scheduler) answerAll(ctx context.Context) error {
	queue, err := s.log.Alarms(ctx)
	if err != nil {
		return err
	}
	defer queue.Close()
	var answering errgroup.Group
	answering.SetLimit(alarmsAtOnce)
	defer func() { _ = answering.Wait() }() // what went wrong is said where it did
	for {
		item, err := queue.Next(ctx)
		if err != nil {
			return err
		}
		answering.Go(func() error {
			s.answer(ctx, item)
			return nil
		})
	}
}

// answer does what an alarm is for, or has it come back.
func (s *Scheduler) answer(ctx context.Context, item events.AlarmItem) {
	alarm := item.Alarm()
	err := s.ring(ctx, alarm, time.Now())
	if err == nil {
		err = item.Done(ctx)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil: // this process ends: another one, or the next, may take it at once
		item.Later(time.Millisecond)
	default:
		s.logger.ErrorContext(ctx, "a source that is due has to wait", slog.String(logSource, alarm.GetSource()), slog.Any(logError, err),
			slog.Duration(logRetryIn, retryPause))
		item.Later(retryPause)
	}
}

// ring has the list of a source fetched, unless there is a reason not to, and sets the next alarm.
func (s *Scheduler) ring(ctx context.Context, alarm *atlantv1.SourceAlarm, now time.Time) error {
	source, err := s.log.RegisteredSource(ctx, alarm.GetSource())
	if err != nil {
		return err
	}
	if source == nil || !isFor(alarm, source.Record) {
		return nil // whoever deleted, paused or changed it has seen to what comes next
	}
	table, err := timetableOf(source.Record)
	if err != nil {
		return fmt.Errorf("schedule of a newer version: %w", err)
	}
	due := alarm.GetDueAt().AsTime()
	if now.Before(due) { // by this machine's clock; the next time is the one after
		now = due
	}
	next := alarmAfter(source.Record, table, now)
	last, err := s.fetch(ctx, source.Record, table, alarm, now)
	if err != nil || next == nil {
		return err
	}
	next.LastFetchId = last
	err = s.log.SetAlarm(ctx, next, source.Revision)
	if errors.Is(err, events.ErrConflict) {
		return nil // it was changed meanwhile, and has an alarm
	}
	return err
}

// isFor tells whether an alarm is one of the schedule that a source has now.
func isFor(alarm *atlantv1.SourceAlarm, record *atlantv1.SourceRecord) bool {
	return record.GetSchedule() != nil && !record.GetPaused() &&
		alarm.GetScheduleSince().AsTime().Equal(record.GetScheduleSince().AsTime())
}

// fetch asks for the list, unless it is not its time yet, and returns the last fetch that the schedule asked for.
func (s *Scheduler) fetch(
	ctx context.Context, source *atlantv1.SourceRecord, table *timetable, alarm *atlantv1.SourceAlarm, now time.Time,
) (string, error) {
	due := alarm.GetDueAt().AsTime()
	logger := s.logger.With(slog.String(logSource, source.GetName()), slog.Time(logDue, due))
	reason, err := s.reasonAgainst(ctx, source, table, alarm, now)
	if err != nil {
		return "", err
	}
	if reason != "" {
		logger.DebugContext(ctx, "source passed over: "+reason) //nolint:sloglint // one of a few constants
		return alarm.GetLastFetchId(), nil
	}
	key := fmt.Sprintf("%s %d %d", source.GetName(), source.GetCreatedAt().AsTime().UnixMicro(), due.Unix())
	fetch, err := s.fetches.RequestScheduled(ctx, key, fetchRequest(source), due)
	if connect.CodeOf(err) == connect.CodeInvalidArgument { // of a newer version: to try again does not help
		logger.ErrorContext(ctx, "source cannot be fetched", slog.Any(logError, err))
		return alarm.GetLastFetchId(), nil
	}
	if err != nil {
		return "", err
	}
	logger.DebugContext(ctx, "source is due", slog.String(logFetch, fetch.GetId()))
	return fetch.GetId(), nil
}

// reasonAgainst returns why a source that is due is passed over, empty if it is not.
func (s *Scheduler) reasonAgainst(
	ctx context.Context, source *atlantv1.SourceRecord, table *timetable, alarm *atlantv1.SourceAlarm, now time.Time,
) (string, error) {
	const unfinished = "the fetch before has not ended"
	recent, err := s.recent(ctx, source.GetName())
	if err != nil && ctx.Err() != nil {
		return "", err
	}
	if err != nil {
		// Without views the log tells of the fetch before. Lists go on being fetched then, and do not pile up.
		runs, err := s.runs(ctx, alarm.GetLastFetchId())
		if err != nil || !runs {
			return "", err
		}
		return unfinished, nil
	}
	record := recordOf(source, recent)
	switch {
	case record.running:
		return unfinished, nil
	case now.Before(record.backedOffUntil(table)):
		return "it failed several times in a row", nil
	default:
		return "", nil
	}
}

// recent returns the recent fetches of a source, with all that were asked for by now.
func (s *Scheduler) recent(ctx context.Context, name string) ([]*atlantv1.Fetch, error) {
	last, err := s.log.LastSequence(ctx, events.FetchStream)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.viewPatience)
	defer cancel()
	views, err := projections.WaitFor(ctx, s.live, events.FetchStream, last)
	if err != nil {
		return nil, err
	}
	return views.ListFetches(ctx, name, nil, recentFetches)
}

// runs tells whether a fetch has not ended; none, and one that is not known, has.
func (s *Scheduler) runs(ctx context.Context, text string) (bool, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return false, nil //nolint:nilerr // as documented
	}
	recorded, err := s.log.FetchEvents(ctx, id)
	if err != nil || len(recorded) == 0 {
		return false, err
	}
	var view *projections.FetchView
	for _, r := range recorded {
		after, _ := projections.FoldFetch(view, r.Sequence, r.Event)
		view = &after
	}
	return !projections.AtRest(view.Fetch.GetState()), nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
