package projections

import (
	"hash/maphash"
	"math/rand/v2"

	"github.com/atlant-log/atlant/events"
)

// productState is what the fold of further observations needs of a product, in 40 bytes. It is without the name and source,
// which come with each observation, and without what no observation reads: the previous price and the first time.
type productState struct {
	id       events.ProductID
	price    int64
	changes  uint32
	written  uint32 // in a positionTable
	seen     uint32 // in a positionTable
	currency uint16 // in a currencyTable
	used     bool
}

// segments is how many parts a stateTable has. Each grows by itself, so that growing takes little memory, and little time
// at once.
const segments = 256

// stateTable finds states by product id: a hash table with linear probing. Go's maps take two to three times the memory,
// most of all once entries were replaced, and cannot name a random entry.
type stateTable struct {
	seed     maphash.Seed // so that nobody can choose names that collide
	segments [segments]segment
	count    int // of states
}

type segment struct {
	slots []productState
	count int
}

func newStateTable() *stateTable { return &stateTable{seed: maphash.MakeSeed()} }

func (t *stateTable) place(id *events.ProductID) (*segment, uint32) {
	hash := maphash.Comparable(t.seed, *id)
	return &t.segments[hash%segments], uint32(hash >> 32)
}

// home returns where the search for a hash begins.
func (s *segment) home(hash uint32) int { return int(uint64(hash) * uint64(len(s.slots)) >> 32) }

func (s *segment) after(i int) int {
	if i++; i < len(s.slots) {
		return i
	}
	return 0
}

// find returns the state of a product, nil if there is none. It is valid until the table is changed.
func (t *stateTable) find(id *events.ProductID) *productState {
	s, hash := t.place(id)
	if s.count == 0 {
		return nil
	}
	for i := s.home(hash); s.slots[i].used; i = s.after(i) {
		if s.slots[i].id == *id {
			return &s.slots[i]
		}
	}
	return nil
}

// each calls visit for every state.
func (t *stateTable) each(visit func(*productState)) {
	for i := range t.segments {
		slots := t.segments[i].slots
		for j := range slots {
			if slots[j].used {
				visit(&slots[j])
			}
		}
	}
}

// insert puts in the state of a product that has none.
func (t *stateTable) insert(state productState) {
	s, hash := t.place(&state.id)
	if crowded(s.count, len(s.slots)) {
		t.grow(s)
	}
	state.used = true
	s.put(state, hash)
	t.count++
}

func (s *segment) put(state productState, hash uint32) {
	i := s.home(hash)
	for s.slots[i].used {
		i = s.after(i)
	}
	s.slots[i] = state
	s.count++
}

// crowded tells whether a hash table of so many slots is too full to take in another entry.
func crowded(count, slots int) bool { return count >= slots-slots/8 }

// larger is how many slots a hash table gets that was crowded, a quarter more: one that doubles would be half empty most of
// the time.
func larger(slots int) int { return slots + slots/4 + 8 }

func (t *stateTable) grow(s *segment) {
	before := s.slots
	s.slots, s.count = make([]productState, larger(len(before))), 0
	for i := range before {
		if before[i].used {
			_, hash := t.place(&before[i].id)
			s.put(before[i], hash)
		}
	}
}

// removeRandom removes the state of some product, and returns it; there must be one.
func (t *stateTable) removeRandom() productState {
	s := &t.segments[rand.IntN(segments)]
	for s.count == 0 {
		s = &t.segments[rand.IntN(segments)]
	}
	i := rand.IntN(len(s.slots))
	for !s.slots[i].used {
		i = s.after(i)
	}
	removed := s.slots[i]
	t.remove(s, i)
	return removed
}

// remove empties a slot, and moves up what would else not be found any more.
func (t *stateTable) remove(s *segment, hole int) {
	for i := s.after(hole); s.slots[i].used; i = s.after(i) {
		_, hash := t.place(&s.slots[i].id)
		if home := s.home(hash); s.distance(home, i) >= s.distance(hole, i) {
			s.slots[hole], hole = s.slots[i], i
		}
	}
	s.slots[hole] = productState{}
	s.count--
	t.count--
}

// distance returns how many steps it is from one slot on to another.
func (s *segment) distance(from, to int) int {
	if to < from {
		to += len(s.slots)
	}
	return to - from
}
