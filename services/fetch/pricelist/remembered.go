package pricelist

import (
	"fmt"
	"slices"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Remembered is how a list was read before. It fills what the list itself leaves open, where the list does not contradict it:
// rows are separated by the same delimiter into as many columns, under the same header if there is one. Options outrank it. What
// is remembered of a list that was not read for sure is of no use.
type Remembered struct {
	Fetch   string            // the id of the fetch that read it
	Dialect *atlantv1.Dialect // as List.Dialect told it
}

// settles reports whether an option's question was settled when the list was read before.
func (m *Remembered) settles(option string) bool {
	return m != nil && !slices.Contains(m.Dialect.GetOpen(), option)
}

func (m *Remembered) delimiter() string { return m.dialect().GetDelimiter() }

func (m *Remembered) dialect() *atlantv1.Dialect {
	if m == nil {
		return nil
	}
	return m.Dialect
}

// says tells in words that something is as it was before.
func (m *Remembered) says(what string, args ...any) string {
	return fmt.Sprintf(what, args...) + ", as in fetch " + m.Fetch + " of this list"
}

// isOf reports whether a list with these columns under this header can be the one that is remembered.
func (m *Remembered) isOf(c *columns, first *header, delimiter byte) bool {
	d := m.dialect()
	header := ""
	if c.header {
		header = first.raw
	}
	return d.GetConfidence() >= minConfidence && d.GetDelimiter() == string(delimiter) &&
		int(d.GetColumns()) == c.width && d.GetHasHeader() == c.header && d.GetHeader() == header && (!c.header || header != "")
}

// shape picks the shape that the list had before; nil if it has none of that kind now.
func (m *Remembered) shape(s *sample, shapes []*shape, o *atlantv1.CsvOptions) *shape {
	i := slices.IndexFunc(shapes, func(p *shape) bool { return string(p.delimiter) == m.delimiter() })
	if i < 0 || !m.fill(s, shapes[i], o) {
		return nil
	}
	p := shapes[i]
	p.compareTo(shapes)
	p.isRemembered, p.err = true, nil
	p.inferred = []string{
		m.says("columns are separated by %s, and the price is in column %d", delimiterNames[p.delimiter], p.columns.price+1),
	}
	return p
}

// fill sets the columns that neither options nor header tell to those that are remembered, and reports whether the list then
// looks as it did: most rows have a price there.
func (m *Remembered) fill(s *sample, p *shape, o *atlantv1.CsvOptions) bool {
	if p.broken != nil || p.width < 2 {
		return false
	}
	finder := newColumnFinder(o, p.first, p.width)
	c, err := finder.told()
	if err != nil || !m.isOf(&c, &p.first, p.delimiter) {
		return false
	}
	m.fillIn(&c)
	if !c.areGood() || p.contradicts(&c, o) {
		return false
	}
	rows, good := 0, 0
	_ = s.each(p.format, func(rec *record) { // an error was seen by look
		if !p.holdsUnder(rec, c.header) {
			return
		}
		rows++
		if rec.fault == 0 && c.fits(rec) && hasPrice(rec, &c, true) {
			good++
		}
	})
	if good == 0 || good*2 < rows {
		return false
	}
	p.columns, p.good, p.doubtful = c, good, 0
	return true
}

// fillIn sets the columns that are open to those that are remembered.
func (m *Remembered) fillIn(c *columns) {
	if len(c.names) == 0 {
		for _, n := range m.Dialect.GetNameColumns() {
			c.names = append(c.names, int(n)-1)
		}
	}
	if c.price < 0 {
		c.price = int(m.Dialect.GetPriceColumn()) - 1
	}
}

// areGood reports whether name and price are columns of the list, and not the same.
func (c *columns) areGood() bool {
	isOut := func(i int) bool { return i < 0 || i >= c.width }
	return !isOut(c.price) && len(c.names) > 0 && !slices.ContainsFunc(c.names, isOut) && !slices.Contains(c.names, c.price)
}

// contradicts reports whether the list itself says for sure that the columns are others.
func (p *shape) contradicts(c *columns, o *atlantv1.CsvOptions) bool {
	own := &p.columns
	if own.width == 0 {
		return false // nothing could be told
	}
	isSure := func(d decision) bool { return d.confidence() >= minConfidence }
	return own.price >= 0 && own.price != c.price && isSure(p.priceDecision(o)) ||
		len(own.names) > 0 && !slices.Equal(own.names, c.names) && isSure(p.nameDecision(o))
}

// fillMark settles prices like 1.234 as they were before, if no price of the list has another decimal mark. Where the mark is not
// the decimal one it separates thousands only if it was seen to.
func (m *Remembered) fillMark(d *decimalMark, e *markEvidence) {
	mark := m.dialect().GetDecimalMark()
	if mark == "" || !m.settles(MarkOption) {
		return
	}
	i := markIndex(mark[0])
	other := 1 - i
	isThousands := m.dialect().GetThousandsMark() != ""
	if e.sure[other].count > 0 || e.unclear[i].count == 0 && (e.unclear[other].count == 0 || !isThousands) {
		return
	}
	*d = decimalMark{mark: mark[0], isRemembered: true, why: m.says("the decimal mark is a %s", markNames[i])}
	if d.trusted[i] = true; isThousands {
		d.trusted[other], d.thousands = true, m.Dialect.GetThousandsMark()[0]
	}
	d.isOpen = !d.trusted[other] && e.unclear[other].count > 0
}

// fillOrder settles the order of dates as it was before.
func (m *Remembered) fillOrder() (order dateOrder, why string) {
	order = dateOrder(m.dialect().GetDateOrder())
	if order == anyOrder || !m.settles(OrderOption) {
		return anyOrder, ""
	}
	first := "day"
	if order == dayNext {
		first = "month"
	}
	return order, m.says("the %s comes first", first)
}
