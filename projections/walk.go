package projections

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/atlant-log/atlant/events"
)

// Errors of a walk.
var (
	// ErrStaleWalk: more prices have changed since it began than are kept in mind. Begin it again.
	ErrStaleWalk = errors.New("too many prices have changed since the first page")
	// ErrBehindWalk: the views have not come to where it began, as others are live since. Wait for them.
	ErrBehindWalk = errors.New("the views are behind where the walk began")
)

const (
	// maxMoved is how many changes behind the beginning of a walk are kept in mind, about 300 bytes each.
	maxMoved = 100_000
	// keptMoved is how many of all walks are.
	keptMoved = 2 * maxMoved
	// walkCost is what a walk costs beside that, in moved products.
	walkCost = 10
	// skipPage bounds how many products are read at once to find enough that have not moved.
	skipPage = 5000
)

// Walked is what a walk reads from.
type Walked interface {
	ProductQueries
	Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]Product, error)
}

// PlacedProduct is a product as it is now, in the place that it had when the walk began.
type PlacedProduct struct {
	Product

	Place ProductCursor
}

// Walks reads lists page by page, so that a walk through all pages meets every product that is there all the while exactly
// once, however prices move. Where they can move products at all, each page is sorted and filtered as at the position of the log
// where the walk began. A product that no change behind that position is of is where the indexes have it; the others, which
// have moved, are put where they were. It may be used from many goroutines at once. The zero value is not usable.
type Walks struct {
	shards int // of the log

	mu    sync.Mutex
	moved map[string]*movedProducts // by where the walk began
	clock int64
}

// NewWalks returns one for views of a log with so many shards, which keeps nothing in mind yet.
func NewWalks(shards int) *Walks { return &Walks{shards: shards, moved: map[string]*movedProducts{}} }

// Page returns the page of a walk that began at a position of the log, for each shard, or that begins now if that is nil. It also
// returns how far the views were before it was read, which is where a walk begins. It returns ErrBehindWalk if that is behind
// where this one began, and ErrStaleWalk if too much has changed since.
func (w *Walks) Page(
	ctx context.Context, views Walked, query ProductQuery, began events.LogPosition,
) ([]PlacedProduct, events.LogPosition, error) {
	read, extents, err := views.ListProductsAt(ctx, query, w.shards)
	if err != nil {
		return nil, nil, err
	}
	now := positionOf(extents)
	if began == nil {
		began = now
	}
	if !now.Reaches(began) {
		return nil, nil, ErrBehindWalk
	}
	if !query.movesWithPrices() {
		return placedWhereTheyAre(&query, read), now, nil
	}
	kept := newMovedProducts(began)
	if query.After != nil {
		kept = w.movedSince(began)
		defer w.trim()
	}
	found := read
	for need := query.Limit; ; {
		// After the page was read: what has moved until then has a change until now.
		moving, err := kept.extend(ctx, views, extents)
		if err != nil && !isFirstOfStale(&query, err) {
			return nil, nil, err
		}
		stay, moved, err := kept.arrange(&query, found, moving)
		if err != nil && !isFirstOfStale(&query, err) {
			return nil, nil, err
		}
		if len(read) < need || len(stay) >= query.Limit {
			page, err := mergeMoved(ctx, views, &query, stay, moved)
			return page, now, err
		}
		need = min(2*need, skipPage)
		more := query
		more.After, more.Limit = new(read[len(read)-1].CursorAt(query.SortBy)), need
		if read, extents, err = views.ListProductsAt(ctx, more, w.shards); err != nil {
			return nil, nil, err
		}
		found = append(found, read...)
	}
}

// movesWithPrices tells whether a price that changes can move a product to another place of the list, into it or out of it.
func (q *ProductQuery) movesWithPrices() bool {
	ordered := q.SortBy != SortByName && q.SortBy != SortByFirstObservedAt
	return ordered || q.Filter.MinPriceMicros != nil || q.Filter.MaxPriceMicros != nil || q.Filter.ChangedSince != nil
}

// isFirstOfStale tells of an error that too much has changed while a first page was read; it is as good as any other.
func isFirstOfStale(query *ProductQuery, err error) bool {
	return query.After == nil && errors.Is(err, ErrStaleWalk)
}

// mergeMoved returns the first products of both, those that have moved as they are now.
func mergeMoved(ctx context.Context, views Walked, query *ProductQuery, stay, moved []Product) ([]PlacedProduct, error) {
	if len(moved) == 0 { // as a rule, and they are in their order
		return placedWhereTheyAre(query, stay), nil
	}
	all := slices.Concat(stay, moved)
	slices.SortFunc(all, func(p, q Product) int { return query.Compare(&p, &q) })
	all = all[:min(len(all), query.Limit)]
	hasMoved := make(map[events.ProductID]bool, len(moved))
	for i := range moved {
		hasMoved[moved[i].ID] = true
	}
	var ids []events.ProductID
	for i := range all {
		if hasMoved[all[i].ID] {
			ids = append(ids, all[i].ID)
		}
	}
	current, err := productsOf(ctx, views, ids)
	if err != nil {
		return nil, err
	}
	page := make([]PlacedProduct, len(all))
	for i := range all {
		page[i] = PlacedProduct{Product: all[i], Place: all[i].CursorAt(query.SortBy)}
		if now, ok := current[all[i].ID]; ok {
			page[i].Product = now
		}
	}
	return page, nil
}

// placedWhereTheyAre returns the first of products that have not moved, in the order that they come in.
func placedWhereTheyAre(query *ProductQuery, stay []Product) []PlacedProduct {
	page := make([]PlacedProduct, min(len(stay), query.Limit))
	for i := range page {
		page[i] = PlacedProduct{Product: stay[i], Place: stay[i].CursorAt(query.SortBy)}
	}
	return page
}

func productsOf(ctx context.Context, views Walked, ids []events.ProductID) (map[events.ProductID]Product, error) {
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // a map without products
	}
	return views.Products(ctx, ids)
}

// movedSince returns what has moved since a position, as far as it is known.
func (w *Walks) movedSince(began events.LogPosition) *movedProducts {
	key := began.String()
	w.mu.Lock()
	defer w.mu.Unlock()
	kept, ok := w.moved[key]
	if !ok {
		kept = newMovedProducts(began)
		w.moved[key] = kept
	}
	w.clock++
	kept.used = w.clock
	return kept
}

// trim forgets what was used least recently, until what is left is not too much.
func (w *Walks) trim() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		var sum int64
		var oldest string
		for key, kept := range w.moved {
			sum += kept.size.Load() + walkCost
			if oldest == "" || kept.used < w.moved[oldest].used {
				oldest = key
			}
		}
		if sum <= keptMoved {
			return
		}
		delete(w.moved, oldest)
	}
}
