package projections_test

import (
	"context"
	"errors"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// movedViews hold a page, while so many prices have changed that nobody keeps them in mind.
type movedViews struct {
	projections.Walked

	page []projections.Product
}

func (v movedViews) ListProductsAt(
	context.Context, projections.ProductQuery, int,
) ([]projections.Product, []projections.Extent, error) {
	return v.page, []projections.Extent{{Checkpoint: 1_000_000, LastChange: 1_000_000}}, nil
}

func (v movedViews) FeedChanges(_ context.Context, _ uint32, after uint64, limit int) ([]projections.Change, error) {
	changes := make([]projections.Change, limit)
	for i := range changes {
		changes[i].Place.Sequence = after + uint64(i) + 1
	}
	return changes, nil
}

// A walk that prices cannot disturb goes on however many of them have changed.
func TestWalksThatPricesLeaveAlone(t *testing.T) {
	t.Parallel()
	views := movedViews{page: []projections.Product{{Name: "b"}, {Name: "c"}, {Name: "d"}}}
	for name, test := range map[string]struct {
		query projections.ProductQuery
		stale bool
	}{
		"by name":              {projections.ProductQuery{SortBy: projections.SortByName}, false},
		"by first observation": {projections.ProductQuery{SortBy: projections.SortByFirstObservedAt, Descending: true}, false},
		"of a source, searched": {projections.ProductQuery{Filter: projections.ProductFilter{
			Source: "a", Words: []string{"b"},
		}}, false},
		"by price":           {projections.ProductQuery{SortBy: projections.SortByPrice}, true},
		"by changes":         {projections.ProductQuery{SortBy: projections.SortByPriceChanges}, true},
		"by the last change": {projections.ProductQuery{SortBy: projections.SortByPriceChangedAt}, true},
		"from a price on":    {projections.ProductQuery{Filter: projections.ProductFilter{MinPriceMicros: new(int64)}}, true},
		"up to a price":      {projections.ProductQuery{Filter: projections.ProductFilter{MaxPriceMicros: new(int64)}}, true},
		"changed since":      {projections.ProductQuery{Filter: projections.ProductFilter{ChangedSince: new(events.Micros)}}, true},
	} {
		test.query.Limit, test.query.After = 3, &projections.ProductCursor{Name: "a"}
		page, now, err := projections.NewWalks(1).Page(t.Context(), views, test.query, events.LogPosition{0: 1})
		if errors.Is(err, projections.ErrStaleWalk) != test.stale || (err == nil) != (len(page) == 3 && now[0] == 1_000_000) {
			t.Errorf("%s: %d products, error %v", name, len(page), err)
		}
	}
}
