package alert

import (
	"iter"
	"math/bits"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// basisPoints make a whole.
const basisPoints = 10_000

// direction is a way that a price goes.
type direction int

const (
	anyWay direction = iota
	upwards
	downwards
)

// fires tells whether a change meets a condition. Of earlier, the changes of the product before it, the latest first, back to
// where the alert began, it takes no more than it needs. It keeps no state of its own: of the same changes it always says the
// same, however often it is asked. Its errors are those of earlier.
func fires(condition *atlantv1.AlertCondition, c *projections.Change, earlier iter.Seq2[projections.Change, error]) (bool, error) {
	switch is := condition.GetCondition().(type) {
	case *atlantv1.AlertCondition_Any:
		return moves(is.Any, anyWay, c), nil
	case *atlantv1.AlertCondition_Up:
		return moves(is.Up, upwards, c), nil
	case *atlantv1.AlertCondition_Down:
		return moves(is.Down, downwards, c), nil
	case *atlantv1.AlertCondition_Below:
		return threshold{is.Below, false}.crossed(c, earlier)
	case *atlantv1.AlertCondition_Above:
		return threshold{is.Above, true}.crossed(c, earlier)
	default: // of a newer version, which may know what it means
		return false, nil
	}
}

// moves tells whether a price goes far enough in a direction.
func moves(wanted *atlantv1.PriceMove, to direction, c *projections.Change) bool {
	least := uint64(max(wanted.GetAtLeastBasisPoints(), 0))
	before, after := c.PreviousPrice, c.Price
	if before.Currency != after.Currency {
		return to == anyWay && least == 0
	}
	if (to == upwards && after.Micros <= before.Micros) || (to == downwards && after.Micros >= before.Micros) {
		return false
	}
	distance := max(after.Micros, before.Micros) - min(after.Micros, before.Micros)
	return !less(uint64(distance), basisPoints, uint64(before.Micros), least)
}

// less tells whether a*b < c*d.
func less(a, b, c, d uint64) bool {
	high, low := bits.Mul64(a, b)
	wantedHigh, wantedLow := bits.Mul64(c, d)
	return high < wantedHigh || (high == wantedHigh && low < wantedLow)
}

// threshold is one that a price gets beyond when it falls below it, or rises above it.
type threshold struct {
	*atlantv1.PriceThreshold
	above bool
}

// side is where a price stands.
type side int

const (
	beyond  side = iota // the threshold
	between             // back, but by less than the hysteresis; or in a currency that does not count
	back                // by the hysteresis
)

func (t threshold) side(p events.Price) side {
	if code := t.GetCurrencyCode(); code != "" && p.Currency != code {
		return between
	}
	inside := p.Micros - t.GetAmountMicros() // no overflow: each lies between 0 and 10^18
	if t.above {
		inside = -inside
	}
	switch {
	case inside < 0:
		return beyond
	case inside < t.GetHysteresisMicros():
		return between
	default:
		return back
	}
}

// crossed tells whether a change got the price beyond, after it was back or was never beyond since the alert began. The last
// price before that does not stand between says which.
func (t threshold) crossed(c *projections.Change, earlier iter.Seq2[projections.Change, error]) (bool, error) {
	if t.side(c.Price) != beyond {
		return false, nil
	}
	switch t.side(c.PreviousPrice) {
	case beyond:
		return false, nil
	case back:
		return true, nil
	case between:
	}
	for before, err := range earlier {
		if err != nil {
			return false, err
		}
		switch t.side(before.PreviousPrice) {
		case beyond:
			return false, nil
		case back:
			return true, nil
		case between:
		}
	}
	return true, nil
}
