package mongo_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/mongo"
	"github.com/atlant-log/atlant/projections/storetest"
)

func TestConformance(t *testing.T) { t.Parallel(); storetest.Run(t, openViews) }

func TestConcurrency(t *testing.T) { t.Parallel(); storetest.RunConcurrency(t, openViews) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.RunStore(t, func(t testing.TB) storetest.OpenStore {
		uri := tempURI(t)
		return func() projections.Store { return openStore(t, uri) }
	})
}

func openViews(t testing.TB) projections.Views {
	t.Helper()
	views, err := openStore(t, tempURI(t)).Live(t.Context())
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

func tempURI(t testing.TB) string {
	return strings.TrimSuffix(os.Getenv("ATLANT_TEST_MONGO_URI"), "/") + "/test-" + uuid.NewString()
}
