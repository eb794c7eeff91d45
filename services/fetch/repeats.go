package fetch

import (
	"encoding/binary"

	"github.com/atlant-log/atlant/events"
)

// repeats finds the products that a list names more than once, of which the last row counts, in two passes over the list:
// note every row, then settle every row. It takes about 16 bytes a row, and more only for the products that repeat.
type repeats struct {
	seen  hashSet                    // hashes of all products
	twice map[uint64]struct{}        // hashes that came up again
	last  map[events.ProductID]int64 // of the products with those hashes, the line of their last row
	rows  int64                      // that a later one replaces
}

// note takes a row in, in the first pass.
func (r *repeats) note(id events.ProductID) {
	hash := hashOf(id)
	if r.seen.add(hash) {
		return
	}
	if r.twice == nil {
		r.twice = map[uint64]struct{}{}
	}
	r.twice[hash] = struct{}{}
}

// any tells, after the first pass, whether the second one is needed.
func (r *repeats) any() bool { return len(r.twice) > 0 }

// settle takes a row in, in the second pass. Two products can share a hash, so whole ids decide.
func (r *repeats) settle(id events.ProductID, line int64) {
	if _, ok := r.twice[hashOf(id)]; !ok {
		return
	}
	if r.last == nil {
		r.last = make(map[events.ProductID]int64, len(r.twice))
	}
	if _, ok := r.last[id]; ok {
		r.rows++
	}
	r.last[id] = line
}

// replaced tells, after both passes, whether a later row names the same product.
func (r *repeats) replaced(id events.ProductID, line int64) bool {
	last, ok := r.last[id]
	return ok && line < last
}

// rowsReplaced returns, after both passes, how many rows a later one replaces.
func (r *repeats) rowsReplaced() int64 { return r.rows }

// forgetRows frees what only the first pass needs.
func (r *repeats) forgetRows() { r.seen = hashSet{} }

func hashOf(id events.ProductID) uint64 {
	return binary.BigEndian.Uint64(id[:8]) ^ binary.BigEndian.Uint64(id[8:])
}

// hashSet is a set of hashes with open addressing: eight bytes a slot, at most three quarters full.
type hashSet struct {
	slots   []uint64 // 0 is a free one
	used    int
	hasZero bool
}

// add puts a hash in and tells whether it was new.
func (s *hashSet) add(hash uint64) bool {
	if hash == 0 {
		isNew := !s.hasZero
		s.hasZero = true
		return isNew
	}
	if 4*s.used >= 3*len(s.slots) {
		s.grow()
	}
	if !s.place(hash) {
		return false
	}
	s.used++
	return true
}

func (s *hashSet) place(hash uint64) bool {
	mask := uint64(len(s.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		switch s.slots[at] {
		case 0:
			s.slots[at] = hash
			return true
		case hash:
			return false
		}
	}
}

func (s *hashSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(2*len(old), 1024))
	for _, hash := range old {
		if hash != 0 {
			s.place(hash)
		}
	}
}
