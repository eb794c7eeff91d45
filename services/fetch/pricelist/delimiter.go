package pricelist

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// delimiters are what may be found to separate a list.
const delimiters = ";,|\t"

var delimiterNames = map[byte]string{';': "semicolons", ',': "commas", '|': "pipes", '\t': "tabs"}

// settleFormat finds out how the sample is separated, with what is remembered where it leaves that open. The shape's err is its
// caller's to look at.
func settleFormat(s *sample, newline byte, o *atlantv1.CsvOptions, m *Remembered) (*shape, error) {
	tried := delimiters
	if given := o.GetDelimiter(); given != "" {
		tried = given
	}
	shapes := make([]*shape, 0, len(tried))
	for _, delimiter := range []byte(tried) {
		p := s.lookWithQuotes(format{delimiter: delimiter, newline: newline}, o, m)
		s.score(p, o)
		shapes = append(shapes, p)
	}
	p, err := shapes[0], error(nil)
	if len(shapes) > 1 {
		p, err = bestShape(shapes)
	}
	if s.ctx.Err() != nil {
		return nil, s.ctx.Err()
	}
	if err == nil {
		p.compareTo(shapes)
	}
	if m != nil && (err != nil || p.isInDoubt(o)) {
		if remembered := m.shape(s, shapes, o); remembered != nil {
			return remembered, nil
		}
	}
	return p, err
}

// compareTo sets the rivals.
func (p *shape) compareTo(all []*shape) {
	p.rivals = slices.DeleteFunc(slices.Clone(all), func(other *shape) bool { return other == p })
}

// isInDoubt reports whether the columns can't be told, or not with enough confidence.
func (p *shape) isInDoubt(o *atlantv1.CsvOptions) bool {
	if p.err != nil {
		return true
	}
	_, confidence := p.decisions(o).weakest(0)
	return confidence < minConfidence
}

// fewQuotes is how many fields that start with a quote may be slips in a list whose quotes quote.
const fewQuotes = 10

// lookWithQuotes finds out what the sample looks like, separated by one delimiter, and whether its quotes quote.
func (s *sample) lookWithQuotes(f format, o *atlantv1.CsvOptions, m *Remembered) *shape {
	f.quotes = o.GetQuote() != "none"
	p := s.look(f, o)
	if o.GetQuote() != "" || p.broken == nil && p.faults == 0 {
		return p
	}
	f.quotes = false
	bare := s.look(f, o)
	if bare.opening >= fewQuotes && bare.opening > markMajority*bare.quoted && bare.alike > p.alike && bare.alike*10 >= bare.rows*9 {
		bare.quotesWhy = fmt.Sprintf("quotes are text: %s start with one, and %d of them end with one",
			plural(bare.opening, "field"), bare.quoted)
		return bare
	}
	if m.dialect().GetQuote() == "none" && m.delimiter() == string(f.delimiter) && bare.opening > bare.quoted && bare.alike >= p.alike {
		bare.quotesWhy, bare.quotesRemembered = m.says("quotes are text"), true
		return bare
	}
	return p
}

// score counts the rows that make sense when the sample is separated in one way.
func (s *sample) score(p *shape, o *atlantv1.CsvOptions) {
	told := len(o.GetNameColumns()) > 0 || o.GetPriceColumn() != ""
	if p.width < 2 || p.err != nil && told {
		return
	}
	c := &columns{width: p.width, least: p.width, header: p.columns.header, unsaid: p.columns.unsaid}
	if p.err == nil {
		c = &p.columns
	}
	isInDoubt := p.delimiter == ',' && o.GetDelimiter() == "" && !c.isSaid()
	_ = s.each(p.format, func(rec *record) { // an error was seen by look
		switch {
		case rec.fault != 0 || !p.holds(rec) || !c.fits(rec) || !hasPrice(rec, c, p.err == nil):
		case isInDoubt && splitsNumber(rec):
			p.doubtful++
		default:
			p.good++
		}
	})
}

// isSaid reports whether words of a header say what the columns are.
func (c *columns) isSaid() bool { return c.header && !c.unsaid }

