package ownership

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// units returns the names of a group's units.
func units(group string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%02d", group, i)
	}
	return names
}

// drawGroups draws some groups of different sizes.
func drawGroups(t *rapid.T, most int) [][]string {
	var groups [][]string
	for i, n := range rapid.SliceOfN(rapid.IntRange(0, most), 1, 4).Draw(t, "groups") {
		groups = append(groups, units(string(rune('a'+i)), n))
	}
	return groups
}

// drawHolders draws who holds what, among the workers, somebody who is gone and nobody.
func drawHolders(t *rapid.T, groups [][]string, workers []string) map[string]string {
	holders := map[string]string{}
	for _, unit := range slices.Concat(groups...) {
		if holder := rapid.SampledFrom(append([]string{"", "gone"}, workers...)).Draw(t, "holder of "+unit); holder != "" {
			holders[unit] = holder
		}
	}
	return holders
}

// checkEven fails unless every unit has an owner and all shares are even.
func checkEven(t rapid.TB, groups [][]string, workers []string, owners map[string]string) {
	t.Helper()
	totals := map[string]int{}
	for _, group := range groups {
		here := map[string]int{}
		for _, unit := range group {
			if !slices.Contains(workers, owners[unit]) {
				t.Fatalf("%s belongs to %q", unit, owners[unit])
			}
			here[owners[unit]]++
			totals[owners[unit]]++
		}
		checkCounts(t, workers, here)
	}
	checkCounts(t, workers, totals)
	if got, want := len(owners), len(slices.Concat(groups...)); got != want {
		t.Fatalf("%d units have owners, there are %d", got, want)
	}
}

func checkCounts(t rapid.TB, workers []string, counts map[string]int) {
	t.Helper()
	least, most := 1<<30, 0
	for _, worker := range workers {
		least, most = min(least, counts[worker]), max(most, counts[worker])
	}
	if most-least > 1 {
		t.Fatalf("uneven: %v", counts)
	}
}

// moves counts the units that a worker must give up.
func moves(workers []string, holders, owners map[string]string) int {
	n := 0
	for unit, owner := range owners {
		if slices.Contains(workers, holders[unit]) && holders[unit] != owner {
			n++
		}
	}
	return n
}

func TestSpreadCases(t *testing.T) {
	t.Parallel()
	groups := [][]string{units("p", 4), {"f"}, units("q", 3)}
	for name, c := range map[string]struct {
		workers []string
		holders map[string]string
		want    map[string]string
	}{
		"nobody": {nil, map[string]string{"f": "A"}, map[string]string{}},
		"alone": {
			[]string{"A"},
			nil,
			map[string]string{"p00": "A", "p01": "A", "p02": "A", "p03": "A", "f": "A", "q00": "A", "q01": "A", "q02": "A"},
		},
		"two from nothing": {
			[]string{"A", "B"},
			nil,
			map[string]string{"p00": "A", "p01": "B", "p02": "A", "p03": "B", "f": "A", "q00": "B", "q01": "A", "q02": "B"},
		},
		"the other one died": {
			[]string{"A"},
			map[string]string{"p00": "A", "p01": "B"},
			map[string]string{"p00": "A", "p01": "A", "p02": "A", "p03": "A", "f": "A", "q00": "A", "q01": "A", "q02": "A"},
		},
		"a second one comes": {
			[]string{"A", "B"},
			map[string]string{"p00": "A", "p01": "A", "p02": "A", "p03": "A", "f": "A", "q00": "A", "q01": "A", "q02": "A"},
			map[string]string{"p00": "A", "p01": "A", "p02": "B", "p03": "B", "f": "B", "q00": "A", "q01": "A", "q02": "B"},
		},
		"the one unit stays": { // as any other, if that can be
			[]string{"A", "B"},
			map[string]string{"p00": "A", "p01": "A", "p02": "A", "p03": "A", "f": "A"},
			map[string]string{"p00": "A", "p01": "A", "p02": "B", "p03": "B", "f": "A", "q00": "B", "q01": "A", "q02": "B"},
		},
		"even stays": {
			[]string{"A", "B"},
			map[string]string{"p00": "B", "p01": "A", "p02": "A", "p03": "B", "f": "B", "q00": "A", "q01": "A", "q02": "B"},
			map[string]string{"p00": "B", "p01": "A", "p02": "A", "p03": "B", "f": "B", "q00": "A", "q01": "A", "q02": "B"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Spread(groups, c.workers, c.holders)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestSpreadIsEvenAndStays: whatever the claims are, the shares are even, and nobody moves any more.
func TestSpreadIsEvenAndStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := drawGroups(t, 20)
		workers := units("w", rapid.IntRange(1, 8).Draw(t, "workers"))
		holders := drawHolders(t, groups, workers)
		owners := Spread(groups, workers, holders)
		checkEven(t, groups, workers, owners)
		if diff := cmp.Diff(owners, Spread(groups, workers, owners)); diff != "" {
			t.Fatalf("not stable (-first +second)\n%s", diff)
		}
		slices.Reverse(workers)
		if diff := cmp.Diff(owners, Spread(groups, workers, holders)); diff != "" {
			t.Fatalf("it depends on the order of the workers (-first +second)\n%s", diff)
		}
	})
}

// TestSpreadMovesLittle compares one group with the least number of moves that there can be.
func TestSpreadMovesLittle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		groups := [][]string{units("a", rapid.IntRange(0, 30).Draw(t, "units"))}
		workers := units("w", rapid.IntRange(1, 8).Draw(t, "workers"))
		holders := drawHolders(t, groups, workers)
		held := map[string]int{}
		for _, holder := range holders {
			held[holder]++
		}
		// Those who hold most keep the odd ones.
		counts := make([]int, 0, len(workers))
		for _, worker := range workers {
			counts = append(counts, held[worker])
		}
		slices.Sort(counts)
		slices.Reverse(counts)
		least := 0
		for i, count := range counts {
			quota := len(groups[0]) / len(workers)
			if i < len(groups[0])%len(workers) {
				quota++
			}
			least += max(0, count-quota)
		}
		if got := moves(workers, holders, Spread(groups, workers, holders)); got != least {
			t.Fatalf("%d units move, %d would do", got, least)
		}
	})
}

