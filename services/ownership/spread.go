package ownership

import (
	"maps"
	"slices"
)

// Spread says which worker is to have which unit. It gives each group's units to the workers evenly, so that two workers
// differ by at most one; the same holds for the units of all groups together. A unit stays with its holder where that is
// possible. The result depends on its arguments alone, so all workers that see the same claims agree.
//
// Units that none of the workers holds are given out first; then units move, one by one, from those that have most to
// those that have least. Each move makes the shares more even, and none goes back: the result of a result is itself. In one
// group no unit moves without need; over several, it is rare that one more moves than must.
func Spread(groups [][]string, workers []string, holders map[string]string) map[string]string {
	owners := map[string]string{}
	if len(workers) == 0 {
		return owners
	}
	s := shares{workers: slices.Sorted(slices.Values(workers)), totals: map[string]int{}}
	for _, units := range groups {
		s.groups = append(s.groups, s.share(units, holders))
	}
	for _, group := range s.groups {
		for s.level(group) {
		}
	}
	for s.levelTotals() {
	}
	for _, group := range s.groups {
		for worker, units := range group {
			for _, unit := range units {
				owners[unit] = worker
			}
		}
	}
	return owners
}

// shares are the units that each worker is to have.
type shares struct {
	workers []string
	totals  map[string]int
	groups  []map[string][]string
}

// share gives out the units of a group: those that are held first, so that the others, at the end of a worker's list, are
// the first to move on.
func (s *shares) share(units []string, holders map[string]string) map[string][]string {
	group := map[string][]string{}
	give := func(unit, worker string) {
		group[worker] = append(group[worker], unit)
		s.totals[worker]++
	}
	var free []string
	for _, unit := range units {
		if _, live := slices.BinarySearch(s.workers, holders[unit]); live {
			give(unit, holders[unit])
		} else {
			free = append(free, unit)
		}
	}
	for _, unit := range free {
		least, _ := s.extremes(group)
		give(unit, least)
	}
	return group
}

// level makes one group more even by moving one unit, if it is not even yet.
func (s *shares) level(group map[string][]string) bool {
	least, most := s.extremes(group)
	if len(group[most])-len(group[least]) < 2 {
		return false
	}
	s.move(group, most, least)
	return true
}

// levelTotals makes the totals more even by moving one unit, if they are not even yet. Where one worker has two more than
// another, it has one more in some group; that one can move, and the group stays as even as it was.
func (s *shares) levelTotals() bool {
	gap, of := 1, map[string][]string(nil)
	for _, group := range s.groups {
		least, most := s.extremes(group)
		if total := s.totals[most] - s.totals[least]; total > gap && len(group[most]) > len(group[least]) {
			gap, of = total, group
		}
	}
	if of == nil {
		return false
	}
	least, most := s.extremes(of)
	s.move(of, most, least)
	return true
}

func (s *shares) move(group map[string][]string, from, to string) {
	last := len(group[from]) - 1
	group[to] = append(group[to], group[from][last])
	group[from] = group[from][:last]
	s.totals[from]--
	s.totals[to]++
}

// extremes returns who has least and most of a group; of several, who has least and most of everything.
func (s *shares) extremes(group map[string][]string) (least, most string) {
	compare := func(a, b string) int {
		if here := len(group[a]) - len(group[b]); here != 0 {
			return here
		}
		return s.totals[a] - s.totals[b]
	}
	return slices.MinFunc(s.workers, compare), slices.MaxFunc(s.workers, compare)
}

// plan says what a worker should take of what is free and give up of what it holds. Units of holders that are not among
// the workers are spread already, but not free: they come when those let go of them.
func plan(groups [][]string, workers map[string]bool, holders map[string]string, me string) (take, giveUp []string) {
	owners := Spread(groups, slices.Collect(maps.Keys(workers)), holders)
	for _, unit := range slices.Sorted(maps.Keys(owners)) {
		switch holder := holders[unit]; {
		case owners[unit] == me && holder == "":
			take = append(take, unit)
		case owners[unit] != me && holder == me:
			giveUp = append(giveUp, unit)
		}
	}
	return take, giveUp
}
