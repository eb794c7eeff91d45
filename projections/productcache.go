package projections

import (
	"math"
	"math/rand/v2"
	"sync/atomic"

	"github.com/atlant-log/atlant/events"
)

// cacheBudget bounds the memory of the caches that share it.
type cacheBudget struct {
	bytes  int64
	caches atomic.Int64 // how many share it now, in equal parts
}

// processCaches is the budget of all projectors of this process.
var processCaches = &cacheBudget{bytes: 100 << 20}

const (
	// bytesPerProduct is what a product takes in a stateTable at most; 52 on average while the cache is not full.
	bytesPerProduct = 64
	// bytesPerPosition is what a position takes in a positionTable at most.
	bytesPerPosition = 160
	// admitOneIn is how few of the products that are met while the cache is full are taken in, each for a random other one.
	// A list that is larger than the cache and is read in the same order again and again would else find hardly any of its
	// products still there; this way nearly as many as there is room for.
	admitOneIn = 8
)

// productCache keeps the state of products, so that the views need not be asked for it: each is exactly the fold of the
// product's observations up to what the projector has read of the log, or further. It is of one generation of the views and
// one stream, for one goroutine, and is dropped when anything fails.
//
// What it holds may be older than what is stored, where another projector takes in the same stream. That is no more than
// what every projector meets between loading a state and writing the next, only for longer, and harmless as that is: the
// state is one that the fold of this log went through. What follows from it is then either what is stored already, or fails
// the compare-and-set (the row was written at another position than this state says), and the cache is dropped. A sighting
// never moves back. Only a repair puts in place of a state one that does not follow from it: see repairsOf.
type productCache struct {
	budget     *cacheBudget
	states     *stateTable
	positions  positionTable
	currencies currencyTable
	complete   bool // no product of the stream was ever stored that is not here
}

// newProductCache returns an empty cache, to be closed after use. It is complete if nothing of the stream was ever stored.
func newProductCache(budget *cacheBudget, complete bool) *productCache {
	budget.caches.Add(1)
	c := &productCache{budget: budget}
	c.drop()
	c.complete = complete
	return c
}

// close gives the cache's part of the budget back.
func (c *productCache) close() {
	c.drop()
	c.budget.caches.Add(-1)
}

// drop forgets everything.
func (c *productCache) drop() {
	c.complete = false
	c.states = newStateTable()
	c.positions = positionTable{numbers: map[events.Position]uint32{}}
	c.currencies = currencyTable{}
}

func (c *productCache) has(id *events.ProductID) bool { return c.states.find(id) != nil }

// product returns the product of an observation, as far as a fold needs it.
func (c *productCache) product(id *events.ProductID, o *events.Observation) (Product, bool) {
	s := c.states.find(id)
	if s == nil {
		return Product{}, false
	}
	return Product{
		ID: *id, Source: o.Source, Name: o.Name,
		Price:        events.Price{Micros: s.price, Currency: c.currencies[s.currency]},
		PriceChanges: int64(s.changes),
		Written:      c.positions.at(s.written),
		Seen:         c.positions.at(s.seen),
	}, true
}

// takeIn brings the cache up to date with what was written, and with the products that were loaded for it.
func (c *productCache) takeIn(loaded map[events.ProductID]Product, delta *Delta) {
	for _, p := range loaded {
		c.add(&p)
	}
	for i := range delta.Seen {
		c.update(&delta.Seen[i])
	}
	for i := range delta.New {
		c.add(&delta.New[i])
	}
}

// add takes in a product that is not in the cache, but when it is full only now and then.
func (c *productCache) add(p *Product) {
	full := c.size()+bytesPerProduct > c.limit()
	if !c.fits(p) || full && rand.IntN(admitOneIn) != 0 {
		c.complete = false
		c.trim()
		return
	}
	c.states.insert(productState{
		id: p.ID, price: p.Price.Micros, changes: uint32(p.PriceChanges), currency: c.currencies.number(p.Price.Currency),
		written: c.positions.use(p.Written), seen: c.positions.use(p.Seen),
	})
	c.trim()
}

// update brings a product up to date, if it is in the cache.
func (c *productCache) update(p *Product) {
	s := c.states.find(&p.ID)
	if s == nil {
		return
	}
	if !c.fits(p) {
		c.drop()
		return
	}
	written, seen := s.written, s.seen
	s.price, s.changes, s.currency = p.Price.Micros, uint32(p.PriceChanges), c.currencies.number(p.Price.Currency)
	s.written, s.seen = c.positions.use(p.Written), c.positions.use(p.Seen)
	c.positions.release(written)
	c.positions.release(seen)
	c.trim()
}

// fits tells whether a product can be kept, as every product can that a fetcher has written.
func (c *productCache) fits(p *Product) bool {
	return p.PriceChanges <= math.MaxUint32 && c.currencies.takes(p.Price.Currency)
}

// trim makes the cache as small as it has to be. Much too large it is where it has to share with more caches now: then it
// is dropped, because memory that single products leave is not given back.
func (c *productCache) trim() {
	limit := c.limit()
	if c.size() > limit+limit/4+bytesPerProduct {
		c.drop()
	}
	for c.size() > limit && c.states.count > 0 {
		c.complete = false
		removed := c.states.removeRandom()
		c.positions.release(removed.written)
		c.positions.release(removed.seen)
	}
}

// size returns how many bytes the cache may take.
func (c *productCache) size() int64 {
	return int64(c.states.count)*bytesPerProduct + int64(len(c.positions.numbers))*bytesPerPosition
}

func (c *productCache) limit() int64 { return c.budget.bytes / c.budget.caches.Load() }
