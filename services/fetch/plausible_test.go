package fetch

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	reasonPrices  = atlantv1.HoldReason_HOLD_REASON_PRICES
	reasonRows    = atlantv1.HoldReason_HOLD_REASON_ROWS
	reasonRejects = atlantv1.HoldReason_HOLD_REASON_REJECTS
)

// parsedList makes what reading a list gives: products from first on, at their prices, and some rejects.
func parsedList(first, products, rejected int, price func(i int) int64) *atlantv1.FetchParsed {
	var sample listSample
	for i := first; i < first+products; i++ {
		sample.note(events.NewProductID("s", fmt.Sprint("product ", i)), price(i), 0)
	}
	return &atlantv1.FetchParsed{
		Counts: &atlantv1.FetchCounts{
			RowsRead: int64(products + rejected), Accepted: int64(products), Rejected: int64(rejected),
		},
		Sample: sample.event(),
	}
}

func times(factor float64) func(int) int64 {
	return func(i int) int64 { return int64(float64(1_000_000+1000*(i%977)) * factor) }
}

func TestCompare(t *testing.T) {
	t.Parallel()
	plain := parsedList(0, 1000, 2, times(1))
	free := func(int) int64 { return 0 }
	tests := map[string]struct {
		before, now *atlantv1.FetchParsed
		otherURL    bool
		want        []atlantv1.HoldReason
	}{
		"the same":         {before: plain, now: plain},
		"a tenth dearer":   {before: plain, now: parsedList(0, 1000, 2, times(1.1))},
		"sale":             {before: plain, now: parsedList(0, 1000, 2, times(0.3))},
		"ten times":        {before: plain, now: parsedList(0, 1000, 2, times(10)), want: []atlantv1.HoldReason{reasonPrices}},
		"about ten times":  {before: plain, now: parsedList(0, 1000, 2, times(8.7)), want: []atlantv1.HoldReason{reasonPrices}},
		"a hundredth":      {before: plain, now: parsedList(0, 1000, 2, times(0.01)), want: []atlantv1.HoldReason{reasonPrices}},
		"a thousand times": {before: plain, now: parsedList(0, 1000, 2, times(1000)), want: []atlantv1.HoldReason{reasonPrices}},
		"all free now":     {before: plain, now: parsedList(0, 1000, 2, free), want: []atlantv1.HoldReason{reasonPrices}},
		"all were free":    {before: parsedList(0, 1000, 2, free), now: plain},
		"four of ten a hundred times": {before: plain, now: parsedList(0, 1000, 2, func(i int) int64 {
			if i%10 < 4 {
				return times(100)(i)
			}
			return times(1)(i)
		})},
		"six of ten a hundred times": {before: plain, now: parsedList(0, 1000, 2, func(i int) int64 {
			if i%10 < 6 {
				return times(100)(i)
			}
			return times(1)(i)
		}), want: []atlantv1.HoldReason{reasonPrices}},
		"three products, ten times": {
			before: parsedList(0, 3, 0, times(1)), now: parsedList(0, 3, 0, times(10)), want: []atlantv1.HoldReason{reasonPrices},
		},
		"two products say nothing":     {before: parsedList(0, 2, 0, times(1)), now: parsedList(0, 2, 0, times(10))},
		"other products, ten times":    {before: plain, now: parsedList(5000, 1000, 2, times(10))},
		"a few products in common":     {before: plain, now: parsedList(900, 1000, 2, times(10)), want: []atlantv1.HoldReason{reasonPrices}},
		"half of it":                   {before: plain, now: parsedList(0, 500, 2, times(1))},
		"four rows in ten":             {before: plain, now: parsedList(0, 400, 2, times(1))},
		"a third":                      {before: plain, now: parsedList(0, 333, 2, times(1)), want: []atlantv1.HoldReason{reasonRows}},
		"one row":                      {before: plain, now: parsedList(0, 1, 0, times(1)), want: []atlantv1.HoldReason{reasonRows}},
		"one row of nine":              {before: parsedList(0, 9, 0, times(1)), now: parsedList(0, 1, 0, times(1))},
		"many more":                    {before: plain, now: parsedList(0, 100_000, 2, times(1))},
		"half rejected":                {before: plain, now: parsedList(0, 501, 501, times(1))},
		"most rejected":                {before: plain, now: parsedList(0, 480, 520, times(1)), want: []atlantv1.HoldReason{reasonRejects}},
		"most rejected before as well": {before: parsedList(0, 480, 520, times(1)), now: parsedList(0, 480, 520, times(1))},
		"everything at once": {
			before: plain, now: parsedList(0, 100, 900, times(100)), want: []atlantv1.HoldReason{reasonPrices, reasonRows, reasonRejects},
		},
		"another URL, the same products": {
			before: plain, now: parsedList(0, 1000, 2, times(10)), otherURL: true, want: []atlantv1.HoldReason{reasonPrices},
		},
		"another URL, a few of the products": {
			before: plain, now: parsedList(0, 100, 2, times(1)), otherURL: true, want: []atlantv1.HoldReason{reasonRows},
		},
		"another URL, other products":       {before: plain, now: parsedList(5000, 10, 0, times(1)), otherURL: true},
		"another URL, mostly new ones":      {before: plain, now: parsedList(900, 1000, 2, times(10)), otherURL: true},
		"of a version without samples":      {before: &atlantv1.FetchParsed{Counts: plain.GetCounts()}, now: parsedList(0, 1000, 2, times(10))},
		"of a version without samples, cut": {before: &atlantv1.FetchParsed{Counts: plain.GetCounts()}, now: parsedList(0, 1, 2, times(10)), want: []atlantv1.HoldReason{reasonRows}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := compare(test.now, test.before, "before", !test.otherURL)
			var reasons []atlantv1.HoldReason
			for _, f := range got.GetFindings() {
				reasons = append(reasons, f.GetReason())
			}
			if fmt.Sprint(reasons) != fmt.Sprint(test.want) {
				t.Fatalf("%v, want %v: %v", reasons, test.want, got)
			}
			if got != nil && (got.GetFetchId() != "before" || got.GetAcceptedBefore() != test.before.GetCounts().GetAccepted()) {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestCompareSaysTheFigures(t *testing.T) {
	t.Parallel()
	got := compare(parsedList(0, 100, 900, times(100)), parsedList(0, 1000, 2, times(1)), "before", true)
	var all []string
	for _, f := range got.GetFindings() {
		all = append(all, f.GetMessage())
	}
	want := []string{
		"prices are 100 times what they were, by the median of 33 products",
		"100 rows are accepted, where 1,000 were",
		"900 of 1,000 rows cannot be read, where 2 of 1,002 could not",
	}
	if strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %s", strings.Join(all, "\n"))
	}
}

// The median ratio is found whatever the order, and a list is not held against itself.
func TestCompareProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		products := rapid.IntRange(3, 600).Draw(t, "products")
		factor := rapid.Float64Range(0.001, 1000).Draw(t, "factor")
		before, now := parsedList(0, products, 0, times(1)), parsedList(0, products, 0, times(factor))
		if c := compare(before, before, "x", true); c != nil {
			t.Fatalf("held against itself: %v", c)
		}
		c := compare(now, before, "x", true)
		if held := factor > 7.01 || factor < 1/7.01; held != (c != nil) && math.Abs(math.Abs(math.Log(factor))-math.Log(7)) > 0.01 {
			t.Fatalf("%g times: %v", factor, c)
		}
		if c != nil && math.Abs(c.GetPriceRatio()/factor-1) > 0.01 {
			t.Fatalf("%g times, not %g", c.GetPriceRatio(), factor)
		}
	})
}
