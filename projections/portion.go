package projections

import (
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

// portion is one of several ranges of product ids that are equally likely: what a pass over the log, or a comparison, keeps
// in memory at once.
type portion struct{ index, of int }

// portions returns how many portions hold at most so many of the products each.
func portions(products int64, perPortion int) int { return int(products/int64(perPortion)) + 1 }

// bound returns the prefix of ids at which portion i begins.
func (p portion) bound(i int) uint64 { return uint64(i) << 32 / uint64(p.of) }

// holds tells whether an id is in the portion.
func (p portion) holds(id events.ProductID) bool {
	prefix := uint64(binary.BigEndian.Uint32(id[:4]))
	return prefix >= p.bound(p.index) && prefix < p.bound(p.index+1)
}

// before returns the last id before the portion, nil for the first portion.
func (p portion) before() *events.ProductID {
	if p.index == 0 {
		return nil
	}
	id := uuid.Max
	binary.BigEndian.PutUint32(id[:4], uint32(p.bound(p.index)-1))
	return &id
}
