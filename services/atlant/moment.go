package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

var (
	errNotAMoment = errors.New("not a time like 2026-01-31T12:00:00Z, a date like 2026-01-31 (UTC), or an age like 24h or 7d")
	errNotAnAge   = errors.New("not an age like 24h or 7d")
)

// moment is a flag that takes a time: RFC 3339, a date, or how long ago.
type moment struct{ time.Time }

// age is a flag that takes how long ago.
type age struct{ time.Time }

// UnmarshalText lets kong read the flag.
func (m *moment) UnmarshalText(data []byte) error {
	t, err := parseMoment(string(data), time.Now())
	m.Time = t
	return err
}

// timestamp returns the optional field of a request.
func (m *moment) timestamp() *timestamppb.Timestamp {
	if m == nil {
		return nil
	}
	return timestamppb.New(m.Time)
}

// UnmarshalText lets kong read the flag.
func (a *age) UnmarshalText(data []byte) (err error) {
	a.Time, err = parseAge(string(data), time.Now())
	return err
}

func parseMoment(s string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	t, err := parseAge(s, now)
	if err != nil {
		return time.Time{}, errNotAMoment
	}
	return t, nil
}

func parseAge(s string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return now.AddDate(0, 0, -int(n)), nil
		}
	}
	age, err := time.ParseDuration(s)
	if err != nil || age < 0 {
		return time.Time{}, errNotAnAge
	}
	return now.Add(-age), nil
}

const (
	toTheMinute = "2006-01-02 15:04"
	toTheSecond = "2006-01-02 15:04:05"
)

// formatTime writes a time in the user's zone; nothing where there is none.
func formatTime(t *timestamppb.Timestamp, layout string) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Local().Format(layout)
}

// formatDuration rounds to three digits or so: nobody compares nanoseconds.
func formatDuration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}
