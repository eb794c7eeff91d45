package blackbox_test

import (
	"archive/zip"
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestBackup backs a log up while a list is fetched, loses it, and restores it elsewhere: everything is there that was, what was
// under way is done, sources keep their schedules, and fetching goes on.
func TestBackup(t *testing.T) {
	t.Parallel()
	s, data, copies := newShop(t), t.TempDir(), t.TempDir()
	expectRefusal(t, run(t, "backup", "--data", filepath.Join(data, "none"), copies), 1, "there is no log in")
	a := start(t, data, allowPrivate)
	fill(t, a, s)
	shop := s.sell("/shop.csv", header+"Milk;1.50\n")
	a.cli(t, 0, "sources", "add", "shop", shop, "--cron", "30 6 1 1 *")
	a.cli(t, 0, "sources", "fetch", "shop", "--wait")
	a.settled(t)
	want := a.dump(t)
	sequence, late := a.prices(t)
	slow := s.handle("/slow.csv", slowList(smallList, 1000, patience/1000))
	waiting := []*atlantv1.Fetch{
		a.ask(t, &atlantv1.FetchRequest{Url: slow, Source: "waiting"}),
		a.ask(t, &atlantv1.FetchRequest{Url: s.sell("/second.csv", header+"Second;2\n"), Source: "waiting"}),
	}
	a.awaitRunning(t, waiting[0].GetId())

	file := filepath.Join(copies, "log.zip")
	backup := []string{"backup", "--data", data, file}
	if r := run(t, backup...); r.code != 0 || !strings.Contains(r.out, "PRICES_00") || !strings.Contains(r.out, file+" was written") {
		t.Fatalf("got %+v", r)
	}
	expectRefusal(t, run(t, backup...), 1, "is there already")
	a.kill(t)
	s.sell("/slow.csv", header+"First;1\n")

	damage(t, file, filepath.Join(copies, "damaged.zip"))
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	expectRefusal(t, run(t, "restore", "--data", elsewhere, filepath.Join(copies, "damaged.zip")), 1, "cannot be used")
	expectRefusal(t, run(t, "restore", "--data", data, file), 1, "there are views in")
	if r := run(t, "restore", "--check", file); r.code != 0 || !strings.Contains(r.out, "is whole") {
		t.Errorf("got %+v", r)
	}
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("something was restored")
	}
	restore := []string{"restore", "--data", elsewhere, file}
	if r := run(t, restore...); r.code != 0 || !strings.Contains(r.out, "2 fetches had not ended and are on the queue, 0 cannot go on") {
		t.Fatalf("got %+v", r)
	}
	expectRefusal(t, run(t, restore...), 1, "a log is there")

	a = start(t, elsewhere, allowPrivate)
	for _, fetch := range waiting {
		if got := a.await(t, fetch.GetId()); got.GetState() != completed || got.GetPublished() != 1 {
			t.Errorf("got %v", got)
		}
	}
	a.caughtUp(t)
	restored := a.dump(t)
	withoutNew(restored).expectSame(t, want)
	if gotSequence, gotLate := a.prices(t); gotSequence != sequence+4 || gotLate != late { // each fetch is a price and a marker
		t.Errorf("got sequence %d and %d late, want %d and %d", gotSequence, gotLate, sequence+4, late)
	}
	a.cli(t, 0, "verify").holds(t, "equal")
	a.cli(t, 0, "sources").holds(t, "30 6 1 1 *", "-01-01 06:30", "completed")
	s.sell("/shop.csv", header+"Milk;1.75\n")
	a.cli(t, 0, "sources", "fetch", "shop", "--wait").holds(t, "1 accepted")

	a.stop(t)
	if r := run(t, "backup", "--data", elsewhere, copies); r.code != 0 || !strings.Contains(r.out, "Z.zip was written") {
		t.Errorf("got %+v", r)
	}
	if left, err := os.ReadDir(copies); err != nil || len(left) != 3 {
		t.Errorf("there are %v, %v", left, err)
	}
}

// settled waits until nothing happens to fetches any more: until their receipts say when their prices were visible.
func (a api) settled(tb testing.TB) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		return !slices.ContainsFunc(a.allFetches(tb, largestPage, ""), func(f *atlantv1.Fetch) bool {
			return f.GetState() == completed && f.GetVisibleAt() == nil
		})
	}, "a receipt does not say when its prices were visible")
	a.caughtUp(tb)
}

// damage copies an archive, with a bit of its largest file changed.
func damage(tb testing.TB, from, to string) {
	tb.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		tb.Fatal(err)
	}
	files, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		tb.Fatal(err)
	}
	largest := slices.MaxFunc(files.File, func(f, g *zip.File) int { return cmp.Compare(f.CompressedSize64, g.CompressedSize64) })
	begin, err := largest.DataOffset()
	if err != nil {
		tb.Fatal(err)
	}
	data[begin+int64(largest.CompressedSize64/2)] ^= 1
	if err := os.WriteFile(to, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}
