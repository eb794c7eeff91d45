package storetest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// inOrderOfID returns the views as scans give them.
func inOrderOfID(views Views) (products []projections.Product, changes []projections.Change) {
	products = slices.Clone(views.Products)
	slices.SortFunc(products, func(p, q projections.Product) int { return bytes.Compare(p.ID[:], q.ID[:]) })
	for i := range products {
		changes = append(changes, views.Changes[products[i].ID]...)
	}
	return products, changes
}

func testScans(t *testing.T, store projections.Views) {
	all := history(seeded(8), []string{"one", "two"}, 60, 8)
	mustProject(t, store, all, uint64(len(all)))
	wantScans(t, store, foldAll(all), 1, 7, 1000)
	products, changes := inOrderOfID(foldAll(all))
	wantEqual(t, "enough changes to tell", len(changes) > 100, true)

	// A place between two will do as well.
	between := products[10].ID
	between[15]++
	page, err := store.ScanProducts(t.Context(), &between, 5)
	wantNoError(t, "scan products", err)
	wantEqual(t, "products behind a place between two", page, products[11:16])
	cursor := projections.ChangeCursor{ProductID: changes[20].ProductID, At: changes[20].At}
	cursor.At.Fetch[15]++
	found, err := store.ScanChanges(t.Context(), &cursor, 5)
	wantNoError(t, "scan changes", err)
	wantEqual(t, "changes behind a place between two", found, changes[21:26])

	last := events.ProductID(uuid.Max)
	page, err = store.ScanProducts(t.Context(), &last, 5)
	wantNoError(t, "scan products", err)
	wantEqual(t, "products behind the last", len(page), 0)
	found, err = store.ScanChanges(t.Context(), &projections.ChangeCursor{ProductID: last}, 5)
	wantNoError(t, "scan changes", err)
	wantEqual(t, "changes behind the last", len(found), 0)
}

// wantScans scans everything in pages of several sizes.
func wantScans(t *testing.T, store projections.Views, want Views, limits ...int) {
	t.Helper()
	products, changes := inOrderOfID(want)
	for _, limit := range limits {
		var scanned []projections.Product
		var behind *events.ProductID
		for page, err := store.ScanProducts(t.Context(), nil, limit); len(page) > 0 || err != nil; page, err = store.ScanProducts(t.Context(), behind, limit) {
			wantNoError(t, "scan products", err)
			scanned = append(scanned, page...)
			behind = &page[len(page)-1].ID
		}
		wantEqual(t, "products", scanned, products)
		var found []projections.Change
		var after *projections.ChangeCursor
		for page, err := store.ScanChanges(t.Context(), nil, limit); len(page) > 0 || err != nil; page, err = store.ScanChanges(t.Context(), after, limit) {
			wantNoError(t, "scan changes", err)
			found = append(found, page...)
			last := page[len(page)-1]
			after = &projections.ChangeCursor{ProductID: last.ProductID, At: last.At}
		}
		wantEqual(t, "changes", found, changes)
	}
}
