package projections

import (
	"hash/maphash"

	"github.com/atlant-log/atlant/events"
)

// maxIDs is how many ids an idSet takes, in about 10 bytes each.
const maxIDs = 16_000_000

// idSet is a set of product ids that keeps 64 bits of each: of what was added it never says that it is not there, but once in
// 10^12 times it says of something else that it is.
type idSet struct {
	seed     maphash.Seed // so that nobody can choose names that collide
	segments [segments]idSegment
	count    int
}

// idSegment is a hash table with linear probing; an empty slot is 0.
type idSegment struct {
	slots []uint64
	count int
}

func newIDSet() *idSet { return &idSet{seed: maphash.MakeSeed()} }

// full tells whether the set is as large as it may become.
func (s *idSet) full() bool { return s.count >= maxIDs }

// hash is never 0, which stands for an empty slot.
func (s *idSet) hash(id *events.ProductID) uint64 { return maphash.Comparable(s.seed, *id) | segments }

func (s *idSet) add(id *events.ProductID) {
	hash := s.hash(id)
	if s.segments[hash%segments].add(hash) {
		s.count++
	}
}

func (s *idSet) has(id *events.ProductID) bool {
	hash := s.hash(id)
	segment := &s.segments[hash%segments]
	return segment.count > 0 && segment.slots[segment.find(hash)] == hash
}

// find returns the slot that holds the hash, or else the empty one where it belongs.
func (s *idSegment) find(hash uint64) int {
	i := int((hash >> 32) * uint64(len(s.slots)) >> 32)
	for s.slots[i] != 0 && s.slots[i] != hash {
		if i++; i == len(s.slots) {
			i = 0
		}
	}
	return i
}

func (s *idSegment) add(hash uint64) (added bool) {
	if crowded(s.count, len(s.slots)) {
		s.grow()
	}
	i := s.find(hash)
	if s.slots[i] == hash {
		return false
	}
	s.slots[i] = hash
	s.count++
	return true
}

func (s *idSegment) grow() {
	before := s.slots
	s.slots = make([]uint64, larger(len(before)))
	for _, hash := range before {
		if hash != 0 {
			s.slots[s.find(hash)] = hash
		}
	}
}
