package projections_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/projections"
)

// TestCursorOrder: the value counts first, then the name by its bytes, then the id.
func TestCursorOrder(t *testing.T) {
	t.Parallel()
	cursor := func(value int64, name string, id byte) projections.ProductCursor {
		return projections.ProductCursor{Value: value, Name: name, ID: uuid.UUID{id}}
	}
	order := []projections.ProductCursor{
		cursor(-1, "z", 9), cursor(0, "", 9), cursor(0, "B", 9), cursor(0, "a", 1), cursor(0, "a", 2), cursor(0, "ab", 0),
		cursor(0, "é", 0), cursor(1, "", 0),
	}
	for i, c := range order {
		for j, d := range order {
			want := min(max(i-j, -1), 1)
			if got := c.Compare(d); got != want {
				t.Errorf("%+v compares with %+v as %d, want %d", c, d, got, want)
			}
		}
	}
}

func TestCursorAt(t *testing.T) {
	t.Parallel()
	never := projections.Product{ID: uuid.UUID{1}, Name: "x", Price: eur(5), FirstObservedAt: -3, Written: at(-3, 1), PreviousPrice: eur(9)}
	changed := never
	changed.PriceChanges, changed.Written = 2, at(7, 1)
	for key, want := range map[projections.SortKey][2]int64{
		projections.SortByName: {0, 0}, projections.SortByPrice: {5, 5}, projections.SortByPriceChanges: {0, 2},
		projections.SortByPriceChangedAt: {0, 7}, projections.SortByFirstObservedAt: {-3, -3},
	} {
		for i, p := range []projections.Product{never, changed} {
			if got := p.CursorAt(key); got != (projections.ProductCursor{Value: want[i], Name: "x", ID: uuid.UUID{1}}) {
				t.Errorf("sorted by %d: %+v, want %d", key, got, want[i])
			}
			query := projections.ProductQuery{SortBy: key, After: new(p.CursorAt(key))}
			if query.IsBehind(&p) {
				t.Errorf("sorted by %d: behind itself", key)
			}
		}
	}
}
