package blackbox_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestCompact leaves old prices out of a back-up, with lists that changed, did not change, and came late: a log that is made of it
// tells everything that the first one tells, but for what differs between fetches of which something is missing; and it goes on as
// the first one does.
func TestCompact(t *testing.T) {
	t.Parallel()
	s, data, copies := newShop(t), t.TempDir(), t.TempDir()
	a := start(t, data, allowPrivate)
	fill(t, a, s)
	a.settled(t)
	before, now := time.Now(), longAgo().Add(10*time.Hour)
	items := repriced(thousandRows(), func(i int) bool { return i%7 == 0 })
	newer := a.get(t, &atlantv1.FetchRequest{Url: s.sell("/main.csv", list(items)), Source: "main", ObservedAt: stamp(now)})
	a.settled(t)

	whole, smaller := filepath.Join(copies, "whole.zip"), filepath.Join(copies, "smaller.zip")
	if r := run(t, "backup", "--data", data, whole); r.code != 0 {
		t.Fatalf("got %+v", r)
	}
	damage(t, whole, filepath.Join(copies, "damaged.zip"))
	compact := []string{"compact", "--before", before.UTC().Format(time.RFC3339Nano)}
	expectRefusal(t, run(t, append(compact, filepath.Join(copies, "damaged.zip"), smaller)...), 1, "cannot be used")
	expectRefusal(t, run(t, append(compact, whole, whole)...), 1, "is there already")
	expectRefusal(t, run(t, append(compact, "--older-than", "1d", whole, smaller)...), 2, "older-than", "before")
	expectRefusal(t, run(t, "compact", whole, smaller), 2, "older-than", "before")
	expectRefusal(t, run(t, "compact", "--older-than", "2026-01-01", whole, smaller), 2, "not an age")
	run(t, append(compact, whole)...).holds(t, "PRICES_00", "are left out, 1 of them because they came late")
	if left, err := os.ReadDir(copies); err != nil || len(left) != 2 {
		t.Errorf("there are %v, %v", left, err)
	}
	run(t, append(compact, whole, smaller)...).holds(t, "are left out, 1 of them because they came late", smaller+" was written")
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	run(t, "restore", "--data", elsewhere, smaller).holds(t, "restored to")

	b := start(t, elsewhere, allowPrivate)
	b.caughtUp(t)
	b.dump(t).expectSame(t, a.dump(t))
	for _, command := range [][]string{
		{"list", "--json", "--limit", "5000", "--as-of", longAgo().Add(2 * time.Hour).Format(time.RFC3339)},
		{"export"},
		{"export", "--changes"},
		{"explain", "--json", items[0].name, "--source", "main"},
		{"explain", "--json", items[1].name, "--source", "main"},
		{"changes", "--json", items[0].name, "--source", "main"},
		{"diff", newer.GetId(), newer.GetId()},
	} {
		if was, is := a.cli(t, 0, command...).out, b.cli(t, 0, command...).out; was != is || was == "" {
			t.Errorf("%q: was\n%.2000s\nis\n%.2000s", command, was, is)
		}
	}
	lastWas, _ := a.prices(t)
	if last, late := b.prices(t); last != lastWas || late != 0 {
		t.Errorf("got sequence %d and %d late, want %d", last, late, lastWas)
	}
	b.cli(t, 0, "verify").holds(t, "equal")
	b.cli(t, 0, "rebuild").holds(t, "equal", "is live")
	old := a.allFetches(t, largestPage, "main") // the first list stays whole, the second one does not
	b.cli(t, 0, "diff", old[len(old)-1].GetId(), newer.GetId()).holds(t, "0 added, 0 missing")
	expectRefusal(t, b.cli(t, 1, "diff", old[len(old)-2].GetId(), newer.GetId()), 1, "when it was compacted")

	s.sell("/main.csv", list(repriced(items, func(i int) bool { return i%5 == 0 })))
	s.sell("/late.csv", header+items[2].name+";77\n")
	for _, each := range []*atlant{a, b} {
		each.get(t, &atlantv1.FetchRequest{Url: s.URL + "/main.csv", Source: "main", ObservedAt: stamp(now.Add(time.Hour))})
		each.get(t, &atlantv1.FetchRequest{Url: s.URL + "/late.csv", Source: "main", ObservedAt: stamp(now.Add(-time.Hour))})
		each.caughtUp(t)
	}
	products, _ := a.walk(t, &atlantv1.ListRequest{PageSize: largestPage})
	restored, _ := b.walk(t, &atlantv1.ListRequest{PageSize: largestPage})
	expectSame(t, products, restored)
}
