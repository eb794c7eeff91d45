package pricelist

import (
	"fmt"
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
	pairs                                                       int // of digits, as decimals are
	currencies                                                  int // prices with the sign or code of a currency beside them
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
		if rec.fault != 0 || rows == maxProfiled || !p.isRow(rec, c.header) || !short && !c.fits(rec) {
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
	if strings.ContainsFunc(string(cell), unicode.IsLetter) {
		c.letters++
	}
}

func (c *columnProfile) addPrice(cell []byte, n *number) {
	c.prices++
	if len(cell) == 2 && n.mark == noMark {
		c.pairs++
	}
	if strings.ContainsFunc(string(cell), isCurrencySign) || n.currency != "" && strings.Contains(string(cell), n.currency) {
		c.currencies++
	}
	switch {
	case n.mark != noMark:
		c.marked++
	case len(cell) >= minIdentifier && n.currency == "":
		c.identifiers++
	}
	if last, err := strconv.Atoi(c.last); err == nil && string(cell) == strconv.Itoa(last+1) || c.prices == 1 {
		c.counted++
	}
	c.last = string(cell)
}

// isCurrencySign tells signs from words: kr and Ft may stand for something else.
func isCurrencySign(r rune) bool { return unicode.Is(unicode.Sc, r) }

// isPrice reports whether a column has nothing but prices: numbers, that are neither article numbers nor count the rows.
func (c *columnProfile) isPrice() bool {
	return c.filled > 0 && c.prices*100 >= minPrices*c.filled && c.identifiers*2 < c.filled && !c.isCount()
}

// isCount reports whether a column counts the rows, or nearly all of them.
func (c *columnProfile) isCount() bool { return c.filled > 1 && c.counted*100 >= minPrices*c.filled }

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

// infer finds the columns that neither options nor header tell by what is in them, provided that only one can be meant.
func (p *shape) infer(f *columnFinder, in []columnProfile) error {
	c := &p.columns
	if c.price < 0 {
		found := f.inferPrice(c, in)
		if len(found) != 1 || !in[found[0]].isDense() || p.delimiter == ',' && found[0] > 0 && areSplit(in, found[0]-1) {
			return f.untold(c, in, p.delimiter)
		}
		if c.price = found[0]; c.header && c.price < len(f.first.cells) {
			if err := f.checkScale(c.price); err != nil {
				return err
			}
		}
		p.inferred = append(p.inferred, fmt.Sprintf("column %d is the only one with prices, such as %s", c.price+1, in[c.price].example))
	}
	if len(c.names) == 0 {
		found := f.columnsThatAre(c, in, (*columnProfile).isName, isOtherThanName)
		if len(found) == 0 && c.header { // better an article number than none
			found = keep(columnsThat(in, (*columnProfile).isName), func(i int) bool {
				return i < len(f.first.keys) && isArticleNumber(f.first.keys[i])
			})
		}
		if len(found) != 1 || found[0] == c.price {
			return f.untold(c, in, p.delimiter)
		}
		c.names = found
		p.inferred = append(p.inferred, fmt.Sprintf("column %d is the only one with texts that are unlike, such as %s",
			found[0]+1, in[found[0]].example))
	}
	return nil
}

// inferPrice returns the columns that may be the price: those with a currency in them, or else all with prices.
func (f *columnFinder) inferPrice(c *columns, in []columnProfile) []int {
	found := f.columnsThatAre(c, in, (*columnProfile).isPrice, isOtherThanPrice)
	withCurrency := keep(found, func(i int) bool { return in[i].currencies*2 >= in[i].filled && in[i].isDense() })
	if len(withCurrency) > 0 {
		return withCurrency
	}
	return found
}

// columnsThatAre returns the columns in which something is, but for those that the header says are something else.
func (f *columnFinder) columnsThatAre(
	c *columns, in []columnProfile, are func(*columnProfile) bool, isOther func(key string) bool,
) []int {
	return keep(columnsThat(in, are), func(i int) bool { return !c.header || i >= len(f.first.keys) || !isOther(f.first.keys[i]) })
}

func columnsThat(profiles []columnProfile, are func(*columnProfile) bool) []int {
	var found []int
	for i := range profiles {
		if are(&profiles[i]) {
			found = append(found, i)
		}
	}
	return found
}

// repeats says how often the names of the sample occur, if most of them do more than once; else "".
func (s *sample) repeats(p *shape) string {
	if len(p.columns.names) != 1 {
		return ""
	}
	names := &s.profile(p, &p.columns)[p.columns.names[0]]
	if names.filled < 2*len(names.unlike) || names.filled < fewRows {
		return ""
	}
	return fmt.Sprintf("%d rows of the sample have %d different names, and the last row of each counts: more of %s may tell products "+
		"apart, or %s their days", names.filled, len(names.unlike), nameOption, dateOption)
}

// untold says that the columns can't be told from the list, and which come into question.
func (f *columnFinder) untold(c *columns, profiles []columnProfile, delimiter byte) error {
	candidates := ""
	if c.price < 0 {
		candidates += candidatesFor("the price", columnsThat(profiles, (*columnProfile).isPrice), profiles)
		for i := range profiles {
			if delimiter == ',' && areSplit(profiles, i) {
				candidates += fmt.Sprintf(", or columns %d and %d together, at a decimal comma", i+1, i+2)
				break
			}
		}
	}
	if len(c.names) == 0 {
		names := columnsThat(profiles, (*columnProfile).isName)
		if len(names) == 0 { // several together may be
			names = columnsThat(profiles, (*columnProfile).hasTexts)
		}
		candidates += candidatesFor("the name", names, profiles)
	}
	return unreadable("the list has %s and nothing says which are name and price; "+
		"%s and %s would (header texts or numbers from 1)%s; line %d has %v",
		plural(c.width, "column"), nameOption, priceOption, candidates, f.first.at.line, &f.first)
}

// areSplit reports whether a column and the next may be prices split at their decimal comma.
func areSplit(profiles []columnProfile, i int) bool {
	whole := &profiles[i]
	return whole.filled > 0 && whole.prices == whole.filled && whole.marked == 0 && i+1 < len(profiles) && profiles[i+1].filled > 0 && profiles[i+1].pairs == profiles[i+1].filled
}

func candidatesFor(what string, columns []int, profiles []columnProfile) string {
	const most = 8
	var shown []string
	for _, i := range columns[:min(len(columns), most)] {
		shown = append(shown, fmt.Sprintf("%d (%s)", i+1, profiles[i].example))
	}
	if len(shown) == 0 {
		return "; no column looks like " + what
	}
	return "; " + what + " could be column " + strings.Join(shown, ", ")
}

// isRow reports whether a record of the sample is a row, and not before the first one or the header itself.
func (p *shape) isRow(rec *record, hasHeader bool) bool {
	return rec.offset > p.first.at.offset || rec.offset == p.first.at.offset && !hasHeader
}
