package source

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// at reads a time like 2026-03-29T02:30:00+01:00.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestTimetable(t *testing.T) {
	t.Parallel()
	const since = "2026-01-01T00:00:30Z"
	for _, test := range []struct{ expression, zone, after, want string }{
		{"@every 1h", "", since, "2026-01-01T01:00:30Z"},
		{"@every 1h", "", "2020-01-01T00:00:00Z", "2026-01-01T01:00:30Z"},
		{"@every 1h", "", "2026-01-01T01:00:29.999Z", "2026-01-01T01:00:30Z"},
		{"@every 1h", "", "2026-01-01T01:00:30Z", "2026-01-01T02:00:30Z"},
		{"@every 1h", "", "2026-05-01T12:59:00Z", "2026-05-01T13:00:30Z"},
		{" @every  1s ", "", "2026-05-01T12:59:00.5Z", "2026-05-01T12:59:01Z"},
		{"@every 8760h", "", since, "2027-01-01T00:00:30Z"},
		{"30 6 * * *", "", since, "2026-01-01T06:30:00Z"},
		{"30 6 * * *", "Europe/Berlin", since, "2026-01-01T06:30:00+01:00"},
		{"30 6 * * *", "Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-01T06:30:00+02:00"},
		{"30 6 * * *", "Europe/Berlin", "2026-07-01T04:30:00Z", "2026-07-02T06:30:00+02:00"},
		{"0 6 * * MON-FRI", "America/New_York", "2026-03-06T12:00:00-05:00", "2026-03-09T06:00:00-04:00"},
		{"0 6 1 * 1", "", "2026-02-28T00:00:00Z", "2026-03-01T06:00:00Z"}, // either day will do
		{"*/15 * * * *", "Asia/Kathmandu", "2026-01-01T00:01:00Z", "2026-01-01T00:15:00Z"},
		{"@daily", "Asia/Tokyo", since, "2026-01-02T00:00:00+09:00"},
		{"@hourly", "", since, "2026-01-01T01:00:00Z"},
		{"0 0 29 2 *", "", since, "2028-02-29T00:00:00Z"},
		// The hour that there is none of comes an hour later; the one that comes twice comes twice.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T03:30:00+02:00"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T02:30:00+02:00"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"},
	} {
		table, err := newTimetable(&atlantv1.Schedule{Expression: test.expression, TimeZone: test.zone}, at(t, since))
		if err != nil {
			t.Errorf("%q: %v", test.expression, err)
			continue
		}
		if got := table.next(at(t, test.after)); !got.Equal(at(t, test.want)) {
			t.Errorf("%q in %q after %s: %s, want %s", test.expression, test.zone, test.after, got, test.want)
		}
	}
}

func TestBadSchedules(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ expression, zone, field, want string }{
		{"", "", "expression", "no schedule"},
		{"tomorrow", "", "expression", `"tomorrow" is no schedule`},
		{"0 6 * *", "", "expression", "minute hour day month weekday"},
		{"0 0 6 * * *", "", "expression", "no schedule"},
		{"61 6 * * *", "", "expression", "no schedule"},
		{"0 0 30 2 *", "", "expression", "never comes"},
		{"@every", "", "expression", "is no duration"},
		{"@every day", "", "expression", `"day" is no duration`},
		{"@every 0s", "", "expression", "from 1s to 8760h"},
		{"@every 999ms", "", "expression", "from 1s"},
		{"@every -1h", "", "expression", "from 1s"},
		{"@every 8761h", "", "expression", "to 8760h"},
		{"@every 1500ms", "", "expression", "whole seconds"},
		{"@every 1h", "UTC", "time_zone", "only for fields of cron"},
		{"@fortnightly", "", "expression", "no schedule"},
		{"0 6 * * *", "Mars/Olympus", "time_zone", `"Mars/Olympus" is not known`},
		{"0 6 * * *", "Local", "time_zone", "is not known"},
		{"0 6 * * *", "../../etc/passwd", "time_zone", "is not known"},
		{"TZ=Asia/Tokyo 0 6 * * *", "", "expression", "holds a time zone"},
		{"CRON_TZ=Asia/Tokyo 0 6 * * *", "", "expression", "holds a time zone"},
	} {
		_, err := newTimetable(&atlantv1.Schedule{Expression: test.expression, TimeZone: test.zone}, time.Now())
		var wrong *scheduleError
		if !errors.As(err, &wrong) || wrong.field != test.field || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q in %q: got %v, want %s: … %s", test.expression, test.zone, err, test.field, test.want)
		}
	}
}

// expressions are some that are good, for properties.
var expressions = []*atlantv1.Schedule{
	{Expression: "@every 1s"},
	{Expression: "@every 17s"},
	{Expression: "@every 1h30m"},
	{Expression: "@every 8760h"},
	{Expression: "* * * * *"},
	{Expression: "30 2 * * *", TimeZone: "Europe/Berlin"},
	{Expression: "0 0 * * *", TimeZone: "America/Sao_Paulo"},
	{Expression: "*/7 1-3 * * SUN", TimeZone: "America/New_York"},
	{Expression: "0 12 31 * *", TimeZone: "Australia/Lord_Howe"},
	{Expression: "@monthly", TimeZone: "Asia/Kolkata"},
}

// TestTimetableGoesOn: a time comes after the one that was asked for, in whole seconds, and no time lies between the two.
func TestTimetableGoesOn(t *testing.T) {
	t.Parallel()
	from, until := at(t, "2010-01-01T00:00:00Z"), at(t, "2040-01-01T00:00:00Z")
	rapid.Check(t, func(t *rapid.T) {
		since := time.Unix(rapid.Int64Range(from.Unix(), until.Unix()).Draw(t, "since"), 0)
		after := time.Unix(rapid.Int64Range(from.Unix(), until.Unix()).Draw(t, "after"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		schedule := rapid.SampledFrom(expressions).Draw(t, "schedule")
		table, err := newTimetable(schedule, since)
		if err != nil {
			t.Fatal(err)
		}
		next := table.next(after)
		if !next.After(after) || next.Nanosecond() != 0 {
			t.Fatalf("after %s comes %s", after, next)
		}
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
		if later := table.next(between); later.Before(next) {
			t.Fatalf("after %s comes %s, but after %s %s", after, next, between, later)
		}
		if table.interval(after) < shortestInterval {
			t.Fatalf("interval %s", table.interval(after))
		}
	})
}

// FuzzTimetable: whatever an expression is, it is understood or refused, and then comes in the future.
func FuzzTimetable(f *testing.F) {
	for _, schedule := range expressions {
		f.Add(schedule.GetExpression(), schedule.GetTimeZone())
	}
	f.Add("@every 9999999999999h", "UTC")
	f.Add("0-59/99 */0 L W ?", "Europe/Berlin")
	since := time.Unix(1_760_000_000, 0)
	f.Fuzz(func(t *testing.T, expression, zone string) {
		table, err := newTimetable(&atlantv1.Schedule{Expression: expression, TimeZone: zone}, since)
		if err != nil {
			return
		}
		if next := table.next(since); !next.After(since) {
			t.Errorf("after %s comes %s", since, next)
		}
	})
}
