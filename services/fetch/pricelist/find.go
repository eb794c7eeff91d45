package pricelist

import "slices"

// findPrice settles the column of the price: the one that an option names, the one that the header does, or the second of two.
func (f *columnFinder) findPrice(c *columns, profiles profiler) (err error) {
	if c.price >= 0 {
		return nil
	}
	if c.header {
		if found := f.pricesByWords(c, profiles); len(found) > 0 {
			if c.price, err = the(found, &f.first, "price", priceOption); err != nil {
				return err
			}
			return f.checkScale(c.price)
		}
	}
	if c.width == 2 && len(c.names) <= 1 {
		c.price = 1
		if len(c.names) == 1 {
			c.price = 1 - c.names[0]
		}
	}
	return nil
}

// checkScale refuses a price that is not in the unit of its currency, and would be wrong by a factor of a hundred or more.
func (f *columnFinder) checkScale(price int) error {
	scale := headerScale(f.first.cells[price])
	if scale == "" {
		return nil
	}
	return unreadable("the header of column %d, %s, says that its prices are not in whole units of their currency (%s); "+
		"%s would have the numbers read as they stand", price+1, excerpt([]byte(f.first.cells[price])), scale, priceOption)
}

// pricesByWords returns the columns that the header calls the price, or else those that it calls a price of some kind. Words alone
// can mislead: a column that is empty counts for nothing, and one of some kind of price only if there are prices in it.
func (f *columnFinder) pricesByWords(c *columns, profiles profiler) []int {
	plain, some := f.first.plainPrices(), f.first.somePrices()
	if len(plain) == 1 && len(some) == 0 && !f.isMerged(plain[0]) {
		return plain
	}
	if len(plain)+len(some) == 0 {
		return nil
	}
	in := profiles(c)
	if found := keep(plain, func(i int) bool { return i < len(in) && in[i].filled > 0 }); len(found) > 0 {
		return f.withMerged(found, in)
	}
	if found := keep(some, func(i int) bool { return i < len(in) && in[i].mayBePrice() }); len(found) > 0 {
		return f.withRivals(found, c, in)
	}
	qualified := keep(some, func(i int) bool { return isQualifiedPrice(f.first.keys[i]) })
	return slices.Concat(plain, qualified)
}

// isMerged reports whether the header has nothing in the column behind: its cell may have been one over both.
func (f *columnFinder) isMerged(column int) bool {
	return column+1 < len(f.first.cells) && f.first.cells[column+1] == ""
}

// withMerged adds the columns of prices behind those found, as far as the header has nothing over them. What it has one cell
// for are several prices then, and which is which stands in another line.
func (f *columnFinder) withMerged(found []int, in []columnProfile) []int {
	for _, i := range slices.Clone(found) {
		for ; f.isMerged(i) && i+1 < len(in) && in[i+1].mayBePrice() && in[i+1].isDense(); i++ {
			found = append(found, i+1)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// withRivals adds the columns that may be another kind of price, by a name that is not known: numbers with decimals.
func (f *columnFinder) withRivals(found []int, c *columns, in []columnProfile) []int {
	const few = 10 // of which one has a mark
	rivals := f.columnsThatAre(c, in, func(p *columnProfile) bool {
		return p.isPrice() && p.isDense() && p.marked*few >= p.filled
	}, func(key string) bool { return isOtherThanPrice(key) || isPlainPrice(key) || isSomePrice(key) })
	found = append(found, rivals...)
	slices.Sort(found)
	return found
}

// findName settles the columns of the name: those that options name, the one that the header does, or the other one of two.
func (f *columnFinder) findName(c *columns, profiles profiler) error {
	if len(c.names) > 0 {
		return nil
	}
	if c.header {
		if found := f.namesByWords(c, profiles); len(found) > 0 {
			i, err := the(found, &f.first, "name", nameOption)
			c.names = []int{i}
			return err
		}
	}
	if c.width == 2 && c.price >= 0 {
		c.names = []int{1 - c.price}
	}
	return nil
}

// namesByWords returns the columns that the header calls the name. A column of numbers is not it if another one has texts: what
// one list calls an article is the number of the article in the next.
func (f *columnFinder) namesByWords(c *columns, profiles profiler) []int {
	byWords := f.first.nameColumns()
	if len(byWords) == 0 {
		return nil
	}
	in := profiles(c)
	for _, found := range byWords {
		if found = keep(found, func(i int) bool { return i < len(in) && i != c.price && in[i].hasTexts() }); len(found) > 0 {
			return found
		}
	}
	if len(columnsThat(in, (*columnProfile).isName)) > 0 {
		return nil
	}
	return byWords[0]
}

func keep(columns []int, good func(column int) bool) []int {
	var kept []int
	for _, i := range columns {
		if good(i) {
			kept = append(kept, i)
		}
	}
	return kept
}
