package blackbox_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// fill gives an Atlant something of everything: changes, rejects, duplicates, a late list, failed and cancelled fetches.
func fill(tb testing.TB, a *atlant, s *shop) {
	tb.Helper()
	now, items := longAgo(), thousandRows()
	for range 3 {
		now = now.Add(time.Hour)
		items = repriced(items, func(i int) bool { return i%9 == 0 })
		url := s.sell("/main.csv", list(items)+"Rubbish;free\nNothing;\n")
		a.get(tb, &atlantv1.FetchRequest{Url: url, Source: "main", ObservedAt: stamp(now)})
	}
	late := stamp(now.Add(-90 * time.Minute))
	a.get(tb, &atlantv1.FetchRequest{Url: s.sell("/late.csv", header+"Late;1\n"+items[0].name+";5\n"), Source: "main", ObservedAt: late})
	a.get(tb, &atlantv1.FetchRequest{Url: s.sell("/other.csv", smallList), Source: "other", Csv: &atlantv1.CsvOptions{CurrencyCode: "EUR"}})
	a.await(tb, a.ask(tb, &atlantv1.FetchRequest{Url: s.URL + "/no-such-list.csv", Source: "main"}).GetId())
	a.await(tb, a.ask(tb, &atlantv1.FetchRequest{Url: s.sell("/bad.csv", header+"Milk;free\n"), Source: "other"}).GetId())
	url, _ := s.sellLater("/never.csv", "")
	never := a.ask(tb, &atlantv1.FetchRequest{Url: url, Source: "never"})
	call(tb, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: never.GetId()})
	a.await(tb, never.GetId())
}

// caughtUp waits until the views hold the whole log.
func (a api) caughtUp(tb testing.TB) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		return call(tb, a.projection.GetStatus, &atlantv1.GetStatusRequest{}).GetLag() == 0
	}, "the views do not catch up with the log")
}

// TestRebuild: views that are deleted while Atlant is stopped come back from the log as they were.
func TestRebuild(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	a := start(t, data, allowPrivate)
	fill(t, a, s)
	a.caughtUp(t)
	want := a.dump(t)
	sequence, late := a.prices(t)
	if len(want.Products) != names+4 || len(want.Changes) != 111 || len(want.Fetches) != 8 || len(want.Rejects) != 4 || late == 0 {
		t.Errorf("got %d products, %d of them with changes, %d fetches, %d with rejects, %d late observations",
			len(want.Products), len(want.Changes), len(want.Fetches), len(want.Rejects), late)
	}
	visits := s.visits()
	for _, gone := range []string{"", "views", "views", "views/generation-1.db"} { // at first nothing: a plain restart
		a.stop(t)
		if gone != "" {
			if err := os.RemoveAll(filepath.Join(data, gone)); err != nil {
				t.Fatal(err)
			}
		}
		a = start(t, data, allowPrivate)
		a.caughtUp(t)
		a.dump(t).expectSame(t, want)
		if gotSequence, gotLate := a.prices(t); gotSequence != sequence || gotLate != late {
			t.Errorf("got sequence %d and %d late, want %d and %d", gotSequence, gotLate, sequence, late)
		}
	}
	if s.visits() != visits {
		t.Errorf("the rebuild downloaded something")
	}
}

// TestStopInTheMiddle: a fetch that is stopped with Atlant is finished by the next one.
func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	s, data := newShop(t), t.TempDir()
	a := start(t, data, allowPrivate)
	text := list(thousandRows())
	url := s.handle("/list.csv", slowList(text, 10_000, patience/10_000))
	first := a.ask(t, &atlantv1.FetchRequest{Url: url, Source: "s"})
	second := a.ask(t, &atlantv1.FetchRequest{Url: s.sell("/second.csv", smallList), Source: "s"})
	a.awaitRunning(t, first.GetId())
	eventuallyf(t, func() bool { return s.asked("/list.csv") == 1 }, "the list is not asked for")
	a.stop(t)

	s.sell("/list.csv", text)
	a = start(t, data, allowPrivate)
	counts{rows, names, 0, 2, names}.expect(t, a.await(t, first.GetId()))
	done := a.await(t, second.GetId())
	counts{3, 3, 0, 0, 3}.expect(t, done)
	got := call(t, a.products.List, &atlantv1.ListRequest{Source: "s", Total: true, Position: done.GetPosition()})
	if got.GetTotalSize() != names+3 || s.asked("/second.csv") != 1 {
		t.Errorf("got %d products, asked for the second list %d times", got.GetTotalSize(), s.asked("/second.csv"))
	}
	if spooled, err := os.ReadDir(filepath.Join(data, "spool")); err != nil || len(spooled) != 0 {
		t.Errorf("the spool holds %v, %v", spooled, err)
	}
}
