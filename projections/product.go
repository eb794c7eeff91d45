// Package projections turns the log into views that can be thrown away and rebuilt: a pure fold, the projector that
// drives it, and the store it writes to.
package projections

import "github.com/atlant-log/atlant/events"

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

// Change is one change of a product's price. ProductID and At are its key.
type Change struct {
	ProductID     events.ProductID
	Price         events.Price
	PreviousPrice events.Price
	At            events.Position
	Line          int64
}
