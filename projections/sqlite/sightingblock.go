package sqlite

import (
	"cmp"
	"slices"

	"github.com/atlant-log/atlant/events"
)

// A block is 64 products whose numbers follow each other. What arrives together lies together, so when a list comes again all of
// a block is nearly always seen at once: one row then says so, in place of 64.
const (
	blockShift = 6
	blockMask  = 1<<blockShift - 1
)

// sighting is a row of sightings: the products of a block that were seen last at one position, a bit each. A product is in one
// sighting of its block.
type sighting struct {
	block    int64
	at       events.Position
	products uint64
}

func (s sighting) compare(t sighting) int {
	if c := cmp.Compare(s.block, t.block); c != 0 {
		return c
	}
	return s.at.Compare(t.at)
}

// gatherSightings returns the sightings of n products by block and position, each once.
func gatherSightings(n int, product func(i int) (number int64, seen events.Position)) []sighting {
	all := make([]sighting, n)
	for i := range all {
		number, seen := product(i)
		all[i] = sighting{number >> blockShift, seen, 1 << (number & blockMask)}
	}
	slices.SortFunc(all, sighting.compare)
	gathered := all[:0]
	for _, s := range all {
		if last := len(gathered) - 1; last >= 0 && gathered[last].compare(s) == 0 {
			gathered[last].products |= s.products
		} else {
			gathered = append(gathered, s)
		}
	}
	return gathered
}

// firstBlocks returns the first of the sightings, which come by block: all those of so many blocks.
func firstBlocks(sightings []sighting, most int) []sighting {
	blocks := 0
	for i := range sightings {
		if i > 0 && sightings[i].block == sightings[i-1].block {
			continue
		}
		if blocks++; blocks > most {
			return sightings[:i]
		}
	}
	return sightings
}

// moveSightings takes products out of what is stored of their blocks, where they were seen before, and puts them where they were
// seen last. Both come by block and position. It returns the sightings that hold other products now, and those that hold none.
func moveSightings(stored, arrived []sighting) (changed, emptied []sighting) {
	for len(arrived) > 0 {
		block := arrived[0].block
		var of, moved []sighting
		of, stored = cutBlock(stored, block)
		moved, arrived = cutBlock(arrived, block)
		before := slices.Clone(of)
		for _, s := range moved {
			of = moveIn(of, s)
		}
		for i := range of {
			switch {
			case i < len(before) && of[i].products == before[i].products:
			case of[i].products == 0:
				emptied = append(emptied, of[i])
			default:
				changed = append(changed, of[i])
			}
		}
	}
	return changed, emptied
}

// moveIn moves products to a sighting of their block. Those of the block keep their places; one that is new comes last.
func moveIn(of []sighting, s sighting) []sighting {
	at := -1
	for i := range of {
		c := of[i].at.Compare(s.at)
		if c > 0 {
			s.products &^= of[i].products
		} else if c == 0 {
			at = i
		}
	}
	for i := range of {
		if of[i].at.Compare(s.at) < 0 {
			of[i].products &^= s.products
		}
	}
	switch {
	case at >= 0:
		of[at].products |= s.products
	case s.products != 0:
		of = append(of, s)
	}
	return of
}

// cutBlock splits sightings behind those of a block, which are the first ones if there are any.
func cutBlock(sightings []sighting, block int64) (of, rest []sighting) {
	n := 0
	for n < len(sightings) && sightings[n].block == block {
		n++
	}
	return sightings[:n:n], sightings[n:]
}
