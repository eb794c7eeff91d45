package main

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestFormatMicros(t *testing.T) {
	t.Parallel()
	for micros, want := range map[int64]string{
		0:                       "0.00",
		1:                       "0.000001",
		12_500_000:              "12.50",
		12_345_000:              "12.345",
		-510_000:                "-0.51",
		999_999_999_999_999_999: "999999999999.999999",
		math.MinInt64:           "-9223372036854.775808",
	} {
		if got := formatMicros(micros); got != want {
			t.Errorf("%d: got %s, want %s", micros, got, want)
		}
	}
}

func TestParseMicros(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "12": 12_000_000, "12.5": 12_500_000, "0.000001": 1, "000000000012": 12_000_000,
		"999999999999.999999": 999_999_999_999_999_999,
	} {
		if got, err := parseMicros(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", ".", "1.", ".5", "-1", "+1", "1,50", "1 000", "1e3", "1.2.3", "0.0000001", "1000000000000", "٣", "1.-5", "0x1",
	} {
		if got, err := parseMicros(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func TestMicrosRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		micros := rapid.Int64Range(0, 999_999_999_999_999_999).Draw(t, "micros")
		if got, err := parseMicros(formatMicros(micros)); err != nil || got != micros {
			t.Fatalf("%d became %s, and that %d, %v", micros, formatMicros(micros), got, err)
		}
	})
}

func TestMoves(t *testing.T) {
	t.Parallel()
	const most = 999_999_999_999_999_999
	for _, c := range []struct {
		previous, price *atlantv1.Price
		move, delta     string
	}{
		{eur(12_500_000), eur(13_000_000), "▲ 4.0%", "+0.50"},
		{eur(13_000_000), eur(12_500_000), "▼ 3.8%", "-0.50"},
		{eur(3_000_000), eur(2_000_000), "▼ 33.3%", "-1.00"},
		{eur(0), eur(1_000_000), "▲", "+1.00"},
		{eur(1_000_000), eur(0), "▼ 100.0%", "-1.00"},
		{eur(most), eur(most - 1), "▼ <0.1%", "-0.000001"},
		{eur(1), eur(most), "▲ >999.9%", "+999999999999.999998"},
		{eur(1), eur(1), "", "0.00"},
		{eur(1), &atlantv1.Price{AmountMicros: 2, CurrencyCode: "USD"}, "", ""},
		{nil, eur(1), "", ""},
	} {
		if got := formatMove(c.previous, c.price); got != c.move {
			t.Errorf("%v to %v: got %q, want %q", c.previous, c.price, got, c.move)
		}
		if got := formatDelta(c.previous, c.price); got != c.delta {
			t.Errorf("%v to %v: got %q, want %q", c.previous, c.price, got, c.delta)
		}
	}
}