// TestWorkersAgree lets workers act on claims as they were at some time in the past, one step at a time, while workers
// come and go. When nothing else happens any more they come to rest, and all is even.
func TestWorkersAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		world := &world{groups: drawGroups(t, 10), holders: map[string]string{}, views: map[string]view{}}
		world.views["w00"] = view{}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			worker := rapid.SampledFrom(units("w", 5)).Draw(t, "worker")
			switch rapid.SampledFrom([]string{"act", "act", "act", "look", "look", "look", "come", "go"}).Draw(t, "step") {
			case "act":
				world.act(worker)
			case "look":
				world.look(worker)
			case "come":
				world.come(worker)
			case "go":
				world.leave(worker)
			}
		}
		world.come("w00")
		rounds := 0
		for moved := true; moved; rounds++ {
			moved = false
			for worker := range world.views {
				world.look(worker)
				moved = world.act(worker) || moved
			}
			if rounds > 3*len(slices.Concat(world.groups...))+3 {
				t.Fatalf("no rest after %d rounds: %v", rounds, world.holders)
			}
		}
		checkEven(t, world.groups, slices.Collect(maps.Keys(world.views)), world.holders)
	})
}

// world is the claims as they are and as each worker has seen them last.
type world struct {
	groups  [][]string
	holders map[string]string
	views   map[string]view
}

type view struct {
	workers map[string]bool
	holders map[string]string
}

func (w *world) look(worker string) {
	if _, live := w.views[worker]; !live {
		return
	}
	seen := view{workers: map[string]bool{}, holders: maps.Clone(w.holders)}
	for other := range w.views {
		seen.workers[other] = true
	}
	w.views[worker] = seen
}

// act takes or gives up one unit, and tells whether there was one.
func (w *world) act(worker string) bool {
	seen, live := w.views[worker]
	if !live || !seen.workers[worker] {
		return false
	}
	maps.DeleteFunc(seen.holders, func(_, holder string) bool { return holder == worker })
	for unit, holder := range w.holders { // of its own units it knows
		if holder == worker {
			seen.holders[unit] = worker
		}
	}
	take, giveUp := plan(w.groups, seen.workers, seen.holders, worker)
	for _, unit := range take {
		if w.holders[unit] == "" {
			w.holders[unit] = worker
			return true
		}
	}
	for _, unit := range giveUp {
		delete(w.holders, unit)
		return true
	}
	return false
}

func (w *world) come(worker string) {
	if _, live := w.views[worker]; !live {
		w.views[worker] = view{}
	}
}

func (w *world) leave(worker string) {
	delete(w.views, worker)
	maps.DeleteFunc(w.holders, func(_, holder string) bool { return holder == worker })
}
