package pricelist

import (
	"fmt"
	"slices"
	"strings"
)

// infer finds the columns that neither options nor header tell by what is in them, provided that only one can be meant.
func (p *shape) infer(f *columnFinder, in []columnProfile) error {
	p.profiles = in
	if p.columns.price < 0 {
		if err := p.inferPrice(f, in); err != nil {
			return err
		}
	}
	if len(p.columns.names) == 0 {
		return p.inferName(f, in)
	}
	return nil
}

func (p *shape) inferPrice(f *columnFinder, in []columnProfile) error {
	found := f.likePrices(&p.columns, in)
	if len(found) != 1 || !in[found[0]].isDense() || p.delimiter == ',' && (areSplit(in, found[0]-1) || areSplit(in, found[0])) {
		return f.untold(&p.columns, in, p.delimiter)
	}
	if in[found[0]].currencies == 0 && len(f.columnsThatAre(&p.columns, in, (*columnProfile).mayCount, isOtherThanPrice)) > 0 {
		return f.untold(&p.columns, in, p.delimiter)
	}
	i := found[0]
	if p.columns.header && i < len(f.first.cells) {
		if err := f.checkScale(i); err != nil {
			return err
		}
	}
	p.columns.price = i
	p.inferred = append(p.inferred, fmt.Sprintf("column %d is the only one with prices, such as %s", i+1, in[i].example))
	return nil
}

func (p *shape) inferName(f *columnFinder, in []columnProfile) error {
	c := &p.columns
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
	return nil
}

// likePrices returns the columns that may be the price: those with a currency in them, or else all with prices.
func (f *columnFinder) likePrices(c *columns, in []columnProfile) []int {
	found := f.columnsThatAre(c, in, (*columnProfile).isPrice, isOtherThanPrice)
	withCurrency := columnsThat(in, func(p *columnProfile) bool { return p.currencies*2 > p.filled && p.isDense() })
	if len(withCurrency) > 0 { // even if that is nothing that can be read, and the others are no prices all the more
		return keep(found, func(i int) bool { return slices.Contains(withCurrency, i) })
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
		if i := firstSplit(profiles); delimiter == ',' && i >= 0 {
			candidates += fmt.Sprintf(", or columns %d and %d together, at a decimal comma", i+1, i+2)
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
	if i < 0 || i+1 >= len(profiles) {
		return false
	}
	whole, rest := &profiles[i], &profiles[i+1]
	return whole.filled > 0 && whole.prices == whole.filled && whole.marked == 0 && rest.filled > 0 && rest.split == rest.filled
}

// firstSplit returns the first column that may be so, or -1.
func firstSplit(profiles []columnProfile) int {
	for i := range profiles {
		if areSplit(profiles, i) {
			return i
		}
	}
	return -1
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
