package projections

import "github.com/atlant-log/atlant/events"

// Outcome is what an observation did to its product.
type Outcome int

// The outcomes of Fold.
const (
	OutcomeFirst     Outcome = iota // the product was not known
	OutcomeSeen                     // the same price again
	OutcomeChanged                  // another price
	OutcomeDuplicate                // this very observation was folded before
	OutcomeLate                     // a later observation was folded before
)

// Fold applies an observation to the product it is of, nil if the product is not known, and returns the product after it
// and what happened. It is pure and total, and folding an observation again at any later time changes nothing: that is
// what makes redelivery, replay and two projectors at once harmless.
func Fold(p *Product, o *events.Observation) (Product, Outcome) {
	if p == nil {
		return Product{
			ID: o.ProductID(), Source: o.Source, Name: o.Name, Price: o.Price,
			FirstObservedAt: o.Position.ObservedAt, Written: o.Position, Seen: o.Position,
		}, OutcomeFirst
	}
	after := *p
	switch c := o.Position.Compare(p.Seen); {
	case c == 0:
		return after, OutcomeDuplicate
	case c < 0:
		return after, OutcomeLate
	}
	after.Seen = o.Position
	if o.Price == p.Price {
		return after, OutcomeSeen
	}
	after.PreviousPrice, after.Price = p.Price, o.Price
	after.PriceChanges++
	after.Written = o.Position
	return after, OutcomeChanged
}

// Delta is what a batch of observations changes in the views.
type Delta struct {
	New     []Product        // products seen for the first time, in the order of the log
	Changed []ChangedProduct // known products with another price or another change count
	Seen    []SeenProduct    // known products whose last observation moved; a superset of Changed
	Changes []Change         // one for each change, in the order of the log
	Late    int64            // observations that came too late to count
}

// ChangedProduct is a product with the position that its stored row must still have: compare and set.
type ChangedProduct struct {
	Product
	Was events.Position // Product.Written before the batch
}

// SeenProduct is a product with the position where it was seen last before: equal to that of its last write, nothing may be
// stored of it yet.
type SeenProduct struct {
	Product
	Was events.Position // Product.Seen before the batch
}

// FoldBatch folds observations, in the order of the log, into the products that known holds.
func FoldBatch(known map[events.ProductID]Product, batch []events.Observation) Delta {
	var delta Delta
	now := make(map[events.ProductID]*Product, len(batch))
	order := make([]events.ProductID, 0, len(batch)) // of first touch, so that the result does not depend on map order
	for i := range batch {
		o := &batch[i]
		id := o.ProductID()
		before := now[id]
		if before == nil {
			if stored, ok := known[id]; ok {
				before = &stored
			}
		}
		after, outcome := Fold(before, o)
		switch outcome {
		case OutcomeLate:
			delta.Late++
			continue
		case OutcomeDuplicate:
			continue
		case OutcomeChanged:
			delta.Changes = append(delta.Changes, Change{
				ProductID: id, Price: after.Price, PreviousPrice: before.Price, At: o.Position, Line: o.Line,
			})
		case OutcomeFirst, OutcomeSeen:
		}
		if now[id] == nil {
			order = append(order, id)
		}
		now[id] = &after
	}
	for _, id := range order {
		after := *now[id]
		before, wasKnown := known[id]
		if !wasKnown {
			delta.New = append(delta.New, after)
			continue
		}
		delta.Seen = append(delta.Seen, SeenProduct{Product: after, Was: before.Seen})
		if after.Written != before.Written {
			delta.Changed = append(delta.Changed, ChangedProduct{Product: after, Was: before.Written})
		}
	}
	return delta
}
