package mongo

import (
	"context"
	"strings"
	"testing"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/atlant-log/atlant/projections/mongo/mongotest"
)

// TempURI returns the URI of a database of the test's own, which is dropped at its end.
func TempURI(tb testing.TB) string {
	tb.Helper()
	name := mongotest.Database(tb)
	uri := withDatabase(mongotest.URI(tb), name)
	tb.Cleanup(func() {
		ctx := context.WithoutCancel(tb.Context())
		client, err := driver.Connect(options.Client().ApplyURI(uri))
		if err != nil {
			tb.Fatal(err)
		}
		if err := client.Database(name).Drop(ctx); err != nil {
			tb.Errorf("drop the database: %v", err)
		}
		_ = client.Disconnect(ctx)
	})
	return uri
}

// withDatabase puts the name in place of the URI's, if it has one.
func withDatabase(uri, name string) string {
	scheme, rest, _ := strings.Cut(uri, "://")
	rest, query, _ := strings.Cut(rest, "?")
	hosts, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + hosts + "/" + name + "?" + query
}

// testViews returns the live views of a database of the test's own.
func testViews(tb testing.TB) *views {
	tb.Helper()
	store, err := Open(tb.Context(), TempURI(tb))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = store.Close() })
	live, err := store.Live(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return live.(*views)
}
