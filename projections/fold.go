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
		return newProduct(o.ProductID(), o), OutcomeFirst
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

// newProduct returns the product of that id as its first observation gives it.
func newProduct(id events.ProductID, o *events.Observation) Product {
	return Product{
		ID: id, Source: o.Source, Name: o.Name, Price: o.Price,
		FirstObservedAt: o.Position.ObservedAt, Written: o.Position, Seen: o.Position,
	}
}

// Delta is what a batch of observations changes in the views. A known product stands in it as far as observations change
// it: its FirstObservedAt may be missing, and outside Changed its PreviousPrice.
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
	ids := make([]events.ProductID, len(batch))
	for i := range batch {
		ids[i] = batch[i].ProductID()
	}
	return foldBatch(ids, batch, func(i int) (Product, bool) {
		p, ok := known[ids[i]]
		return p, ok
	})
}

// foldBatch folds observations of products with these ids. known returns the product of the observation with an index.
func foldBatch(ids []events.ProductID, batch []events.Observation, known func(i int) (Product, bool)) Delta {
	var delta Delta
	var written []events.Position                              // of the products in Seen, before the batch
	touched := make(map[events.ProductID]int, len(batch)) // products by their index in Seen, or in New as its complement
	for i := range batch {
		o := &batch[i]
		at, met := touched[ids[i]]
		var before Product
		switch {
		case met && at >= 0:
			before = delta.Seen[at].Product
		case met:
			before = delta.New[^at]
		default:
			var ok bool
			if before, ok = known(i); !ok {
				touched[ids[i]] = ^len(delta.New)
				delta.New = append(delta.New, newProduct(ids[i], o))
				continue
			}
		}
		after, outcome := Fold(&before, o)
		switch outcome {
		case OutcomeLate:
			delta.Late++
			continue
		case OutcomeDuplicate:
			continue
		case OutcomeChanged:
			delta.Changes = append(delta.Changes, Change{
				ProductID: ids[i], Price: after.Price, PreviousPrice: before.Price, At: o.Position, Line: o.Line,
			})
		case OutcomeFirst, OutcomeSeen:
		}
		switch {
		case met && at >= 0:
			delta.Seen[at].Product = after
		case met:
			delta.New[^at] = after
		default:
			touched[ids[i]] = len(delta.Seen)
			delta.Seen = append(delta.Seen, SeenProduct{Product: after, Was: before.Seen})
			written = append(written, before.Written)
		}
	}
	for i := range delta.Seen {
		if p := &delta.Seen[i].Product; p.Written != written[i] {
			delta.Changed = append(delta.Changed, ChangedProduct{Product: *p, Was: written[i]})
		}
	}
	return delta
}
