package alert

import (
	"errors"
	"iter"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const top = 1_000_000_000_000_000_000 // the most that a price can be, in micros

func anyMove(points int32) *atlantv1.AlertCondition {
	return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Any{Any: &atlantv1.PriceMove{AtLeastBasisPoints: points}}}
}

func up(points int32) *atlantv1.AlertCondition {
	return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Up{Up: &atlantv1.PriceMove{AtLeastBasisPoints: points}}}
}

func down(points int32) *atlantv1.AlertCondition {
	return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Down{Down: &atlantv1.PriceMove{AtLeastBasisPoints: points}}}
}

func below(micros, hysteresis int64, currency string) *atlantv1.AlertCondition {
	return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Below{
		Below: &atlantv1.PriceThreshold{AmountMicros: micros, HysteresisMicros: hysteresis, CurrencyCode: currency},
	}}
}

func above(micros, hysteresis int64, currency string) *atlantv1.AlertCondition {
	return &atlantv1.AlertCondition{Condition: &atlantv1.AlertCondition_Above{
		Above: &atlantv1.PriceThreshold{AmountMicros: micros, HysteresisMicros: hysteresis, CurrencyCode: currency},
	}}
}

func TestMoves(t *testing.T) {
	t.Parallel()
	euro := func(micros int64) events.Price { return events.Price{Micros: micros, Currency: "EUR"} }
	for _, c := range []struct {
		condition     *atlantv1.AlertCondition
		before, after events.Price
		want          bool
	}{
		{anyMove(0), euro(100), euro(101), true},
		{anyMove(0), euro(100), euro(99), true},
		{anyMove(0), euro(100), events.Price{Micros: 100}, true},
		{anyMove(1), euro(100), events.Price{Micros: 900}, false},
		{up(0), euro(100), events.Price{Micros: 900}, false},
		{down(0), euro(100), events.Price{Micros: 1}, false},
		{up(0), euro(100), euro(101), true},
		{up(0), euro(100), euro(99), false},
		{down(0), euro(100), euro(99), true},
		{down(0), euro(100), euro(101), false},
		{up(250), euro(1000), euro(1025), true},
		{up(250), euro(1000), euro(1024), false},
		{down(250), euro(1000), euro(975), true},
		{down(250), euro(1000), euro(976), false},
		{anyMove(250), euro(1000), euro(975), true},
		{up(10_000_000), euro(0), euro(1), true},
		{down(10_000), euro(top), euro(0), true},
		{down(10_001), euro(top), euro(0), false},
		{up(10_000_000), euro(1), euro(top), true},
		{up(10_000_000), euro(top - 1), euro(top), false},
		{&atlantv1.AlertCondition{}, euro(1), euro(2), false},
	} {
		change := projections.Change{PreviousPrice: c.before, Price: c.after}
		got, err := fires(c.condition, &change, nil)
		if err != nil || got != c.want {
			t.Errorf("%v from %v to %v: %t, %v, want %t", c.condition, c.before, c.after, got, err, c.want)
		}
	}
}

// TestMovesExactly: what counts as far enough is what fractions without rounding say.
func TestMovesExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.OneOf(rapid.Int64Range(0, 50), rapid.Int64Range(0, top))
		before, points := price.Draw(t, "before"), rapid.OneOf(rapid.Int32Range(0, 30_000), rapid.Int32Range(0, 10_000_000)).Draw(t, "points")
		after := price.Filter(func(p int64) bool { return p != before }).Draw(t, "after")
		least := new(big.Rat).Mul(big.NewRat(before, 1), big.NewRat(int64(points), basisPoints))
		distance := new(big.Rat).Abs(new(big.Rat).Sub(big.NewRat(after, 1), big.NewRat(before, 1)))
		far := distance.Cmp(least) >= 0
		change := projections.Change{PreviousPrice: events.Price{Micros: before}, Price: events.Price{Micros: after}}
		for condition, want := range map[*atlantv1.AlertCondition]bool{
			anyMove(points): far, up(points): far && after > before, down(points): far && after < before,
		} {
			if got, err := fires(condition, &change, nil); err != nil || got != want {
				t.Fatalf("%v from %d to %d: %t, %v, want %t", condition, before, after, got, err, want)
			}
		}
	})
}

// forwards says at which of the prices after the first one a threshold fires, by following them from the start. It is what
// crossed has to find out backwards.
func forwards(amount, hysteresis int64, above bool, currency string, prices []events.Price) []bool {
	counts := func(p events.Price) bool { return currency == "" || p.Currency == currency }
	beyond := func(p events.Price) bool {
		if above {
			return p.Micros > amount
		}
		return p.Micros < amount
	}
	back := func(p events.Price) bool {
		if above {
			return p.Micros <= amount-hysteresis
		}
		return p.Micros >= amount+hysteresis
	}
	armed := !counts(prices[0]) || !beyond(prices[0])
	var fired []bool
	for _, p := range prices[1:] {
		now := counts(p) && beyond(p) && armed
		fired = append(fired, now)
		switch {
		case !counts(p):
		case beyond(p):
			armed = false
		case back(p):
			armed = true
		}
	}
	return fired
}

// latestFirst gives the changes between prices up to one, without it.
func latestFirst(all []projections.Change) iter.Seq2[projections.Change, error] {
	return func(yield func(projections.Change, error) bool) {
		for _, c := range slices.Backward(all) {
			if !yield(c, nil) {
				return
			}
		}
	}
}

func TestThresholdsAgreeWithOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Int64Range(2, 12).Draw(t, "amount")
		hysteresis := rapid.Int64Range(0, amount).Draw(t, "hysteresis")
		currency := rapid.SampledFrom([]string{"", "EUR"}).Draw(t, "currency")
		prices := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) events.Price {
			code := rapid.SampledFrom([]string{"EUR", "EUR", "EUR", "USD"}).Draw(t, "code")
			return events.Price{Micros: rapid.Int64Range(0, 16).Draw(t, "micros"), Currency: code}
		}), 2, 40).Draw(t, "prices")
		var changes []projections.Change
		for i := range len(prices) - 1 {
			changes = append(changes, projections.Change{PreviousPrice: prices[i], Price: prices[i+1]})
		}
		for _, isAbove := range []bool{false, true} {
			condition := below(amount, hysteresis, currency)
			if isAbove {
				condition = above(amount, hysteresis, currency)
			}
			for i, want := range forwards(amount, hysteresis, isAbove, currency, prices) {
				got, err := fires(condition, &changes[i], latestFirst(changes[:i]))
				if err != nil || got != want {
					t.Fatalf("change %d of %v: %t, %v, want %t", i, prices, got, err, want)
				}
			}
		}
	})
}

// TestThresholdReadsNoMoreThanItNeeds: without hysteresis a change tells by itself; and an error on the way is told.
func TestThresholdReadsNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	cause := errors.New("out of order")
	failing := func(yield func(projections.Change, error) bool) { yield(projections.Change{}, cause) }
	change := projections.Change{PreviousPrice: events.Price{Micros: 12}, Price: events.Price{Micros: 9}}
	if got, err := fires(below(10, 0, ""), &change, failing); err != nil || !got {
		t.Errorf("got %t, %v", got, err)
	}
	if _, err := fires(below(10, 5, ""), &change, failing); !errors.Is(err, cause) {
		t.Errorf("got %v, want %v", err, cause)
	}
}
