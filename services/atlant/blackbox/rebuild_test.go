package blackbox_test

import (
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestRebuildWhileServed rebuilds the views of a running Atlant, back and forth: nothing that a client can see changes, and a list
// that was begun before goes on after.
func TestRebuildWhileServed(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	a := start(t, data, allowPrivate)
	fill(t, a, s)
	a.caughtUp(t)
	before := a.dump(t)
	first := call(t, a.products.List, &atlantv1.ListRequest{PageSize: 20, SortBy: atlantv1.SortBy_SORT_BY_PRICE})

	command := func(want string, arguments ...string) {
		t.Helper()
		r := run(t, append(arguments, "--addr", a.url)...)
		if r.code != 0 || !strings.Contains(r.out, want) {
			t.Fatalf("%v: got %+v, want %q", arguments, r, want)
		}
	}
	command("products compared: equal", "verify")
	command("generation 2 is live", "rebuild")
	a.dump(t).expectSame(t, before)
	next := call(t, a.products.List, &atlantv1.ListRequest{
		PageSize: 990, SortBy: atlantv1.SortBy_SORT_BY_PRICE, PageToken: first.GetNextPageToken(),
	})
	if len(first.GetProducts())+len(next.GetProducts()) != len(before.Products) {
		t.Errorf("a list begun before the rebuild has %d and %d products, there are %d",
			len(first.GetProducts()), len(next.GetProducts()), len(before.Products))
	}
	command("generation 1 is live", "rebuild", "--rollback")
	a.dump(t).expectSame(t, before)
	command("generation 3 is live", "rebuild")

	a.get(t, &atlantv1.FetchRequest{Url: s.sell("/main.csv", killList("main", 700, 5)), Source: "main"})
	a.caughtUp(t)
	command("products compared: equal", "verify")
	after := a.dump(t)
	a.kill(t)
	a = start(t, data, allowPrivate)
	a.caughtUp(t)
	a.dump(t).expectSame(t, after)
	command("nothing was wrong", "verify", "--repair", "Late", "--source", "main")
}
