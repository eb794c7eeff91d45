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
)

// columnProfile is what the cells of a column look like.
type columnProfile struct {
	rows, prices, identifiers, counted, letters int
	unlike                                      map[string]struct{}
	example                                     string
}

// profile looks at the cells of each column, in rows that have as many as the list.
func (s *sample) profile(p *shape) []columnProfile {
	profiles := make([]columnProfile, p.columns.width)
	rows := 0
	_ = s.each(p.format, func(rec *record) { // an error was seen by look
		if rec.fault != 0 || rows == maxProfiled || !p.holds(rec) || !p.columns.fits(rec) {
			return
		}
		rows++
		for i := range profiles {
			profiles[i].add(rec.trimmed(i), rows)
		}
	})
	return profiles
}

func (c *columnProfile) add(cell []byte, row int) {
	if c.unlike == nil {
		c.unlike = map[string]struct{}{}
	}
	c.rows++
	c.unlike[string(cell)] = struct{}{}
	n, reason := scanNumber(cell)
	if c.example == "" || c.prices == 0 && reason == 0 {
		c.example = excerpt(cell)
	}
	if reason == 0 {
		c.prices++
		if n.mark == noMark && len(cell) >= minIdentifier {
			c.identifiers++
		}
		if string(cell) == strconv.Itoa(row) {
			c.counted++
		}
	}
	if strings.ContainsFunc(string(cell), unicode.IsLetter) {
		c.letters++
	}
}

// isPrice reports whether a column has nothing but prices: numbers, that are neither article numbers nor count the rows.
func (c *columnProfile) isPrice() bool {
	return c.rows > 0 && c.prices*100 >= minPrices*c.rows && c.identifiers*2 < c.rows && (c.counted < c.rows || c.rows == 1)
}

// isName reports whether a column has texts, most of them unlike.
func (c *columnProfile) isName() bool {
	return c.rows > 0 && c.prices*2 < c.rows && c.letters*100 >= minLetters*c.rows && len(c.unlike)*100 >= minUnlike*c.rows
}

// infer finds the columns that neither options nor header tell by what is in them, provided that only one can be meant.
func (s *sample) infer(p *shape, f *columnFinder) error {
	profiles := s.profile(p)
	p.profiles = profiles
	if p.columns.price < 0 {
		found := columnsThat(profiles, (*columnProfile).isPrice)
		if len(found) != 1 {
			return f.untold(&p.columns, profiles)
		}
		p.columns.price = found[0]
		p.inferred = append(p.inferred, fmt.Sprintf("column %d is the only one with prices, such as %s",
			found[0]+1, profiles[found[0]].example))
	}
	if len(p.columns.names) == 0 {
		found := columnsThat(profiles, (*columnProfile).isName)
		if len(found) != 1 || found[0] == p.columns.price {
			return f.untold(&p.columns, profiles)
		}
		p.columns.names = found
		p.inferred = append(p.inferred, fmt.Sprintf("column %d is the only one with texts that are unlike, such as %s",
			found[0]+1, profiles[found[0]].example))
	}
	return nil
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

// untold says that the columns can't be told from the list, and which come into question.
func (f *columnFinder) untold(c *columns, profiles []columnProfile) error {
	candidates := ""
	if c.price < 0 {
		candidates += candidatesFor("the price", columnsThat(profiles, (*columnProfile).isPrice), profiles)
	}
	if len(c.names) == 0 {
		candidates += candidatesFor("the name", columnsThat(profiles, (*columnProfile).isName), profiles)
	}
	return unreadable("the list has %s and nothing says which are name and price; "+
		"%s and %s would (header texts or numbers from 1)%s; line %d has %v",
		plural(c.width, "column"), nameOption, priceOption, candidates, f.first.at.line, &f.first)
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

// holds reports whether a record of the sample is a row, and not before the first one or the header itself.
func (p *shape) holds(rec *record) bool { return p.holdsUnder(rec, p.columns.header) }

// holdsUnder is holds where it is not settled yet whether there is a header.
func (p *shape) holdsUnder(rec *record, header bool) bool {
	return rec.offset > p.first.at.offset || rec.offset == p.first.at.offset && !header
}
