package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	"github.com/atlant-log/atlant/projections/storetest"
)

func observations(n int) []events.Observation {
	all := make([]events.Observation, 2*n)
	for i := range all {
		all[i] = events.Observation{
			Source: "a", Name: strings.Repeat("x", 1+i%n), Price: events.Price{Micros: int64(i)},
			Position: events.Position{ObservedAt: events.Micros(i)}, Line: 1,
		}
	}
	return all
}

func fill(t *testing.T, db projections.Views, n int) {
	t.Helper()
	checkpoint := projections.Checkpoint{Stream: "PRICES_00", Sequence: 7, Late: 3}
	if err := db.ApplyPrices(t.Context(), projections.FoldBatch(nil, observations(n)), checkpoint); err != nil {
		t.Fatal(err)
	}
}

func TestReopenKeepsEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	read := func(db projections.Views) (storetest.Views, projections.Checkpoint) {
		views, err := storetest.Dump(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		checkpoint, err := db.Checkpoint(t.Context(), "PRICES_00")
		if err != nil {
			t.Fatal(err)
		}
		return views, checkpoint
	}
	store := openStore(t, dir)
	fill(t, live(t, store), 500)
	views, checkpoint := read(live(t, store))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(fileIn(dir) + "-*"); len(left) > 0 {
		t.Errorf("closing left %v", left)
	}
	again, checkpointAgain := read(live(t, openStore(t, dir)))
	if diff := cmp.Diff(views, again); diff != "" || len(again.Products) != 500 || len(again.Changes) != 500 {
		t.Errorf("views: -before +after:\n%s", diff)
	}
	if diff := cmp.Diff(checkpoint, checkpointAgain); diff != "" {
		t.Errorf("checkpoint: -before +after:\n%s", diff)
	}
}

// TestTwoHandles: a second process may open the file; each sees what the other writes.
func TestTwoHandles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := live(t, openStore(t, dir)), live(t, openStore(t, dir))
	fill(t, first, 10)
	if n, err := second.CountProducts(t.Context(), projections.ProductFilter{}); err != nil || n != 10 {
		t.Errorf("got %d products, error %v", n, err)
	}
	err := second.ApplyPrices(t.Context(), projections.FoldBatch(nil, observations(10)), projections.Checkpoint{Stream: "PRICES_00"})
	if !errors.Is(err, projections.ErrConflict) {
		t.Errorf("got error %v, want a conflict", err)
	}
}

// TestSeenUnknownConflicts: the file was replaced under a projector that knows the products of the old one.
func TestSeenUnknownConflicts(t *testing.T) {
	t.Parallel()
	db := open(t)
	delta := projections.Delta{Seen: projections.FoldBatch(nil, observations(30)).New}
	err := db.ApplyPrices(t.Context(), delta, projections.Checkpoint{Stream: "PRICES_00", Sequence: 1})
	if !errors.Is(err, projections.ErrConflict) {
		t.Errorf("got error %v, want a conflict", err)
	}
}

func TestOpenRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(t *testing.T, path string)
		says string
	}{
		"text": {func(t *testing.T, path string) {
			t.Helper()
			write(t, path, bytes.Repeat([]byte("not a database. "), 600))
		}, "not an SQLite file"},
		"foreign":  {func(t *testing.T, path string) { t.Helper(); run(t, path, "CREATE TABLE mine (x)") }, "another program"},
		"newer":    {func(t *testing.T, path string) { t.Helper(); views(t, path); run(t, path, "PRAGMA user_version = 99") }, "schema version 99"},
		"damaged":  {func(t *testing.T, path string) { t.Helper(); views(t, path); damage(t, path, 0, 100) }, "damaged"},
		"no table": {func(t *testing.T, path string) { t.Helper(); views(t, path); damage(t, path, 100, 3000) }, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := fileIn(dir)
			test.make(t, path)
			before := read(t, path)
			_, err := sqlite.Open(t.Context(), dir)
			if !errors.Is(err, sqlite.ErrUnusable) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Fatalf("got error %v, want one that says %q and names the file", err, test.says)
			}
			if !bytes.Equal(before, read(t, path)) {
				t.Error("the file was changed")
			}
		})
	}
}

