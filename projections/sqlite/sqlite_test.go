package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	"github.com/atlant-log/atlant/projections/storetest"
)

func TestConformance(t *testing.T) { t.Parallel(); storetest.Run(t, open) }

func TestConcurrency(t *testing.T) { t.Parallel(); storetest.RunConcurrency(t, open) }

func open(t testing.TB) projections.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "views ?#%.db"))
}

func openAt(t testing.TB, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}
