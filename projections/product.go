// Package projections turns the log into views that can be thrown away and rebuilt: a pure fold, the projector that
// drives it, and the store it writes to.
package projections

import (
	"bytes"
	"cmp"

	"github.com/atlant-log/atlant/events"
)

// Product is the state of one product, as the fold of its observations gives it.
type Product struct {
	ID            events.ProductID
	Source, Name  string
	Price         events.Price
	PreviousPrice events.Price // meaningless while PriceChanges is 0
	PriceChanges  int64

	FirstObservedAt events.Micros
	Written         events.Position // of the last change, or of the first observation while there was none
	Seen            events.Position // of the last observation; never before Written
}

// PriceChangedAt returns the time of the last change, 0 if the price never changed.
func (p *Product) PriceChangedAt() events.Micros {
	if p.PriceChanges == 0 {
		return 0
	}
	return p.Written.ObservedAt
}

// CompareNames orders products by source and name, as the indexes for lists do where a sort value is the same.
func CompareNames(p, q *Product) int {
	return cmp.Or(cmp.Compare(p.Source, q.Source), cmp.Compare(p.Name, q.Name))
}

// Change is one change of a product's price. ProductID and At are its key.
type Change struct {
	ProductID     events.ProductID
	Number        int64 // among the product's changes, counted from 1
	Price         events.Price
	PreviousPrice events.Price
	PreviousSince events.Micros // of the change before it, or of the first observation: when the previous price began
	At            events.Position
	Line          int64
	Place         events.LogPlace // of the message that holds the observation
}

// newChange returns the change that an observation made of a product.
func newChange(before, after *Product, o *events.Observation) Change {
	return Change{
		ProductID: before.ID, Number: after.PriceChanges, Price: after.Price, PreviousPrice: before.Price,
		PreviousSince: before.Written.ObservedAt, At: o.Position, Line: o.Line, Place: o.Place,
	}
}

// Before returns the product as it was before the change, as far as that sorts and filters it. The product is as at any time.
func (c *Change) Before(p *Product) Product {
	before := *p
	before.Price, before.PreviousPrice, before.PriceChanges = c.PreviousPrice, events.Price{}, c.Number-1
	before.Written = events.Position{ObservedAt: c.PreviousSince}
	return before
}

// CompareInFeed orders changes of a shard as the log has them: by sequence, and those of one message by position and product.
func CompareInFeed(a, b Change) int {
	return cmp.Or(cmp.Compare(a.Place.Sequence, b.Place.Sequence), a.At.Compare(b.At), bytes.Compare(a.ProductID[:], b.ProductID[:]))
}
