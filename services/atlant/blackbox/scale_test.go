package blackbox_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// manyRows is how many rows a large list has, unless rowsVariable says: a machine that runs all tests is busy.
const (
	manyRows     = 20_000
	rowsVariable = "ATLANT_BLACKBOX_ROWS"
)

func largeListRows(tb testing.TB) int {
	tb.Helper()
	given := os.Getenv(rowsVariable)
	if given == "" {
		return manyRows
	}
	rows, err := strconv.Atoi(given)
	if err != nil {
		tb.Fatalf("%s: %v", rowsVariable, err)
	}
	return rows
}

// largeList serves so many rows; every nth price is of the edition.
func largeList(rows, nth int, edition string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		to := bufio.NewWriter(w)
		_, _ = to.WriteString(header)
		for row := range rows {
			cents := "00"
			if row%nth == 0 {
				cents = edition
			}
			_, _ = fmt.Fprintf(to, "Product %07d deluxe edition;%d.%s\n", row*7919%rows, row%100_000, cents)
		}
		_ = to.Flush()
	}
}

// TestLargeListOnTwoWorkers: the shards of a large list, and with them its rows, are shared by two workers.
func TestLargeListOnTwoWorkers(t *testing.T) {
	t.Parallel()
	rows := largeListRows(t)
	p := newProduction(t, 8, 2)
	s := newShop(t)
	began := time.Now()
	fetch := p.serving.ask(t, &atlantv1.FetchRequest{Url: s.handle("/large.csv", largeList(rows, 10, "10"))})
	fetch = awaitEndOf(t, p.serving, fetch.GetId())
	published := time.Since(began)
	counts{int64(rows), int64(rows), 0, 0, int64(rows)}.expect(t, fetch)
	awaitNoLag(t, p.serving)
	visible := time.Since(began)
	shares, shards := map[string]uint64{}, map[string]int{}
	status := insist(t, p.serving.projection.GetStatus, &atlantv1.GetStatusRequest{})
	var all uint64
	for _, s := range status.GetProjections() {
		if strings.HasPrefix(s.GetStream(), "PRICES") {
			shares[s.GetOwner()] += s.GetSequence()
			shards[s.GetOwner()]++
			all += s.GetSequence()
		}
	}
	t.Logf("%d rows: published after %s, visible after %s, messages by worker %v, shards %v",
		rows, published.Round(time.Second/10), visible.Round(time.Second/10), shares, shards)
	if len(shares) != 2 || status.GetProducts() != int64(rows) {
		t.Fatalf("%d products, shared by %v", status.GetProducts(), shares)
	}
	for worker, share := range shares {
		if share < all*4/10 || share > all*6/10 {
			t.Errorf("%s has %d of %d messages", worker, share, all)
		}
	}
}

// awaitNoLag waits until the views hold all of a large list, however long that takes.
func awaitNoLag(tb testing.TB, a *atlant) {
	tb.Helper()
	for insist(tb, a.projection.GetStatus, &atlantv1.GetStatusRequest{}).GetLag() > 0 {
		time.Sleep(100 * time.Millisecond)
	}
}

// TestRebuildUnderLoad rebuilds the views from a large log while lists are fetched and products listed: no call fails.
func TestRebuildUnderLoad(t *testing.T) { //nolint:tparallel // one shape takes all of the machine
	t.Parallel()
	for name, start := range map[string]func(testing.TB) *atlant{
		"embedded":   func(tb testing.TB) *atlant { tb.Helper(); return startOpen(tb) },
		"production": func(tb testing.TB) *atlant { tb.Helper(); return newProduction(tb, 4, 2).serving },
	} {
		t.Run(name, func(t *testing.T) {
			a, s, rows := start(t), newShop(t), largeListRows(t)/2
			for _, edition := range []string{"10", "20"} { // so that the log holds twice as many events as there are products
				url := s.handle("/"+edition, largeList(rows, 10, edition))
				awaitEndOf(t, a, a.ask(t, &atlantv1.FetchRequest{Url: url, Source: "large"}).GetId())
			}
			awaitNoLag(t, a)
			tr := newTraffic(t, a)
			tr.flow(t)
			defer tr.ebbs()
			before := lister(t, a, func() { time.Sleep(3 * time.Second) })
			began, rebuilt := time.Now(), result{}
			during := lister(t, a, func() { rebuilt = run(t, "rebuild", "--addr", a.url) })
			took := time.Since(began)
			after := lister(t, a, func() { time.Sleep(3 * time.Second) })
			if rebuilt.code != 0 || !strings.Contains(rebuilt.out, "products compared: equal") {
				t.Errorf("rebuild: %+v", rebuilt)
			}
			t.Logf("%d events rebuilt in %s; List before: %s; during: %s; after: %s", 2*rows, took.Round(time.Second/10), before, during, after)
			for _, l := range []listed{before, during, after} {
				if l.failed > 0 || len(l.took) == 0 {
					t.Errorf("a call failed: %v: %v", l, l.err)
				}
			}
			tr.ebb(t)
			tr.caughtUp(t)
			if r := run(t, "verify", "--addr", a.url); r.code != 0 {
				t.Errorf("verify: %+v", r)
			}
		})
	}
}

// listed is what came of listing products for a while.
type listed struct {
	took   []time.Duration
	failed int
	err    error // one of those that failed
}

func (l listed) String() string {
	slices.Sort(l.took)
	at := func(percent int) time.Duration {
		return l.took[(len(l.took)-1)*percent/100].Round(time.Millisecond / 10)
	}
	return fmt.Sprintf("%d calls, %d errors, median %s, 99 %% within %s, slowest %s", len(l.took), l.failed, at(50), at(99), at(100))
}

// lister lists products page by page while something is done, under one sort after the other.
func lister(tb testing.TB, a *atlant, while func()) listed {
	tb.Helper()
	var l listed
	var stop atomic.Bool // after a call at least
	var listing sync.WaitGroup
	listing.Go(func() {
		request := &atlantv1.ListRequest{PageSize: 50, SortBy: atlantv1.SortBy_SORT_BY_NAME}
		for n := 1; n == 1 || !stop.Load(); n++ {
			began := time.Now()
			response, err := a.products.List(tb.Context(), connect.NewRequest(request))
			if err != nil {
				l.failed, l.err = l.failed+1, err
			} else {
				l.took = append(l.took, time.Since(began))
				request.PageToken = response.Msg.GetNextPageToken()
			}
			if n%20 == 0 { // deep enough: another sort from the start
				request.PageToken, request.SortBy = "", request.GetSortBy()%atlantv1.SortBy_SORT_BY_FIRST_OBSERVED_AT+1
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	while()
	stop.Store(true)
	listing.Wait()
	return l
}
