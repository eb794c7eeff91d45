package projections_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

const oneDay events.Micros = 24 * 3600 * 1_000_000

// priced is that a product was seen at a price on a day.
type priced struct {
	day   int64
	price events.Price
}

// statisticsOf folds the observations of one product and sums them up.
func statisticsOf(all []priced) projections.Statistics {
	log := make([]events.Observation, len(all))
	for i, p := range all {
		log[i] = seen(p.price, at(events.Micros(p.day)*oneDay, byte(i)))
	}
	delta := projections.FoldBatch(nil, log)
	return projections.NewStatistics(&delta.New[0], delta.Changes)
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	usd := func(micros int64) events.Price { return events.Price{Micros: micros, Currency: "USD"} }
	for name, test := range map[string]struct {
		seen []priced
		want projections.Statistics
	}{
		"once": {
			[]priced{{3, eur(7)}},
			projections.Statistics{Lowest: eur(7), LowestAt: 3, Highest: eur(7), HighestAt: 3, Median: eur(7)},
		},
		"never changed": {
			[]priced{{3, eur(7)}, {9, eur(7)}},
			projections.Statistics{Lowest: eur(7), LowestAt: 3, Highest: eur(7), HighestAt: 3, Median: eur(7)},
		},
		"just changed": {
			[]priced{{0, eur(7)}, {10, eur(5)}},
			projections.Statistics{Lowest: eur(5), LowestAt: 10, Highest: eur(7), Median: eur(7), Prior30Days: new(eur(7))},
		},
		"half of the time each": {
			[]priced{{0, eur(7)}, {10, eur(5)}, {20, eur(5)}},
			projections.Statistics{Lowest: eur(5), LowestAt: 10, Highest: eur(7), Median: eur(5), Prior30Days: new(eur(7))},
		},
		"no time has passed": {
			[]priced{{4, eur(7)}, {4, eur(9)}, {4, eur(8)}},
			projections.Statistics{
				Lowest: eur(7), LowestAt: 4, Highest: eur(9), HighestAt: 4, Median: eur(8), VolatilityPPM: 280_598,
			},
		},
		// 10 → 20 → 10 is +100 % and -50 %: their mean is 25 %, the deviation of each 75 %, over one degree of freedom.
		"there and back": {
			[]priced{{0, eur(10)}, {1, eur(20)}, {2, eur(10)}},
			projections.Statistics{Lowest: eur(10), Highest: eur(20), HighestAt: 1, Median: eur(10), Prior30Days: new(eur(10)), VolatilityPPM: 1_060_660},
		},
		"the same change each time": {
			[]priced{{0, eur(8)}, {1, eur(4)}, {2, eur(2)}},
			projections.Statistics{Lowest: eur(2), LowestAt: 2, Highest: eur(8), Median: eur(4), Prior30Days: new(eur(4))},
		},
		"lower long ago": {
			[]priced{{0, eur(1)}, {10, eur(6)}, {40, eur(5)}},
			projections.Statistics{Lowest: eur(1), Highest: eur(6), HighestAt: 10, Median: eur(6), Prior30Days: new(eur(6)), VolatilityPPM: 3_653_385},
		},
		"lower just within 30 days": {
			[]priced{{0, eur(1)}, {11, eur(6)}, {40, eur(5)}},
			projections.Statistics{Lowest: eur(1), Highest: eur(6), HighestAt: 11, Median: eur(6), Prior30Days: new(eur(1)), VolatilityPPM: 3_653_385},
		},
		"free": {
			[]priced{{0, eur(4)}, {1, eur(0)}, {3, eur(4)}, {4, eur(8)}},
			projections.Statistics{
				LowestAt: 1, Lowest: eur(0), Highest: eur(8), HighestAt: 4, Median: eur(0), Prior30Days: new(eur(0)), VolatilityPPM: 1_414_214,
			},
		},
		"another currency": {
			[]priced{{0, eur(4)}, {5, usd(9)}, {6, usd(3)}, {7, eur(2)}},
			projections.Statistics{Lowest: eur(2), LowestAt: 7, Highest: eur(4), Median: eur(4), Prior30Days: new(eur(4))},
		},
		"a currency that is new": {
			[]priced{{0, eur(4)}, {5, usd(9)}},
			projections.Statistics{Lowest: usd(9), LowestAt: 5, Highest: usd(9), HighestAt: 5, Median: usd(9)},
		},
		"beyond all measure": {
			[]priced{{0, eur(1)}, {1, eur(999_999_999_999_999_999)}, {2, eur(1)}},
			projections.Statistics{
				Lowest: eur(1), Highest: eur(999_999_999_999_999_999), HighestAt: 1, Median: eur(1), Prior30Days: new(eur(1)),
				VolatilityPPM: math.MaxInt64,
			},
		},
	} {
		test.want.LowestAt *= oneDay
		test.want.HighestAt *= oneDay
		if diff := cmp.Diff(test.want, statisticsOf(test.seen)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

// TestStatisticsOfTheLatest: what is left of the changes is summed up as if the product had begun there, and so it says.
func TestStatisticsOfTheLatest(t *testing.T) {
	t.Parallel()
	var log []events.Observation
	for i := range int64(6) {
		log = append(log, seen(eur(10+i*i), at(events.Micros(i), 1)))
	}
	delta := projections.FoldBatch(nil, log)
	got := projections.NewStatistics(&delta.New[0], delta.Changes[3:])
	if !got.Truncated || got.Lowest != eur(19) || got.LowestAt != 3 || got.Highest != eur(35) {
		t.Errorf("got %+v", got)
	}
	// A change that was written after the product was read.
	early := projections.FoldBatch(nil, log[:4]).New[0]
	if diff := cmp.Diff(projections.NewStatistics(&early, delta.Changes[:3]), projections.NewStatistics(&early, delta.Changes)); diff != "" {
		t.Errorf("-without +with later changes:\n%s", diff)
	}
}

// TestStatisticsAnyHistory compares with what looking at each day gives.
func TestStatisticsAnyHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) priced {
			return priced{
				rapid.Int64Range(-40, 40).Draw(t, "day"),
				events.Price{Micros: rapid.Int64Range(0, 6).Draw(t, "price"), Currency: rapid.SampledFrom([]string{"EUR", "EUR", "EUR", "USD"}).Draw(t, "currency")},
			}
		}), 1, 25).Draw(t, "seen")
		slices.SortStableFunc(all, func(a, b priced) int { return int(a.day - b.day) })
		got := statisticsOf(all)
		want := plainStatistics(all)
		if off := got.VolatilityPPM - want.VolatilityPPM; off >= -1 && off <= 1 {
			got.VolatilityPPM = want.VolatilityPPM
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// plainStatistics sums up in the plainest way, day by day and with exact fractions.
func plainStatistics(all []priced) projections.Statistics {
	now := all[len(all)-1].price
	var want projections.Statistics
	first := true
	var perDay []int64
	var ratios []*big.Rat
	lastChange := -1
	for i, p := range all {
		if i > 0 && p.price != all[i-1].price {
			lastChange = i
			if before := all[i-1].price; before.Micros > 0 && before.Currency == now.Currency && p.price.Currency == now.Currency {
				ratios = append(ratios, big.NewRat(p.price.Micros, before.Micros))
			}
		}
		if p.price.Currency != now.Currency {
			continue
		}
		if first || p.price.Micros < want.Lowest.Micros {
			want.Lowest, want.LowestAt = p.price, events.Micros(p.day)*oneDay
		}
		if first || p.price.Micros > want.Highest.Micros {
			want.Highest, want.HighestAt = p.price, events.Micros(p.day)*oneDay
		}
		first = false
		if i+1 < len(all) {
			for range all[i+1].day - p.day {
				perDay = append(perDay, p.price.Micros)
			}
		}
	}
	want.Median = now
	if len(perDay) > 0 {
		slices.Sort(perDay)
		want.Median.Micros = perDay[(len(perDay)-1)/2]
	}
	if lastChange > 0 {
		want.Prior30Days = plainPrior(all, lastChange)
	}
	want.VolatilityPPM = plainVolatility(ratios)
	return want
}

// plainPrior looks at each price that was seen: did it apply within the 30 days before the change?
func plainPrior(all []priced, change int) *events.Price {
	var lowest *events.Price
	end := all[change].day
	for i := range all[:change] {
		p := &all[i]
		until := all[i+1].day
		applied := p.day < end && (until > end-30 || p.day == end-30)
		if applied && p.price.Currency == all[len(all)-1].price.Currency && (lowest == nil || p.price.Micros < lowest.Micros) {
			lowest = &p.price
		}
	}
	return lowest
}

func plainVolatility(ratios []*big.Rat) int64 {
	if len(ratios) < 2 {
		return 0
	}
	sum, squares := new(big.Rat), new(big.Rat)
	for _, r := range ratios {
		sum.Add(sum, r)
		squares.Add(squares, new(big.Rat).Mul(r, r))
	}
	n := big.NewRat(int64(len(ratios)), 1)
	variance := new(big.Rat).Sub(squares, new(big.Rat).Quo(new(big.Rat).Mul(sum, sum), n))
	variance.Quo(variance, big.NewRat(int64(len(ratios))-1, 1))
	exact, _ := variance.Float64()
	return int64(math.Round(math.Sqrt(exact) * 1e6))
}
