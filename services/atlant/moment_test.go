package main

import (
	"testing"
	"time"
)

func TestParseMoment(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-01-30T10:00:00+02:00": time.Date(2026, 1, 30, 8, 0, 0, 0, time.UTC),
		"2026-01-30T10:00:00.5Z":    time.Date(2026, 1, 30, 10, 0, 0, 500_000_000, time.UTC),
		"2026-01-30":                time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC),
		"24h":                       now.Add(-24 * time.Hour),
		"7d":                        now.Add(-7 * 24 * time.Hour),
		"1h30m":                     now.Add(-90 * time.Minute),
	} {
		if got, err := parseMoment(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "yesterday", "-24h", "-1d", "7", "2026-13-01", "d"} {
		if got, err := parseMoment(text, now); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func TestParseAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	if got, err := parseAge("365d", now); err != nil || !got.Equal(time.Date(2025, 1, 31, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "2026-01-30", "2026-01-30T10:00:00Z", "-1d", "1y"} {
		if got, err := parseAge(text, now); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}
