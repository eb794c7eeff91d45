package sqlite_test

import (
	"testing"

	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	"github.com/atlant-log/atlant/projections/storetest"
)

func TestConformance(t *testing.T) { t.Parallel(); storetest.Run(t, open) }

// All holds as well while the indexes for lists are deferred.
func TestConformanceWithoutIndexes(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t testing.TB) projections.Views {
		t.Helper()
		views := open(t)
		if load, err := views.DeferIndexes(t.Context(), 0); err != nil || load == nil {
			t.Fatal(load, err)
		}
		return views
	})
}

func TestConcurrency(t *testing.T) { t.Parallel(); storetest.RunConcurrency(t, open) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.RunStore(t, func(t testing.TB) storetest.OpenStore {
		t.Helper()
		dir := t.TempDir()
		return func() projections.Store { return openStore(t, dir) }
	})
}

func open(t testing.TB) projections.Views {
	t.Helper()
	return live(t, openStore(t, t.TempDir()+"/views ?#%"))
}

func openStore(t testing.TB, dir string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

func live(t testing.TB, store projections.LiveViews) projections.Views {
	t.Helper()
	views, err := store.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return views
}
