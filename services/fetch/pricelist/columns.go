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
	names  []int // from 0
	price  int   // from 0; -1 while it is not known
	date   int   // from 0; -1 if there is none
	width  int   // how many columns a row has
	header bool  // whether the first record is one
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
}

func newColumnFinder(o *atlantv1.CsvOptions, first header, width int) *columnFinder {
	f := &columnFinder{first: first, width: width, noHeader: o.GetNoHeader()}
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

// told returns the columns that the options tell, or an *UnreadableError.
func (f *columnFinder) told() (columns, error) {
	c := columns{width: f.width, price: -1, date: -1, header: f.hasHeader()}
	if c.header {
		c.width = f.first.width()
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

// find returns the columns, or an *UnreadableError. Those that neither options nor header tell are left open.
func (f *columnFinder) find() (columns, error) {
	c, err := f.told()
	if err != nil {
		return columns{}, err
	}
	if err := f.findPrice(&c); err != nil {
		return columns{}, err
	}
	if err := f.findName(&c); err != nil {
		return columns{}, err
	}
	if slices.Contains(c.names, c.price) {
		return columns{}, unreadable("column %d can't be both name and price; %s and %s would say which they are",
			c.price+1, nameOption, priceOption)
	}
	return c, nil
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
	if f.first.isKnown() || len(f.price) == 0 && len(f.first.priceColumns()) > 0 || len(f.first.nameColumns()) > 0 && !f.first.hasDigit() {
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

func (f *columnFinder) findPrice(c *columns) (err error) {
	byWords := f.first.priceColumns()
	switch {
	case c.price >= 0:
	case c.header && len(byWords) > 0:
		c.price, err = the(byWords, &f.first, "price", priceOption)
	case c.width == 2 && len(c.names) <= 1:
		c.price = 1
		if len(c.names) == 1 {
			c.price = 1 - c.names[0]
		}
	}
	return err
}

func (f *columnFinder) findName(c *columns) error {
	byWords := f.first.nameColumns()
	switch {
	case len(c.names) > 0:
		return nil
	case c.header && len(byWords) > 0:
		i, err := the(byWords, &f.first, "name", nameOption)
		c.names = []int{i}
		return err
	case c.width == 2 && c.price >= 0:
		c.names = []int{1 - c.price}
	}
	return nil
}
