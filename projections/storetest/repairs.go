package storetest

import (
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// damaged returns views in which the product "broken" is not as its observations say, and its id.
func damaged(t *testing.T, store projections.Views) (id events.ProductID, good []events.Observation) {
	t.Helper()
	good = []events.Observation{
		observe("broken", 1, 0), observe("whole", 1, 0), observe("broken", 2, 1), observe("whole", 2, 1), observe("broken", 3, 2),
	}
	mustProject(t, store, good, 5)
	id = good[0].ProductID()
	stored, err := store.GetProduct(t.Context(), id)
	wantNoError(t, "get product", err)
	bad := stored
	bad.Price.Micros, bad.PriceChanges = 77, 9
	bad.Written = at(day+50, 50)
	bad.Seen = bad.Written
	changes := []projections.Change{{ProductID: id, Price: bad.Price, At: bad.Written, Line: 3}}
	wantNoError(t, "damage", store.ReplaceProduct(t.Context(), id, &stored, &bad, changes))
	got, err := store.GetProduct(t.Context(), id)
	wantNoError(t, "get product", err)
	wantEqual(t, "damaged product", got, bad)
	found, err := store.ListChanges(t.Context(), id, true, nil, 10)
	wantNoError(t, "list changes", err)
	wantEqual(t, "damaged changes", found, changes)
	return id, good
}

func testReplace(t *testing.T, store projections.Views) {
	id, good := damaged(t, store)
	want := foldAll(good)
	bad, err := store.GetProduct(t.Context(), id)
	wantNoError(t, "get product", err)
	now := want.Products[0]
	wantEqual(t, "name", now.Name, "broken")
	wantNoError(t, "repair", store.ReplaceProduct(t.Context(), id, &bad, &now, want.Changes[id]))
	wantViews(t, store, want)
	wantScans(t, store, want, 10)
	// As good as if nothing had happened: the next observation changes it.
	next := observe("broken", 4, 3)
	mustProject(t, store, []events.Observation{next}, 6)
	wantViews(t, store, foldAll(append(good, next)))
}

func testReplaceRemoves(t *testing.T, store projections.Views) {
	id, good := damaged(t, store)
	bad, err := store.GetProduct(t.Context(), id)
	wantNoError(t, "get product", err)
	wantNoError(t, "remove", store.ReplaceProduct(t.Context(), id, &bad, nil, nil))
	whole := foldAll([]events.Observation{good[1], good[3]})
	wantViews(t, store, whole)
	wantScans(t, store, whole, 10)
	changes, err := store.ListChanges(t.Context(), id, true, nil, 10)
	wantNoError(t, "list changes", err)
	wantEqual(t, "changes of what was removed", len(changes), 0)
	// And brought back where there is nothing.
	want := foldAll(good)
	wantNoError(t, "add", store.ReplaceProduct(t.Context(), id, nil, &want.Products[0], want.Changes[id]))
	wantViews(t, store, want)
}

// testReplaceConflicts: any difference to what the caller has seen counts.
func testReplaceConflicts(t *testing.T, store projections.Views) {
	all := []events.Observation{observe("a", 1, 0), observe("a", 2, 1)}
	mustProject(t, store, all, 2)
	stored := foldAll(all).Products[0]
	got, err := store.GetProduct(t.Context(), stored.ID)
	wantNoError(t, "get product", err)
	for name, differ := range map[string]func(p *projections.Product){
		"price":        func(p *projections.Product) { p.Price.Micros++ },
		"currency":     func(p *projections.Product) { p.Price.Currency = "USD" },
		"previous":     func(p *projections.Product) { p.PreviousPrice.Micros++ },
		"changes":      func(p *projections.Product) { p.PriceChanges++ },
		"first":        func(p *projections.Product) { p.FirstObservedAt-- },
		"name":         func(p *projections.Product) { p.Name = "b" },
		"source":       func(p *projections.Product) { p.Source = "b" },
		"last seen":    func(p *projections.Product) { p.Seen = at(day+9, 9) },
		"last written": func(p *projections.Product) { p.Written = at(day-9, 9) },
	} {
		was := got
		differ(&was)
		err := store.ReplaceProduct(t.Context(), stored.ID, &was, nil, nil)
		wantError(t, name, err, projections.ErrConflict)
	}
	wantError(t, "nothing", store.ReplaceProduct(t.Context(), stored.ID, nil, &stored, nil), projections.ErrConflict)
	other := observe("other", 1, 0)
	unknown := foldAll([]events.Observation{other}).Products[0]
	wantError(t, "unknown", store.ReplaceProduct(t.Context(), unknown.ID, &unknown, &unknown, nil), projections.ErrConflict)
	wantViews(t, store, foldAll(all))
}
