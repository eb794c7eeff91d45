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
	Seen    []Product        // known products whose last observation moved; a superset of Changed
	Changes []Change         // one for each change, in the order of the log
	Late    int64            // observations that came too late to count
}

// ChangedProduct is a product with the position that its stored row must still have: compare and set.
type ChangedProduct struct {
	Product
	Was events.Position // Product.Written before the batch
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
	b := batchFold{touched: make(map[events.ProductID]int, len(batch))}
	for i := range batch {
		o := &batch[i]
		if p := b.find(ids[i]); p != nil {
			if after, moved := b.fold(p, o); moved {
				*p = after
			}
			continue
		}
		before, ok := known(i)
		if !ok {
			b.touched[ids[i]] = ^len(b.delta.New)
			b.delta.New = append(roomFor(b.delta.New, len(batch)-i), newProduct(ids[i], o))
			continue
		}
		if after, moved := b.fold(&before, o); moved {
			b.touched[ids[i]] = len(b.delta.Seen)
			b.delta.Seen = append(roomFor(b.delta.Seen, len(batch)-i), after)
			b.written = append(roomFor(b.written, len(batch)-i), before.Written)
		}
	}
	for i := range b.delta.Seen {
		if p := &b.delta.Seen[i]; p.Written != b.written[i] {
			b.delta.Changed = append(b.delta.Changed, ChangedProduct{Product: *p, Was: b.written[i]})
		}
	}
	return b.delta
}

// batchFold is the fold of a batch so far.
type batchFold struct {
	delta   Delta
	written []events.Position        // of the products in Seen, before the batch
	touched map[events.ProductID]int // the products' places in Seen, or complements of those in New
}

// find returns a product as it is by now, nil if the batch has not touched it yet.
func (b *batchFold) find(id events.ProductID) *Product {
	at, ok := b.touched[id]
	switch {
	case !ok:
		return nil
	case at < 0:
		return &b.delta.New[^at]
	}
	return &b.delta.Seen[at]
}

// fold returns the product after an observation, and whether that moved it.
func (b *batchFold) fold(before *Product, o *events.Observation) (after Product, moved bool) {
	after, outcome := Fold(before, o)
	switch outcome {
	case OutcomeLate:
		b.delta.Late++
		return after, false
	case OutcomeDuplicate:
		return after, false
	case OutcomeChanged:
		b.delta.Changes = append(b.delta.Changes, newChange(before, &after, o))
	case OutcomeFirst, OutcomeSeen:
	}
	return after, true
}

// roomFor returns a slice that is empty with room for so many: nearly always all of a batch are new, or none.
func roomFor[T any](all []T, many int) []T {
	if all == nil {
		return make([]T, 0, many)
	}
	return all
}
