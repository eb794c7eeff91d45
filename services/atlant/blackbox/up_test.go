package blackbox_test

import (
	"net"
	"os"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestDemo: the demo fills itself, guards everything else, and leaves nothing.
func TestDemo(t *testing.T) {
	t.Parallel()
	s, temporary := newShop(t), t.TempDir()
	a := launch(t, []string{"TMPDIR=" + temporary, "TMP=" + temporary}, "up", "--demo", "--listen", "127.0.0.1:0")
	a.awaitUp(t)
	eventuallyf(t, func() bool { return a.total(t, "demo") > 20 }, "no products appear")
	if left, err := os.ReadDir(temporary); err != nil || len(left) == 0 {
		t.Errorf("the demo keeps its data somewhere else than in %s: %v", temporary, err)
	}
	fetch := a.await(t, a.ask(t, &atlantv1.FetchRequest{Url: s.sell("/", smallList)}).GetId())
	if fetch.GetState() != failed || !strings.Contains(fetch.GetError(), guarded) || s.visits() != 0 {
		t.Errorf("visited %d times: %v", s.visits(), fetch)
	}
	byChanges := &atlantv1.ListRequest{SortBy: atlantv1.SortBy_SORT_BY_PRICE_CHANGES, Descending: true, PageSize: 1}
	eventuallyf(t, func() bool {
		products := call(t, a.products.List, byChanges).GetProducts()
		return len(products) == 1 && products[0].GetPriceChanges() > 0
	}, "no price changes")
	a.stop(t)
	if left, err := os.ReadDir(temporary); err != nil || len(left) != 0 {
		t.Errorf("the demo left %v, %v", left, err)
	}
}

// expectRefusal demands that an Atlant which cannot start says why, and ends.
func expectRefusal(tb testing.TB, r result, code int, says ...string) {
	tb.Helper()
	for _, words := range says {
		if r.code != code || !strings.Contains(r.errOut, words) {
			tb.Errorf("got exit code %d, want %d and %q:\n%s", r.code, code, words, r.errOut)
		}
	}
}

func TestSecondOnSameData(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	a := start(t, data, allowPrivate)
	expectRefusal(t, run(t, upArguments(data)...), 1, "another Atlant works on "+data, "--data")
	call(t, a.projection.GetStatus, &atlantv1.GetStatusRequest{}) // the first one is unharmed
	a.get(t, &atlantv1.FetchRequest{Url: newShop(t).sell("/", smallList)})
	a.stop(t)
	start(t, data, allowPrivate) // and lets the folder go
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // nobody came
	address := listener.Addr().String()
	expectRefusal(t, run(t, "up", "--data", t.TempDir(), "--listen", address), 1, "cannot listen on "+address, "--listen")
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	expectRefusal(t, run(t, upArguments(file)...), 1, file)
	expectRefusal(t, run(t, upArguments(t.TempDir(), "--fetchers", "0")...), 2, "--fetchers")
	expectRefusal(t, run(t, upArguments(t.TempDir(), "--max-list-bytes", "-1")...), 2, "--max-list-bytes")
	expectRefusal(t, run(t, upArguments(t.TempDir(), "--no-such-flag")...), 2, "--no-such-flag")
}
