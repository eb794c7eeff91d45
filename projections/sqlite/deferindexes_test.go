package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"
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
	}{{0, false, all}, {9, false, all}, {10, true, 0}, {10, true, 0}} {
		if deferred, err := views.DeferIndexes(t.Context(), test.most); err != nil || deferred != test.deferred {
			t.Errorf("of at most %d: %t, error %v", test.most, deferred, err)
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
	if deferred, err := live(t, store).DeferIndexes(t.Context(), 0); err != nil || !deferred {
		t.Fatal(deferred, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	live(t, openStore(t, dir))
	if left := indexesIn(t, dir); left != all {
		t.Errorf("there are %d indexes, want %d", left, all)
	}
}
