package source

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/netresearch/go-cron"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	// shortestInterval is how often a list can be fetched at most, longestInterval how seldom at least.
	shortestInterval = time.Second
	longestInterval  = 8760 * time.Hour
	// everyPrefix begins an interval.
	everyPrefix = "@every"
)

// The fields of a schedule.
const (
	fieldExpression = "expression"
	fieldTimeZone   = "time_zone"
)

// cronParser reads the five fields that everybody knows; a day is one where either of the fields for days says so, if both do.
var cronParser = cron.MustNewParser(
	cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor | cron.DowOrDom)

// scheduleError says what is wrong with a field of a schedule.
type scheduleError struct {
	field string
	cause error
}

// Error implements error.
func (e *scheduleError) Error() string { return e.field + ": " + e.cause.Error() }

// timetable says when a source is due: a function of the time alone, so that whoever asks gets the same answer.
type timetable struct {
	every time.Duration // 0: fields says it
	since time.Time     // where intervals are counted from
	cron  cron.Schedule
}

// newTimetable understands a schedule, which began at a time. It returns a *scheduleError if it cannot, or if the schedule never
// comes.
func newTimetable(schedule *atlantv1.Schedule, since time.Time) (*timetable, error) {
	expression := strings.TrimSpace(schedule.GetExpression())
	if interval, ok := strings.CutPrefix(expression, everyPrefix); ok {
		return newInterval(strings.TrimSpace(interval), schedule.GetTimeZone(), since)
	}
	if strings.Contains(expression, "TZ=") { // the parser would take it
		return nil, &scheduleError{fieldExpression, errors.New("holds a time zone: say it as the time zone of the schedule")}
	}
	zone := schedule.GetTimeZone()
	if zone == "" {
		zone = "UTC"
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return nil, &scheduleError{fieldTimeZone, fmt.Errorf("%q is not known; names are those of IANA, like Europe/Berlin", zone)}
	}
	fields, err := cronParser.Parse("CRON_TZ=" + zone + " " + expression)
	if err != nil {
		return nil, &scheduleError{fieldExpression, fmt.Errorf("%q is no schedule (%w): one is like @every 1h, or like "+
			"30 6 * * MON-FRI (minute hour day month weekday), or @daily", expression, err)}
	}
	t := &timetable{since: since, cron: fields}
	if t.next(since).IsZero() {
		return nil, &scheduleError{fieldExpression, fmt.Errorf("%q never comes", expression)}
	}
	return t, nil
}

func newInterval(interval, zone string, since time.Time) (*timetable, error) {
	every, err := time.ParseDuration(interval)
	switch {
	case err != nil:
		return nil, &scheduleError{fieldExpression, fmt.Errorf("%q is no duration: it is like @every 90s or @every 1h30m", interval)}
	case every < shortestInterval || every > longestInterval:
		return nil, &scheduleError{fieldExpression, errors.New("@every takes from 1s to 8760h")}
	case every%time.Second != 0:
		return nil, &scheduleError{fieldExpression, errors.New("@every takes whole seconds")}
	case zone != "":
		return nil, &scheduleError{fieldTimeZone, errors.New("is only for fields of cron; an interval is the same in all of them")}
	}
	return &timetable{every: every, since: since}, nil
}

// next returns the first time after another one at which the source is due, a whole second; the zero time if there is none.
func (t *timetable) next(after time.Time) time.Time {
	if t.every == 0 {
		return t.cron.Next(after).UTC()
	}
	if after.Before(t.since) {
		after = t.since
	}
	passed := after.Sub(t.since) % t.every // of the interval
	return after.Add(t.every - passed).UTC()
}

// interval returns the time between the next two times after one; the longest there is if there are no two.
func (t *timetable) interval(after time.Time) time.Duration {
	first := t.next(after)
	if first.IsZero() {
		return longestInterval
	}
	second := t.next(first)
	if second.IsZero() {
		return longestInterval
	}
	return second.Sub(first)
}
