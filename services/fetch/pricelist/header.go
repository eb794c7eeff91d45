package pricelist

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// header is a record of a list, the first or behind a preamble, which may be one.
type header struct {
	cells []string // trimmed
	keys  []string // of the cells
	at    place    // offset in the sample
	raw   string   // as it is in the list; empty if it is too long to be remembered
}

// maxHeaderBytes bounds what is remembered of a header: a real one has some hundred bytes.
const maxHeaderBytes = 16 << 10

func newHeader(rec *record) header {
	h := header{cells: rec.cells(), at: place{offset: rec.offset, line: rec.line}}
	for _, cell := range h.cells {
		h.keys = append(h.keys, headerKey(cell))
	}
	if len(rec.raw) <= maxHeaderBytes && utf8.Valid(rec.raw) {
		h.raw = string(rec.raw)
	}
	return h
}

// nameColumns returns the columns, from 0, that are the best match for a name.
func (h *header) nameColumns() []int {
	for _, tier := range nameTiers {
		if found := h.columns(func(key string) bool { return slices.Contains(tier, key) }); len(found) > 0 {
			return found
		}
	}
	return h.columns(func(key string) bool { return holdsPhrase(key, nameTiers[0]) })
}

// priceColumns returns the columns, from 0, that could be the price: those of plain prices, or else of any.
func (h *header) priceColumns() []int {
	if found := h.columns(func(key string) bool { return slices.Contains(priceHeaders, key) }); len(found) > 0 {
		return found
	}
	return h.columns(isQualifiedPrice)
}

// columns returns the columns, from 0, whose key is one.
func (h *header) columns(isOne func(key string) bool) []int {
	var found []int
	for i, key := range h.keys {
		if isOne(key) {
			found = append(found, i)
		}
	}
	return found
}

// isKnown reports whether the header can be told from a row by its words.
func (h *header) isKnown() bool {
	return len(h.nameColumns()) > 0 && len(h.priceColumns()) > 0
}

// find returns the columns, from 0, under a text: those that are it, or else those that say the same.
func (h *header) find(text string) []int {
	var found []int
	for i, cell := range h.cells {
		if strings.EqualFold(strings.TrimSpace(text), cell) {
			found = append(found, i)
		}
	}
	if len(found) > 0 {
		return found
	}
	wanted := headerKey(text)
	return h.columns(func(key string) bool { return key == wanted })
}

func (h *header) hasDigit() bool {
	return slices.ContainsFunc(h.cells, func(cell string) bool { return strings.ContainsAny(cell, "0123456789") })
}

// width returns the number of columns without empty ones at the end.
func (h *header) width() int {
	n := len(h.cells)
	for n > 0 && h.cells[n-1] == "" {
		n--
	}
	return n
}

// isMarked reports whether the record begins as a remark does.
func (h *header) isMarked() bool { return strings.HasPrefix(h.raw, "#") }

// fits reports whether the record has so many columns, apart from empty ones at its end.
func (h *header) fits(width int) bool {
	return len(h.cells) == width || len(h.cells) > width && h.width() <= width
}

// String shows the cells.
func (h *header) String() string {
	const most = 30
	shown := make([]string, 0, most)
	for i, cell := range h.cells {
		if i == most {
			return strings.Join(shown, ", ") + fmt.Sprintf(" and %d more", len(h.cells)-most)
		}
		shown = append(shown, excerpt([]byte(cell)))
	}
	return strings.Join(shown, ", ")
}

// the picks the one column that is meant, from 0.
func the(columns []int, h *header, what, option string) (int, error) {
	switch len(columns) {
	case 0:
		return 0, unreadable("line %d has no column for the %s; %s would say which it is; it has %v", h.at.line, what, option, h)
	case 1:
		return columns[0], nil
	}
	return 0, unreadable("columns %d and %d of line %d could both be the %s; %s would say which it is; the line has %v",
		columns[0]+1, columns[1]+1, h.at.line, what, option, h)
}
