package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestPriceSteps(t *testing.T) {
	t.Parallel()
	change := func(clock string, previous, price *atlantv1.Price) *atlantv1.Change {
		return &atlantv1.Change{ObservedAt: at(clock), PreviousPrice: previous, Price: price}
	}
	usd := &atlantv1.Price{AmountMicros: 9, CurrencyCode: "USD"}
	for name, test := range map[string]struct {
		total   int64
		price   *atlantv1.Price
		changes []*atlantv1.Change
		want    []priceStep
	}{
		"none": {0, eur(1), nil, nil},
		"two": {
			2, eur(3),
			[]*atlantv1.Change{change("09:00:00", eur(1), eur(2)), change("10:00:00", eur(2), eur(3))},
			[]priceStep{{at("08:00:00").AsTime(), 1}, {at("09:00:00").AsTime(), 2}, {at("10:00:00").AsTime(), 3}},
		},
		"not all of them": {3, eur(3), []*atlantv1.Change{change("10:00:00", eur(2), eur(3))}, []priceStep{{at("10:00:00").AsTime(), 3}}},
		"another currency before": {
			3, eur(3),
			[]*atlantv1.Change{change("09:00:00", eur(1), usd), change("10:00:00", usd, eur(2)), change("11:00:00", eur(2), eur(3))},
			[]priceStep{{at("10:00:00").AsTime(), 2}, {at("11:00:00").AsTime(), 3}},
		},
		"another currency at first": {1, eur(3), []*atlantv1.Change{change("09:00:00", usd, eur(3))}, []priceStep{{at("09:00:00").AsTime(), 3}}},
	} {
		product := &atlantv1.Product{Price: test.price, PriceChanges: test.total, FirstObservedAt: at("08:00:00")}
		if got := priceSteps(product, test.changes); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// Each column shows the price that applied at its time; the last one what it costs now.
func TestSampleSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_760_000_000, 0)
		var steps []priceStep
		since := start
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			steps = append(steps, priceStep{since, rapid.Int64Range(0, 1_000_000_000).Draw(t, "price")})
			since = since.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "for")))
		}
		columns := rapid.IntRange(2, 100).Draw(t, "columns")
		samples := sampleSteps(steps, since, columns)
		if len(samples) != columns || samples[0] < 0 || samples[columns-1] != float64(steps[len(steps)-1].micros) {
			t.Fatalf("%v", samples)
		}
		for i, sample := range samples[:columns-1] {
			end := start.Add(time.Duration(float64(since.Sub(start)) * float64(i) / float64(columns-1)))
			want := steps[0].micros
			for _, s := range steps {
				if !s.since.After(end) {
					want = s.micros
				}
			}
			if sample != float64(want) {
				t.Fatalf("column %d of %d is %v, want %d", i, columns, sample, want)
			}
		}
	})
}

// However the prices are, no line of the drawing is wider than the terminal. What stands below it may be.
func TestDrawSteps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		until := at("08:00:00").AsTime()
		var steps []priceStep
		for range rapid.IntRange(2, 10).Draw(t, "steps") {
			steps = append(steps, priceStep{until, rapid.Int64Range(0, 999_999_999_999_999_999).Draw(t, "price")})
			until = until.Add(time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "for")))
		}
		width := rapid.IntRange(40, 200).Draw(t, "width")
		chart := drawSteps(steps, until, "EUR", width)
		lines := strings.Split(chart, "\n")
		if len(lines) < 4 {
			t.Fatalf("%s", chart)
		}
		for _, line := range lines[:len(lines)-2] {
			if n := len([]rune(line)); n > width {
				t.Fatalf("a line of %d columns on %d:\n%s", n, width, chart)
			}
		}
	})
}

func TestFormatTick(t *testing.T) {
	t.Parallel()
	seconds := at("09:30:15").AsTime().Unix()
	for span, layout := range map[time.Duration]string{
		time.Minute: "15:04:05", 2 * time.Hour: "02 15:04", 100 * time.Hour: "2006-01-02",
	} {
		if got, want := formatTick(seconds, span), formatTime(timestamppb.New(time.Unix(seconds, 0)), layout); got != want {
			t.Errorf("%v: %s, want %s", span, got, want)
		}
	}
}
