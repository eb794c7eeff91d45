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

// portionOf returns the index of the portion, of so many, that holds an id.
func portionOf(id events.ProductID, of int) int {
	return int(uint64(binary.BigEndian.Uint32(id[:4])) * uint64(of) >> 32)
}

// holds tells whether an id is in the portion.
func (p portion) holds(id events.ProductID) bool { return portionOf(id, p.of) == p.index }

// part returns the index-th of so many equal parts of the portion.
func (p portion) part(index, of int) portion { return portion{p.index*of + index, p.of * of} }

// before returns the last id before the portion, nil for the first portion.
func (p portion) before() *events.ProductID {
	if p.index == 0 {
		return nil
	}
	id := uuid.Max
	first := (uint64(p.index)<<32 + uint64(p.of) - 1) / uint64(p.of) // the least prefix that portionOf finds here
	binary.BigEndian.PutUint32(id[:4], uint32(first-1))
	return &id
}