// rootOf returns the number of the first page of a table, counted from 1.
func rootOf(t *testing.T, path, table string) (page int) {
	t.Helper()
	file, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	const text = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
	if err := file.QueryRowContext(t.Context(), text, table).Scan(&page); err != nil {
		t.Fatal(err)
	}
	return page
}

// TestDamageIsReported: a file that breaks later says the same, whatever is read.
func TestDamageIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := fileIn(dir)
	store := openStore(t, dir)
	fill(t, live(t, store), 500)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	const pageSize = 4096
	damage(t, path, (rootOf(t, path, "products")-1)*pageSize, pageSize)
	if _, err := storetest.Dump(t.Context(), live(t, openStore(t, dir))); !errors.Is(err, sqlite.ErrUnusable) {
		t.Errorf("got error %v", err)
	}
}

func TestOpenNeedsFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, nil)
	if _, err := sqlite.Open(t.Context(), path); err == nil || errors.Is(err, sqlite.ErrUnusable) || !strings.Contains(err.Error(), path) {
		t.Errorf("got error %v", err)
	}
}

// fileIn returns the file of the first generation.
func fileIn(dir string) string { return filepath.Join(dir, "generation-1.db") }

func views(t *testing.T, path string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func damage(t *testing.T, path string, from, length int) {
	t.Helper()
	data := read(t, path)
	for i := range length {
		data[from+i] = 0xA5
	}
	write(t, path, data)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestOutdatedIsReplaced: an empty generation takes the place of those of an older version, also where several processes
// find out at once.
func TestOutdatedIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openStore(t, dir)
	fill(t, live(t, store), 10)
	if store.Outdated() {
		t.Error("an empty folder is said to be outdated")
	}
	now, err := store.Generations(t.Context())
	if err == nil {
		err = store.SetGenerations(t.Context(), now, projections.Generations{Live: 1, Previous: 3, Next: 4, Last: 7})
	}
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(fileIn(dir)); err != nil {
		t.Fatal(err)
	}
	for generation, version := range map[int]int{1: 2, 3: 1} {
		makeOutdated(t, filepath.Join(dir, fmt.Sprintf("generation-%d.db", generation)), version)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			store, err := sqlite.Open(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	store = openStore(t, dir)
	if store.Outdated() {
		t.Error("the new generation is said to be outdated")
	}
	want := projections.Generations{Revision: 3, Live: 8, Last: 8}
	if now, err := store.Generations(t.Context()); err != nil || now != want {
		t.Errorf("generations: %+v, error %v", now, err)
	}
	views := live(t, store)
	if checkpoint, err := views.Checkpoint(t.Context(), "PRICES_00"); err != nil || checkpoint.Sequence != 0 {
		t.Errorf("the new views begin at %d, error %v", checkpoint.Sequence, err)
	}
	fill(t, views, 10)
	if left, _ := filepath.Glob(filepath.Join(dir, "*.db")); len(left) != 1 {
		t.Errorf("what is left: %v", left)
	}
}

// makeOutdated makes a file of an older version of the schema.
func makeOutdated(t *testing.T, path string, version int) {
	t.Helper()
	run(t, path, string(read(t, fmt.Sprintf("testdata/version%d.sql", version))))
}

func TestOutdatedIsReported(t *testing.T) {
	t.Parallel()
	for version := 1; version < 3; version++ {
		dir := t.TempDir()
		makeOutdated(t, fileIn(dir), version)
		if store := openStore(t, dir); !store.Outdated() {
			t.Errorf("the older views of version %d were not found", version)
		}
	}
}
