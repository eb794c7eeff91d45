package sqlite_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/atlant-log/atlant/projections"
)

// indexesIn counts the indexes for lists in the only file of a folder.
func indexesIn(t *testing.T, dir string) (count int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	file, err := sql.Open("sqlite", files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	const ofLists = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name LIKE 'products_by_%'"
	if err := file.QueryRowContext(t.Context(), ofLists).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

func TestDeferIndexes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openStore(t, dir)
	views := live(t, store)
	all := indexesIn(t, dir)
	fill(t, views, 10)
	for _, test := range []struct {
		most     int64
		deferred bool
		left     int
	}{{0, false, all}, {9, false, all}, {10, true, 0}, {0, true, 0}} {
		if load, err := views.DeferIndexes(t.Context(), test.most); err != nil || (load != nil) != test.deferred {
			t.Errorf("of at most %d: %v, error %v", test.most, load, err)
		}
		if left := indexesIn(t, dir); left != test.left {
			t.Errorf("%d indexes are left, want %d", left, test.left)
		}
	}
	if err := views.BuildIndexes(t.Context()); err != nil || indexesIn(t, dir) != all {
		t.Errorf("%d indexes were built, error %v", indexesIn(t, dir), err)
	}
}

// Who died with indexes deferred leaves them to the next one.
func TestDeferredIndexesAreBuiltOnOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openStore(t, dir)
	all := indexesIn(t, dir)
	if load, err := live(t, store).DeferIndexes(t.Context(), 0); err != nil || load == nil {
		t.Fatal(load, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	live(t, openStore(t, dir))
	if left := indexesIn(t, dir); left != all {
		t.Errorf("there are %d indexes, want %d", left, all)
	}
}

// Of two projectors that append the same products without an index that forbids it, one is told.
func TestAppendTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	views := live(t, openStore(t, dir))
	all := indexesIn(t, dir)
	load, err := views.DeferIndexes(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	again, err := views.DeferIndexes(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	products := projections.FoldBatch(nil, observations(10)).New
	at := func(sequence uint64) projections.Checkpoint {
		return projections.Checkpoint{Stream: "PRICES_00", Sequence: sequence}
	}
	if err := load.AppendPrices(t.Context(), products[:5], 0, at(3), false); err != nil || indexesIn(t, dir) != 0 {
		t.Fatal(indexesIn(t, dir), err)
	}
	for behind, want := range map[uint64]error{0: projections.ErrConflict, 2: projections.ErrConflict, 4: projections.ErrConflict} {
		if err := again.AppendPrices(t.Context(), products[:5], behind, at(3), false); !errors.Is(err, want) {
			t.Errorf("behind %d: error %v", behind, err)
		}
	}
	if err := again.AppendPrices(t.Context(), products[5:], 3, at(6), true); err != nil || indexesIn(t, dir) != all {
		t.Fatal(indexesIn(t, dir), err)
	}
	if err := load.AppendPrices(t.Context(), products[5:], 6, at(7), false); !errors.Is(err, projections.ErrConflict) {
		t.Errorf("with an index: error %v", err)
	}
	stored, err := views.ScanProducts(t.Context(), nil, 100)
	if err != nil || len(stored) != 10 {
		t.Errorf("%d products, error %v", len(stored), err)
	}
	if checkpoint, err := views.Checkpoint(t.Context(), "PRICES_00"); err != nil || checkpoint.Sequence != 6 {
		t.Errorf("checkpoint %v, error %v", checkpoint, err)
	}
}

// Whoever writes by id while a first load goes on has the ids indexed.
func TestWritesIndexIDs(t *testing.T) {
	t.Parallel()
	products := projections.FoldBatch(nil, observations(10)).New
	checkpoint := projections.Checkpoint{Stream: "PRICES_00", Sequence: 4}
	for name, write := range map[string]func(projections.Views) error{
		"apply": func(v projections.Views) error {
			return v.ApplyPrices(t.Context(), projections.Delta{New: products}, checkpoint)
		},
		"insert": func(v projections.Views) error { return v.InsertPrices(t.Context(), products, nil) },
		"replace": func(v projections.Views) error {
			return v.ReplaceProduct(t.Context(), products[0].ID, nil, &products[0], nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			views := live(t, openStore(t, dir))
			load, err := views.DeferIndexes(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := write(views); err != nil || indexesIn(t, dir) != 1 {
				t.Fatal(indexesIn(t, dir), err)
			}
			if err := load.AppendPrices(t.Context(), products[:1], 0, checkpoint, false); !errors.Is(err, projections.ErrConflict) {
				t.Errorf("a product that is stored: error %v", err)
			}
		})
	}
}
