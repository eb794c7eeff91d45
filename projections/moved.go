package projections

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/atlant-log/atlant/events"
)

// feedPage is how many changes of a feed are read at once.
const feedPage = 5000

// movedProducts are the products that have changed behind a position of the log, as they were there. What the views hold up
// to their checkpoints is taken in once; what is behind these may be there in part only, and is read for each page.
type movedProducts struct {
	size atomic.Int64 // of products
	used int64        // when it was used last; of Walks

	mu       sync.Mutex
	reached  events.LogPosition // what is taken in ends here
	changes  int                // that were taken in
	stale    bool               // there were too many
	products map[events.ProductID]*Product
	added    []*Product             // the same, in the order in which they came
	orders   map[string]*movedOrder // by orderKey
}

func newMovedProducts(began events.LogPosition) *movedProducts {
	return &movedProducts{
		reached: maps.Clone(began), products: map[events.ProductID]*Product{}, orders: map[string]*movedOrder{},
	}
}

// extend takes in what the views hold by now, which was read while they had these extents, and returns what else is about to
// move. It returns ErrStaleWalk if there is too much.
func (m *movedProducts) extend(ctx context.Context, views Walked, extents []Extent) (map[events.ProductID]Product, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	moving := map[events.ProductID]Product{}
	for shard := range m.reached {
		extent := extents[shard]
		if extent.LastChange > m.reached[shard] {
			if err := m.readOn(ctx, views, shard, extent.Checkpoint, moving); err != nil {
				return nil, err
			}
		}
		m.reached[shard] = max(m.reached[shard], extent.Checkpoint)
	}
	return moving, nil
}

// readOn takes in what the feed of a shard has by now, and adds what else is about to move: what is behind the checkpoint.
func (m *movedProducts) readOn(
	ctx context.Context, views Walked, shard uint32, checkpoint uint64, moving map[events.ProductID]Product,
) error {
	read, err := m.readFeed(ctx, views, shard, checkpoint)
	if err != nil {
		return err
	}
	if err := m.takeIn(ctx, views, read); err != nil {
		return err
	}
	m.reached[shard] = max(m.reached[shard], checkpoint)
	m.forgetKnown(read.unsettled)
	return m.look(ctx, views, shard, read.unsettled, moving)
}

// feedRead is what a feed has behind what was taken in: up to a checkpoint, and behind it.
type feedRead struct {
	settled, unsettled firstChanges
	changes            int // that are settled
}

// firstChanges holds the first change of each product that has one.
type firstChanges map[events.ProductID]Change

func (f firstChanges) add(c *Change) {
	if first, ok := f[c.ProductID]; !ok || c.Number < first.Number {
		f[c.ProductID] = *c
	}
}

// readFeed reads the changes of a shard behind what was taken in; those up to a sequence are settled.
func (m *movedProducts) readFeed(ctx context.Context, views Walked, shard uint32, until uint64) (*feedRead, error) {
	read := &feedRead{settled: firstChanges{}, unsettled: firstChanges{}}
	all := m.changes
	for after := m.reached[shard]; !m.stale; {
		page, err := views.FeedChanges(ctx, shard, after, feedPage)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if page[i].Place.Sequence > until {
				read.unsettled.add(&page[i])
				continue
			}
			read.settled.add(&page[i])
			read.changes++
		}
		if len(page) < feedPage {
			return read, nil
		}
		after = page[len(page)-1].Place.Sequence
		all += len(page)
		m.stale = all > maxMoved
	}
	m.products, m.added, m.orders = nil, nil, nil
	m.size.Store(0)
	return nil, ErrStaleWalk
}

// takeIn notes what products were before these changes, unless earlier ones are known.
func (m *movedProducts) takeIn(ctx context.Context, views Walked, read *feedRead) error {
	m.forgetKnown(read.settled)
	products, err := productsOf(ctx, views, slices.Collect(maps.Keys(read.settled)))
	if err != nil {
		return err
	}
	for id, p := range products {
		c := read.settled[id]
		before := new(c.Before(&p))
		m.products[id] = before
		m.added = append(m.added, before)
	}
	m.changes += read.changes
	m.size.Store(int64(len(m.products)))
	return nil
}

// forgetKnown leaves out the changes of products that are known to have moved.
func (m *movedProducts) forgetKnown(changes firstChanges) {
	maps.DeleteFunc(changes, func(id events.ProductID, _ Change) bool { _, known := m.products[id]; return known })
}

// look adds to moving what products were before changes that are perhaps being written just now. Then some may be missing
// between those that were found; but a product is written after all its changes, so once it is seen to be written they are all
// there to be read. One that is not written yet has not moved.
func (m *movedProducts) look(
	ctx context.Context, views Walked, shard uint32, changes firstChanges, moving map[events.ProductID]Product,
) error {
	products, err := productsOf(ctx, views, slices.Collect(maps.Keys(changes)))
	if err != nil || len(products) == 0 {
		return err
	}
	again, err := m.readFeed(ctx, views, shard, m.reached[shard])
	if err != nil {
		return err
	}
	for id, p := range products {
		if c, ok := again.unsettled[id]; ok && p.PriceChanges >= c.Number-1 {
			moving[id] = c.Before(&p)
		}
	}
	return nil
}

// arrange returns those of the products found that have not moved, and the first of those that have, as they were, among those that
// the query asks for; and ErrStaleWalk if they were forgotten. Both are told at once: other pages of the same walk may take in a
// product meanwhile, which would then be in both, or in neither.
func (m *movedProducts) arrange(
	query *ProductQuery, found []Product, moving map[events.ProductID]Product,
) (stay, moved []Product, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.stale && len(m.added) == 0 && len(moving) == 0 {
		return found, nil, nil
	}
	stay = make([]Product, 0, len(found))
	for i := range found {
		_, known := m.products[found[i].ID]
		_, moves := moving[found[i].ID]
		if !known && !moves {
			stay = append(stay, found[i])
		}
	}
	if m.stale {
		return stay, nil, ErrStaleWalk
	}
	f := firstProducts{query: query}
	for _, p := range m.order(query).behind(query) {
		f.add(p)
	}
	for id, p := range moving {
		if m.products[id] == nil {
			f.add(&p)
		}
	}
	return stay, f.sorted(), nil
}
