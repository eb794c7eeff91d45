package projections

import (
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

const (
	// keptPasts is of how many times prices are kept in mind.
	keptPasts = 4
	// maxPastPrices is how many are, of one time: about 300 bytes each.
	maxPastPrices = 2 * maxChangedSince
)

// Past lists products as they were at a time. What was looked up for a page sorted by price is kept in mind for the next ones:
// no later change makes it another. It may be used from many goroutines at once. The zero value is ready.
type Past struct {
	mu   sync.Mutex
	kept []*pastPrices // what was used last comes first
}

// pastPrices are products that have changed since a time, as they were.
type pastPrices struct {
	at events.Micros

	mu       sync.Mutex
	products map[events.ProductID]Product
}

func newPastPrices(at events.Micros) *pastPrices {
	return &pastPrices{at: at, products: map[events.ProductID]Product{}}
}

// of returns what is kept of a time.
func (p *Past) of(at events.Micros) *pastPrices {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := newPastPrices(at)
	if i := slices.IndexFunc(p.kept, func(kept *pastPrices) bool { return kept.at == at }); i >= 0 {
		if p.kept[i].len() <= maxPastPrices {
			found = p.kept[i]
		}
		p.kept = slices.Delete(p.kept, i, i+1)
	}
	p.kept = slices.Insert(p.kept, 0, found)
	p.kept = p.kept[:min(len(p.kept), keptPasts)]
	return found
}

// end is right behind everything that was observed by then.
func (p *pastPrices) end() *events.Position {
	return &events.Position{ObservedAt: p.at, Fetch: uuid.Max}
}

func (p *pastPrices) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.products)
}

func (p *pastPrices) get(id events.ProductID) (Product, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	product, ok := p.products[id]
	return product, ok
}

func (p *pastPrices) put(product Product) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.products[product.ID] = product
}

// each calls do for all of them.
func (p *pastPrices) each(do func(*Product)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, product := range p.products {
		do(&product)
	}
}
