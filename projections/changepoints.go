package projections

import (
	"hash/maphash"
	"unique"

	"github.com/atlant-log/atlant/events"
)

// ChangePoints finds the observations of a shard without which views would differ: of each product the first one, each that changed
// its price, and the last one that counted. It keeps some 100 bytes for each product, and a bit for each observation.
//
// What came late is left out, and must be: it is late only because of an observation that may be left out as well. With neither, each
// observation that stays meets the price and, at the end, the position that it met with all of them; so does whatever follows.
type ChangePoints struct {
	products map[events.ProductID]pointState
	stay     []uint64 // a bit for each observation
	counts   events.Retained
	changes  int64
	digest   uint64 // of first observations and changes
}

var _ events.Retention = (*ChangePoints)(nil)

// pointState is what is known of a product: what Fold needs, and where its last observation is.
type pointState struct {
	seen     events.Position
	micros   int64
	currency unique.Handle[string]
	last     int64 // the observation that was seen last, by its number
	lasting  bool  // that one stays whatever follows
}

// NewChangePoints returns one that has taken in nothing.
func NewChangePoints() *ChangePoints {
	return &ChangePoints{products: map[events.ProductID]pointState{}}
}

// Take implements events.Retention.
func (c *ChangePoints) Take(observations []events.Observation) {
	for i := range observations {
		c.take(&observations[i])
	}
}

func (c *ChangePoints) take(o *events.Observation) {
	number, id := c.counts.All, o.ProductID()
	c.counts.All++
	if number%64 == 0 {
		c.stay = append(c.stay, 0)
	}
	before, known := c.products[id]
	var product *Product
	if known {
		product = &Product{Seen: before.seen, Price: events.Price{Micros: before.micros, Currency: before.currency.Value()}}
	}
	after, outcome := Fold(product, o)
	if outcome == OutcomeLate || outcome == OutcomeDuplicate {
		c.counts.Late++
		return
	}
	if known && !before.lasting {
		c.set(before.last, false)
	}
	c.set(number, true)
	lasting := outcome != OutcomeSeen
	if lasting {
		c.digest += maphash.Comparable(digestSeed, changePoint{id, outcome, o.Position, o.Price, o.Line, o.Place})
	}
	if outcome == OutcomeChanged {
		c.changes++
	}
	c.products[id] = pointState{
		seen: after.Seen, micros: after.Price.Micros, currency: unique.Make(after.Price.Currency), last: number, lasting: lasting,
	}
}

// changePoint is what a digest has of a first observation or a change.
type changePoint struct {
	id      events.ProductID
	outcome Outcome
	at      events.Position
	price   events.Price
	line    int64
	place   events.LogPlace
}

func (c *ChangePoints) set(number int64, stays bool) {
	if stays {
		c.stay[number/64] |= 1 << (number % 64)
		c.counts.Stay++
	} else {
		c.stay[number/64] &^= 1 << (number % 64)
		c.counts.Stay--
	}
}

// Stays implements events.Retention.
func (c *ChangePoints) Stays(n int64) bool { return c.stay[n/64]>>(n%64)&1 == 1 }

// Retained implements events.Retention.
func (c *ChangePoints) Retained() events.Retained { return c.counts }

// End implements events.Retention.
func (c *ChangePoints) End() events.RetentionOutcome {
	products, digest := int64(len(c.products)), c.digest
	for id, p := range c.products {
		digest += maphash.Comparable(digestSeed, changePoint{
			id: id, outcome: OutcomeSeen, at: p.seen, price: events.Price{Micros: p.micros, Currency: p.currency.Value()},
		})
	}
	c.products = nil // which takes far more memory than what stays does
	return events.RetentionOutcome{Products: products, Changes: c.changes, Digest: digest}
}
