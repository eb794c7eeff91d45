package pricelist

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxProfiled = 2000 // rows
	// A column has prices if so many of its cells are some, in percent, and names if so many have letters and so many are unlike.
	minPrices, minLetters, minUnlike = 95, 90, 50
	// minIdentifier is how many digits a whole number has that is no price but an article number.
	minIdentifier = 8
	// fewRows are too few to say something of how often names repeat.
	fewRows = 10
)

// columnProfile is what the cells of a column look like.
type columnProfile struct {
	rows, filled, prices, marked, identifiers, counted, letters int
	split, lastSplit                                            int // cells that may be the rest of the price before
	currencies                                                  int // cells with a number and the sign or code of a currency
	unlike                                                      map[string]struct{}
	last                                                        string // price
	example                                                     string
}

// profiler looks what is in the columns, once with the first record for a header and once without.
type profiler func(*columns) []columnProfile

func (s *sample) profiler(p *shape) profiler {
	profiles := map[bool][]columnProfile{}
	return func(c *columns) []columnProfile {
		if profiles[c.header] == nil {
			profiles[c.header] = s.profile(p, c)
		}
		return profiles[c.header]
	}
}

// profile looks at the cells of each column.
func (s *sample) profile(p *shape, c *columns) []columnProfile {
	profiles := make([]columnProfile, c.width)
	rows := 0
	_ = s.each(p.format, func(rec *record) { // an error was seen by look
		short := len(rec.fields) > 1 && len(rec.fields) < c.width
		if rec.fault != 0 || rows == maxProfiled || !p.holdsUnder(rec, c.header) || !short && !c.fits(rec) {
			return
		}
		rows++
		for i := range profiles {
			var cell []byte
			if i < len(rec.fields) {
				cell = rec.trimmed(i)
			}
			profiles[i].add(cell)
		}
	})
	return profiles
}

func (c *columnProfile) add(cell []byte) {
	if c.unlike == nil {
		c.unlike = map[string]struct{}{}
	}
	c.rows++
	if len(cell) == 0 {
		return
	}
	c.filled++
	c.unlike[string(cell)] = struct{}{}
	n, reason := scanNumber(cell)
	if c.example == "" || c.prices == 0 && reason == 0 {
		c.example = excerpt(cell)
	}
	if reason == 0 {
		c.addPrice(cell, &n)
	}
	if showsCurrency(cell) {
		c.currencies++
	}
	if strings.ContainsFunc(string(cell), unicode.IsLetter) {
		c.letters++
	}
}

func (c *columnProfile) addPrice(cell []byte, n *number) {
	c.prices++
	if digits := splitDigits(cell); digits > 0 && (c.prices == 1 || digits == c.lastSplit) {
		c.split++
		c.lastSplit = digits
	}
	switch {
	case n.mark != noMark:
		c.marked++
	case len(cell) >= minIdentifier && isDigits(cell):
		c.identifiers++
	}
	if last, err := strconv.Atoi(c.last); err == nil && string(cell) == strconv.Itoa(last+1) || c.prices == 1 {
		c.counted++
	}
	c.last = string(cell)
}

// splitDigits returns how many digits a cell starts with that may belong to the price in the cell before: one to three and no
// others, as decimals, or three before a mark, as thousands are in 1,234.50; else 0.
func splitDigits(cell []byte) int {
	n := 0
	for n < len(cell) && isDigit(cell[n]) {
		n++
	}
	rest := cell[n:]
	if n > 3 || bytes.IndexFunc(rest, unicode.IsDigit) >= 0 && (n < 3 || !isMark(rest[0])) {
		return 0
	}
	return n
}

func isDigits(text []byte) bool {
	_, ok := scanDecimals(text)
	return ok
}

// showsCurrency reports whether there is a number in a cell, and the sign or the code of a currency. Words like kr and Ft may
// stand for something else.
func showsCurrency(cell []byte) bool {
	isSign := func(r rune) bool { return unicode.Is(unicode.Sc, r) }
	isBetween := func(r rune) bool { return !unicode.IsLetter(r) }
	return bytes.IndexFunc(cell, unicode.IsDigit) >= 0 && (bytes.IndexFunc(cell, isSign) >= 0 ||
		slices.ContainsFunc(strings.FieldsFunc(string(cell), isBetween), func(word string) bool { return currencies[word] == word }))
}

// isPrice reports whether a column has nothing but prices: numbers, that are neither article numbers nor count the rows.
func (c *columnProfile) isPrice() bool {
	return c.filled > 0 && c.prices*100 >= minPrices*c.filled && c.identifiers*2 < c.filled && !c.isCount()
}

// isCount reports whether a column counts the rows, or nearly all of them.
func (c *columnProfile) isCount() bool { return c.filled > 1 && c.counted*100 >= minPrices*c.filled }

// mayCount reports whether a column counts so few rows that it may be a coincidence.
func (c *columnProfile) mayCount() bool {
	const few = 4
	return c.isCount() && c.filled < few && c.prices == c.filled
}

// isDense reports whether most rows have something in the column.
func (c *columnProfile) isDense() bool { return c.filled*2 >= c.rows }

// mayBePrice reports whether what is in a column are prices rather than anything else.
func (c *columnProfile) mayBePrice() bool { return c.prices > 0 && c.prices*2 >= c.filled }

// isName reports whether a column has texts, most of them unlike.
func (c *columnProfile) isName() bool {
	return c.hasTexts() && c.letters*100 >= minLetters*c.filled && len(c.unlike)*100 >= minUnlike*c.filled && c.isDense()
}

// hasTexts reports whether a column has texts rather than numbers.
func (c *columnProfile) hasTexts() bool {
	return c.filled > 0 && c.prices*2 < c.filled && c.letters*2 >= c.filled
}
