package mongo_test

import (
	"testing"

	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/mongo"
	"github.com/atlant-log/atlant/projections/storetest"
)

func TestConformance(t *testing.T) { t.Parallel(); storetest.Run(t, openViews) }

func TestConcurrency(t *testing.T) { t.Parallel(); storetest.RunConcurrency(t, openViews) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.RunStore(t, func(t testing.TB) storetest.OpenStore {
		t.Helper()
		uri := mongo.TempURI(t)
		return func() projections.Store { return openStore(t, uri) }
	})
}

func openViews(t testing.TB) projections.Views {
	t.Helper()
	return live(t, openStore(t, mongo.TempURI(t)))
}

func live(t testing.TB, store projections.Store) projections.Views {
	t.Helper()
	views, err := store.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return views
}

func openStore(t testing.TB, uri string) *mongo.Store {
	t.Helper()
	store, err := mongo.Open(t.Context(), uri)
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
