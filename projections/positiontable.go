package projections

import "github.com/atlant-log/atlant/events"

// positionTable numbers positions, and forgets those that nobody uses any more. The products of a fetch share one.
type positionTable struct {
	numbers map[events.Position]uint32
	all     []usedPosition
	free    []uint32
}

type usedPosition struct {
	events.Position
	users int
}

// use returns the number of a position, for one more user.
func (t *positionTable) use(p events.Position) uint32 {
	number, ok := t.numbers[p]
	if !ok {
		number = t.unused()
		t.all[number].Position = p
		t.numbers[p] = number
	}
	t.all[number].users++
	return number
}

func (t *positionTable) unused() uint32 {
	if last := len(t.free) - 1; last >= 0 {
		number := t.free[last]
		t.free = t.free[:last]
		return number
	}
	t.all = append(t.all, usedPosition{})
	return uint32(len(t.all) - 1)
}

// release says that one user less needs the position of a number.
func (t *positionTable) release(number uint32) {
	p := &t.all[number]
	if p.users--; p.users == 0 {
		delete(t.numbers, p.Position)
		t.free = append(t.free, number)
	}
}

func (t *positionTable) at(number uint32) events.Position { return t.all[number].Position }
