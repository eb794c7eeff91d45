package projections

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/atlant-log/atlant/events"
)

// ErrStaleWalk says that more prices have changed since a walk began than are kept in mind: begin it again.
var ErrStaleWalk = errors.New("too many prices have changed since the first page")

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
// once, however prices move: each page is sorted and filtered as at the position of the log where the walk began. A product
// that no change behind that position is of is where the indexes have it; the others, which have moved, are put where they
// were. It may be used from many goroutines at once. The zero value is not usable.
type Walks struct {
	mu    sync.Mutex
	moved map[string]*movedProducts // by where the walk began
	clock int64
}

// NewWalks returns one that keeps nothing in mind yet.
func NewWalks() *Walks { return &Walks{moved: map[string]*movedProducts{}} }

// Page returns the page of a walk that began at a position of the log, for each shard. Now is how far the views were before
// the call, and at the first page also where the walk begins. It returns ErrStaleWalk if too much has changed since.
func (w *Walks) Page(
	ctx context.Context, views Walked, query ProductQuery, began, now events.LogPosition,
) ([]PlacedProduct, error) {
	kept := newMovedProducts(began)
	if query.After != nil {
		kept = w.movedSince(began)
		defer w.trim()
	}
	var found []Product
	after := query.After
	for need := query.Limit; ; need = min(2*need, skipPage) {
		more := query
		more.After, more.Limit = after, need
		page, err := views.ListProducts(ctx, more)
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		// After the page was read: what has moved until then has a change until now.
		moving, err := kept.extend(ctx, views, now)
		if err != nil && !isFirstOfStale(&query, err) {
			return nil, err
		}
		stay, moved, err := kept.arrange(&query, found, moving)
		if err != nil && !isFirstOfStale(&query, err) {
			return nil, err
		}
		if len(page) < need || len(stay) >= query.Limit {
			return mergeMoved(ctx, views, &query, stay, moved)
		}
		after = new(page[len(page)-1].CursorAt(query.SortBy))
	}
}

// isFirstOfStale tells of an error that too much has changed while a first page was read; it is as good as any other.
func isFirstOfStale(query *ProductQuery, err error) bool {
	return query.After == nil && errors.Is(err, ErrStaleWalk)
}

// mergeMoved returns the first products of both, those that have moved as they are now.
func mergeMoved(ctx context.Context, views Walked, query *ProductQuery, stay, moved []Product) ([]PlacedProduct, error) {
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