// hasPrice reports whether there is a price in its column, or in any where that is not known.
func hasPrice(rec *record, c *columns, known bool) bool {
	if known {
		return c.hasPrice(rec)
	}
	for i := range c.width {
		if _, reason := scanNumber(rec.trimmed(i)); reason == 0 {
			return true
		}
	}
	return false
}

// splitsNumber reports whether a comma of the row may be a decimal comma: "Milk;12,50", "Milk 12,50". Separated by commas these
// would be "Milk;12" and "Milk 12" for 50. Who puts fields in quotes would do so with such a number.
func splitsNumber(rec *record) bool {
	if slices.ContainsFunc(rec.fields, func(f field) bool { return !f.isPlain() }) {
		return false
	}
	raw := bytes.TrimSpace(rec.raw)
	separates := func(r rune) bool { return strings.ContainsRune(";|\t \u00A0", r) }
	for part := range bytes.FieldsFuncSeq(raw, separates) {
		if len(part) == len(raw) {
			return false
		}
		if n, reason := scanNumber(part); reason == 0 && (n.mark == ',' || n.groups == ',') {
			return true
		}
	}
	return false
}

// bestShape picks the one that by far makes the most sense.
func bestShape(shapes []*shape) (*shape, error) {
	for _, p := range shapes {
		// Nobody writes PRODUCT NAME;PRICE over something else. Of PRODUCT NAME,PRICE that cannot be said: what follows may
		// hold decimal commas.
		if p.delimiter != ',' && p.width >= 2 && p.first.isKnown() {
			return p, nil
		}
	}
	good := func(p *shape) int { return p.good }
	first, second := bestTwo(shapes, good)
	if first.good > 0 && first.good < markMajority*second.good {
		return nil, unreadable("the list could be separated by %s (%s) or %s (%s); csv.delimiter would settle it",
			delimiterNames[first.delimiter], plural(first.good, "row"), delimiterNames[second.delimiter], plural(second.good, "row"))
	}
	for _, p := range shapes {
		if p.doubtful > 0 && p.doubtful > markMajority*first.good {
			return nil, unreadable("the commas of the list could separate columns or be decimal commas, as on line %d: %v; "+
				"csv.delimiter would settle it",
				p.first.at.line, &p.first)
		}
	}
	if first.good > 0 {
		return first, nil
	}
	return hopelessShape(shapes)
}

// hopelessShape picks the one whose rejects say best what is wrong with a list in which no row has a price.
func hopelessShape(shapes []*shape) (*shape, error) {
	for _, p := range shapes {
		if p.err == nil && p.width >= 2 && p.first.isKnown() {
			return p, nil
		}
	}
	first, second := bestTwo(shapes, (*shape).consistent)
	if n := first.consistent(); n > 0 && n >= markMajority*second.consistent() {
		return first, nil
	}
	for _, p := range shapes {
		if p.broken != nil {
			return nil, p.broken
		}
	}
	if !slices.ContainsFunc(shapes, func(p *shape) bool { return p.width > 1 }) {
		return nil, unreadable("most lines have none of ; , | and tab, one of which must separate name and price; line %d is %v",
			shapes[0].first.at.line, &shapes[0].first)
	}
	return nil, unreadable("none of ; , | and tab separates the lines into a name and a price; line %d is %v; "+
		"csv.delimiter would say what does", shapes[0].first.at.line, &shapes[0].first)
}

// consistent returns the number of rows of one width, if they are most rows and have columns at all.
func (p *shape) consistent() int {
	if p.width < 2 || 2*p.alike <= p.rows {
		return 0
	}
	return p.alike
}

func bestTwo(shapes []*shape, by func(*shape) int) (first, second *shape) {
	sorted := slices.Clone(shapes)
	slices.SortStableFunc(sorted, func(a, b *shape) int { return by(b) - by(a) })
	return sorted[0], sorted[1]
}

// evidence says in words what speaks for the shape.
func (p *shape) evidence(given bool) string {
	if given {
		return "csv.delimiter gives the delimiter"
	}
	return fmt.Sprintf("%s of the sampled %d separated by %s have a price", plural(p.good, "row"), p.rows, delimiterNames[p.delimiter])
}
