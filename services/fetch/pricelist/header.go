package pricelist

import (
	"fmt"
	"strings"
)

// What headers call the columns, as headerKey returns it. For names the first in the list wins: a list with an item, often a
// number, and a name has its names under name. Among prices nothing wins: a price and a unit price are two things.
var (
	nameHeaders = []string{
		"product name", "product", "product title", "name", "item name", "item", "title", "article",
		"product description", "description",
	}
	priceHeaders = []string{"price", "unit price", "product price", "item price", "retail price", "list price"}
)

// headerKey brings a header cell into the form in which cells are compared.
func headerKey(cell string) string {
	return strings.Join(strings.Fields(strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(cell))), " ")
}

// header is the first record of a list, which may be one.
type header struct {
	cells []string // trimmed
	keys  []string // of the cells
	line  int64
}

func newHeader(rec *record) header {
	h := header{cells: rec.cells(), line: rec.line}
	for _, cell := range h.cells {
		h.keys = append(h.keys, headerKey(cell))
	}
	return h
}

// nameColumns returns the columns, from 0, that are the best match for a name.
func (h *header) nameColumns() []int {
	for _, text := range nameHeaders {
		if found := h.find(text); len(found) > 0 {
			return found
		}
	}
	return nil
}

// priceColumns returns the columns, from 0, that could be the price.
func (h *header) priceColumns() []int {
	var found []int
	for _, text := range priceHeaders {
		found = append(found, h.find(text)...)
	}
	return found
}

// isKnown reports whether the header can be told from a row by its words.
func (h *header) isKnown() bool {
	return len(h.nameColumns()) > 0 && len(h.priceColumns()) > 0
}

// find returns the columns, from 0, under a text.
func (h *header) find(text string) []int {
	var found []int
	wanted := headerKey(text)
	for i, key := range h.keys {
		if key == wanted {
			found = append(found, i)
		}
	}
	return found
}

// width returns the number of columns without empty ones at the end.
func (h *header) width() int {
	n := len(h.cells)
	for n > 0 && h.cells[n-1] == "" {
		n--
	}
	return n
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
		return 0, unreadable("line %d has no column for the %s; %s would say which it is; it has %v", h.line, what, option, h)
	case 1:
		return columns[0], nil
	}
	return 0, unreadable("columns %d and %d of line %d could both be the %s; %s would say which it is; the line has %v",
		columns[0]+1, columns[1]+1, h.line, what, option, h)
}
