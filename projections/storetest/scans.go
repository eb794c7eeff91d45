package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

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

	last := uuid.Max
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
		scanned, err := pages(limit, func(last *projections.Product) ([]projections.Product, error) {
			if last == nil {
				return store.ScanProducts(t.Context(), nil, limit)
			}
			return store.ScanProducts(t.Context(), &last.ID, limit)
		})
		wantNoError(t, "scan products", err)
		wantEqual(t, "products", scanned, products)
		found, err := pages(limit, func(last *projections.Change) ([]projections.Change, error) {
			if last == nil {
				return store.ScanChanges(t.Context(), nil, limit)
			}
			return store.ScanChanges(t.Context(), &projections.ChangeCursor{ProductID: last.ProductID, At: last.At}, limit)
		})
		wantNoError(t, "scan changes", err)
		wantEqual(t, "changes", found, changes)
	}
}

// pages gathers all pages; read is given the last item of the page before.
func pages[T any](limit int, read func(last *T) ([]T, error)) ([]T, error) {
	var all []T
	var last *T
	for {
		page, err := read(last)
		if err != nil || len(page) == 0 {
			return all, err
		}
		if len(page) > limit {
			return all, fmt.Errorf("a page of %d, more than the limit of %d", len(page), limit)
		}
		all = append(all, page...)
		last = &page[len(page)-1]
	}
}
