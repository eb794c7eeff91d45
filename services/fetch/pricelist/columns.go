package pricelist

import (
	"slices"
	"strconv"
	"strings"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	nameOption  = "csv.name_columns"
	priceOption = "csv.price_column"
	dateOption  = "csv.observed_at_column"
)

// What a list may leave open, by the option that would settle it.
const (
	MarkOption  = "csv.decimal_mark" // what the mark means in prices like 1.234
	OrderOption = "csv.date_order"   // which is the day in dates like 04/05/2026
)

// columns say where in a row name and price are.
type columns struct {
	names []int // from 0
	price int   // from 0; -1 while it is not known
	date  int   // from 0; -1 if there is none
	width int   // how many columns a row has

	currencyAt int // column of the currency, from 0; -1 if there is none

	least  int  // how many fields a row must have; the others are empty columns that were dropped at its end
	header bool // whether the first record is one
	unsaid bool // that is told by the numbers under it alone
}

// columnRef is a column as an option names it: by number or by header text.
type columnRef struct {
	text     string
	number   int
	isNumber bool
}

func newColumnRef(text string) columnRef {
	text = strings.TrimSpace(text)
	number, err := strconv.Atoi(text)
	return columnRef{text: text, number: number, isNumber: err == nil}
}

// columnFinder settles the columns from the options, the first record and the number of columns most rows have.
type columnFinder struct {
	names    []columnRef
	price    []columnRef // none or one
	date     []columnRef // none or one
	noHeader bool
	first    header
	width    int
	filled   int // columns up to the last that most rows fill
}

func newColumnFinder(o *atlantv1.CsvOptions, p *shape) *columnFinder {
	f := &columnFinder{first: p.first, width: p.width, filled: p.filled, noHeader: o.GetNoHeader()}
	for _, text := range o.GetNameColumns() {
		f.names = append(f.names, newColumnRef(text))
	}
	if text := o.GetPriceColumn(); text != "" {
		f.price = append(f.price, newColumnRef(text))
	}
	if text := o.GetObservedAtColumn(); text != "" {
		f.date = append(f.date, newColumnRef(text))
	}
	return f
}

// told returns the columns that the options tell, or an *UnreadableError. Whether there is a header may take a look at what is in
// the columns.
func (f *columnFinder) told(profiles profiler) (columns, error) {
	c := columns{width: f.width, least: f.width, price: -1, date: -1, currencyAt: -1}
	c.header = f.hasHeader()
	c.unsaid = !c.header && f.isAboveNumbers(&c, profiles)
	if c.header = c.header || c.unsaid; c.header {
		c.width = f.headerWidth()
		c.least = c.width
	}
	for _, ref := range f.names {
		i, err := f.resolve(ref, nameOption, c)
		if err != nil {
			return columns{}, err
		}
		c.names = append(c.names, i)
	}
	for _, ref := range f.date {
		i, err := f.resolve(ref, dateOption, c)
		if err != nil {
			return columns{}, err
		}
		c.date = i
	}
	for _, ref := range f.price {
		i, err := f.resolve(ref, priceOption, c)
		if err != nil {
			return columns{}, err
		}
		c.price = i
	}
	return c, nil
}

// find returns the columns, or an *UnreadableError. Those that neither options nor header tell are left open. What is in them is
// asked of profiles only where the header says too little.
func (f *columnFinder) find(profiles profiler) (columns, error) {
	c, err := f.told(profiles)
	if err != nil {
		return columns{}, err
	}
	if err := f.findPrice(&c, profiles); err != nil {
		return columns{}, err
	}
	if err := f.findName(&c, profiles); err != nil {
		return columns{}, err
	}
	c.currencyAt = f.currencyColumn(&c)
	if slices.Contains(c.names, c.price) {
		return columns{}, unreadable("column %d can't be both name and price; %s and %s would say which they are",
			c.price+1, nameOption, priceOption)
	}
	return c, nil
}

// headerWidth returns how many columns a list with a header has: those that are named, and those without a name that most
// rows fill.
func (f *columnFinder) headerWidth() int {
	named := f.first.width()
	if f.filled > named && f.filled <= len(f.first.cells) {
		return f.filled
	}
	return named
}

// settled reports whether no column is open.
func (c *columns) settled() bool { return c.price >= 0 && len(c.names) > 0 }

// hasHeader reports whether the first record is a header.
func (f *columnFinder) hasHeader() bool {
	if f.noHeader {
		return false
	}
	isText := func(r columnRef) bool { return !r.isNumber }
	if slices.ContainsFunc(slices.Concat(f.names, f.price, f.date), isText) {
		return true
	}
	if f.first.isKnown() || len(f.price) == 0 && f.first.namesPrice() || len(f.first.nameColumns()) > 0 && !f.first.hasDigit() {
		return true
	}
	// The options tell the price's column: a text without a digit is no price there. An empty cell may be one that is missing.
	price, ok := f.priceByNumber()
	if !ok || price < 0 || price >= len(f.first.cells) {
		return false
	}
	cell := f.first.cells[price]
	return cell != "" && !strings.ContainsAny(cell, "0123456789")
}

// currencyColumn returns the column of the currency, or -1 unless the header calls just one that.
func (f *columnFinder) currencyColumn(c *columns) int {
	if found := f.first.columns(headerWords["currency"].has); c.header && len(found) == 1 && found[0] != c.price {
		return found[0]
	}
	return -1
}

// isAboveNumbers reports whether the first record is a header although its words are not known: it is texts only, and there are
// columns of numbers under it. With one such column it could as well be a row whose price is on request.
func (f *columnFinder) isAboveNumbers(c *columns, profiles profiler) bool {
	const enough = 2
	// The number of a row often stands under nothing.
	if f.noHeader || f.first.hasNumber() || f.first.width() < 2 || slices.Contains(f.first.cells[1:f.first.width()], "") {
		return false
	}
	in, numbers := profiles(c), 0
	for i := range in {
		if i < f.first.width() && in[i].rows > enough && in[i].mayBePrice() {
			numbers++
		}
	}
	return numbers >= enough
}

// priceByNumber returns the price's column, from 0, as far as numbers in the options tell it.
func (f *columnFinder) priceByNumber() (int, bool) {
	switch {
	case len(f.price) > 0:
		return f.price[0].number - 1, true
	case len(f.names) == 1 && f.width == 2:
		return 2 - f.names[0].number, true
	}
	return 0, false
}

// resolve returns the column, from 0, that an option names.
func (f *columnFinder) resolve(ref columnRef, option string, c columns) (int, error) {
	switch {
	case ref.isNumber && (ref.number < 1 || ref.number > c.width):
		return 0, unreadable("%s names column %d, but the columns of the list are 1 to %d", option, ref.number, c.width)
	case ref.isNumber:
		return ref.number - 1, nil
	case f.noHeader:
		return 0, unreadable("%s names the column %q by its header, but csv.no_header says that there is none", option, ref.text)
	}
	found := f.first.find(ref.text)
	if len(found) == 0 {
		return 0, unreadable("%s names the column %q, but line %d, where the header should be, has %v",
			option, ref.text, f.first.at.line, &f.first)
	}
	return the(found, &f.first, "column "+strconv.Quote(ref.text), "its number in "+option)
}
