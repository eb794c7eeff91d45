package pricelist

import (
	"fmt"
	"slices"
)

// Rows are ragged where a program drops the empty fields at their end, or where a text holds the delimiter without being quoted.
// The first are as good as any, the others have their price in another column; they look alike once both happens in one list.

// allowShort lets rows end behind the last column that counts.
func (c *columns) allowShort() {
	c.least = min(c.width, max(slices.Max(c.names), c.price, c.date)+1)
}

// fits reports whether the record has the columns of the list: all of them, but for empty ones at its end, and nothing behind them.
func (c *columns) fits(rec *record) bool {
	n := len(rec.fields)
	return n == c.width || n < c.width && n >= c.least || n > c.width && rec.emptyFrom(c.width)
}

// isComment reports whether a record is none of the list's rows but a remark: # generated on Monday.
func (h *reading) isComment(rec *record) bool {
	if len(rec.raw) == 0 || rec.raw[0] != '#' || rec.fault != 0 || len(rec.fields) == h.width {
		return false
	}
	return !h.fits(rec) || !h.hasPrice(rec)
}

func (c *columns) hasPrice(rec *record) bool {
	_, reason := scanNumber(rec.trimmed(c.price))
	return reason == 0
}

// splitsPrice reports whether the comma behind the price may be its decimal comma: Milk,1,99.
func (h *reading) splitsPrice(rec *record) bool {
	next := h.price + 1
	if h.delimiter != ',' || next >= len(rec.fields) || rec.fields[h.price].kind != plain || rec.fields[next].kind != plain {
		return false
	}
	n, reason := scanNumber(rec.trimmed(h.price))
	return reason == 0 && n.mark == noMark && splitDigits(rec.value(next)) > 0
}

// raggedEvidence counts the rows of a list that have not as many fields as it has columns.
type raggedEvidence struct {
	short, long tally
	split       tally // long rows whose price may be split at its decimal comma
}

func (e *raggedEvidence) add(rec *record, h *reading) {
	switch n, c := len(rec.fields), &h.columns; {
	case n == c.width || rec.raw[0] == '#':
	case n > c.width && !c.fits(rec):
		e.long.add(rec.line, rec.raw)
		if h.splitsPrice(rec) {
			e.split.add(rec.line, rec.raw)
		}
	case n < c.width && c.fits(rec):
		e.short.add(rec.line, rec.raw)
	case n > c.width && h.splitsPrice(rec): // and the last column is empty
		e.split.add(rec.line, rec.raw)
	}
}

// areShortRead reports whether rows with too few fields can be read.
func (e *raggedEvidence) areShortRead() bool {
	return e.long.count*markMajority <= e.short.count || e.short.count == 0
}

// why says what there is to say of ragged rows.
func (e *raggedEvidence) why() string {
	short := plural(int(e.short.count), "row")
	switch {
	case e.short.count == 0:
		return ""
	case e.areShortRead():
		return fmt.Sprintf("%s without the empty columns at the end (%v)", short, &e.short)
	}
	return fmt.Sprintf("%s with too few columns (%v) rejected, because %d with too many (%v) show that texts hold the delimiter",
		short, &e.short, e.long.count, &e.long)
}

// allLong returns an *UnreadableError for a list whose header, on a line, has fewer columns than all rows.
func (e *raggedEvidence) allLong(header int64) error {
	what := fmt.Sprintf("all rows have more columns than the header on line %d, such as line %d: %s", header, e.long.line, e.long.text)
	if e.split.count > 0 {
		return unreadable("%s; a decimal comma could be the cause, and nothing tells it from the commas between columns: "+
			"the list needs quotes, or another delimiter", what)
	}
	return unreadable("%s; csv.skip_lines = %d, csv.no_header, and %s and %s with numbers would read them without it",
		what, header, nameOption, priceOption)
}
