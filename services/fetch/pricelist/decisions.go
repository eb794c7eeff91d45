package pricelist

import (
	"fmt"
	"slices"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Options are told by the name that they have in the API, and by that of the flag.
const (
	delimiterOptions = "csv.delimiter (--delimiter)"
	quoteOptions     = "csv.quote (--quote)"
	markOptions      = MarkOption + " (--decimal-mark)"
	orderOptions     = OrderOption + " (--date-order)"
	columnsOptions   = nameOption + " and " + priceOption + " (--name-columns and --price-column)"
)

// decisions returns what was settled about how the sample is separated, and which columns are name and price.
func (p *shape) decisions(o *atlantv1.CsvOptions) decisions {
	all := decisions{p.delimiterDecision(o), p.priceDecision(o), p.nameDecision(o)}
	if p.quotesWhy != "" {
		all = append(all, decision{
			what: "that quotes are text", options: quoteOptions, support: p.opening, against: p.quoted,
			isRemembered: p.quotesRemembered,
		})
	}
	for i := range all[:3] {
		all[i].isRemembered = p.isRemembered
	}
	return all
}

func (p *shape) delimiterDecision(o *atlantv1.CsvOptions) decision {
	d := decision{
		what: "that the columns are separated by " + delimiterNames[p.delimiter], options: delimiterOptions,
		isCertain: o.GetDelimiter() != "", support: p.good + p.headerWeight(),
		seen: shareOf(p.good, p.rows, "row") + " have a price then",
	}
	if d.isCertain {
		return d
	}
	nextBest := 0
	for _, rival := range p.rivals {
		if rival.good > 0 {
			nextBest = max(nextBest, rival.good)
			d.alternatives = append(d.alternatives, fmt.Sprintf("separated by %s: %s would have a price",
				delimiterNames[rival.delimiter], shareOf(rival.good, rival.rows, "row")))
		}
	}
	if p.columns.header && p.first.isKnown() && p.delimiter != ',' { // see bestShape
		nextBest = 0
	}
	d.against, d.misses = nextBestWeight*(nextBest+p.doubtful), p.misses()
	return d
}

// headerWeight returns as how many rows the header counts.
func (p *shape) headerWeight() int {
	if p.columns.header && p.first.isKnown() {
		return headerWeight
	}
	return 0
}

// misses counts the rows without a price. Under a header they are no reason to doubt it: it may be a catalogue with few prices.
func (p *shape) misses() int {
	if p.columns.header {
		return 0
	}
	return max(p.rows-p.good-p.doubtful, 0)
}

func (p *shape) priceDecision(o *atlantv1.CsvOptions) decision {
	d := decision{
		what:    fmt.Sprintf("that column %d is the price", p.columns.price+1),
		options: columnsOptions, isCertain: o.GetPriceColumn() != "", support: p.good,
	}
	named := p.first.namedPrices()
	switch {
	case d.isCertain:
	case p.columns.header && slices.Contains(named, p.columns.price):
		others := without(named, p.columns.price)
		d.support, d.against = d.support+headerWeight, len(others)
		d.alternatives = p.first.named("price", others)
	case len(p.profiles) > 0:
		p.weighColumns(&d, p.columns.price, "price", (*columnProfile).priceCells)
	}
	return d
}

func (p *shape) nameDecision(o *atlantv1.CsvOptions) decision {
	d := decision{
		what:    fmt.Sprintf("that column %d is the name", p.columns.names[0]+1),
		options: columnsOptions, isCertain: len(o.GetNameColumns()) > 0, support: p.good,
	}
	chosen := p.columns.names[0]
	named := p.first.namedNames()
	switch {
	case d.isCertain:
	case p.columns.header && slices.Contains(named, chosen):
		others := without(named, chosen)
		d.support, d.against = d.support+headerWeight, len(others)
		d.alternatives = p.first.named("name", others)
	case len(p.profiles) > 0:
		p.weighColumns(&d, chosen, "name", (*columnProfile).nameCells)
	}
	return d
}

// weighColumns weighs a column that was told by what is in it against the one that looks most like it.
func (p *shape) weighColumns(d *decision, chosen int, what string, cells func(*columnProfile) int) {
	nextBest := 0
	for i := range p.profiles {
		profile := &p.profiles[i]
		n := cells(profile)
		if n == 0 || i == chosen || i == p.columns.price || i == p.columns.date || slices.Contains(p.columns.names, i) ||
			p.isNoRival(i, chosen) {
			continue
		}
		nextBest = max(nextBest, n)
		if n*10 <= profile.rows {
			continue
		}
		d.alternatives = append(d.alternatives, fmt.Sprintf("%s in column %d: %s look like one, such as %s",
			what, i+1, shareOf(n, profile.rows, "cell"), profile.example))
	}
	found := cells(&p.profiles[chosen])
	d.support, d.seen = found, shareOf(found, p.profiles[chosen].rows, "cell")+" look like one"
	d.against, d.misses = nextBestWeight*nextBest, p.profiles[chosen].rows-found
}

// isNoRival reports whether a column does not come into question in the place of the chosen one: the header says that it is
// something else, or it has no currency beside its numbers, as the price has.
func (p *shape) isNoRival(i, chosen int) bool {
	isOther := isOtherThanName
	if chosen == p.columns.price {
		isOther = isOtherThanPrice
		if has := p.profiles[chosen].currencies; has*2 > p.profiles[chosen].filled && p.profiles[i].currencies*2 <= p.profiles[i].filled {
			return true
		}
	}
	return p.columns.header && i < len(p.first.keys) && isOther(p.first.keys[i])
}

// priceCells returns how many cells have prices, if they can be some: they are neither article numbers nor count the rows.
func (c *columnProfile) priceCells() int {
	if c.identifiers*2 >= c.prices || c.isCount() {
		return 0
	}
	return c.prices
}

// nameCells returns how many cells have texts that are unlike.
func (c *columnProfile) nameCells() int {
	if c.prices*2 >= c.rows {
		return 0
	}
	return min(c.letters, len(c.unlike))
}

// namedPrices returns the columns, from 0, that have to do with a price, by the words of the header.
func (h *header) namedPrices() []int {
	return h.columns(func(key string) bool { return isPlainPrice(key) || isSomePrice(key) || holdsPriceWord(key) })
}

// namedNames returns the columns, from 0, that could be a name, by the words of the header.
func (h *header) namedNames() []int {
	return h.columns(func(key string) bool {
		return slices.ContainsFunc(nameMatches, func(isOne func(string) bool) bool { return isOne(key) })
	})
}

// named tells columns by the header's texts.
func (h *header) named(what string, columns []int) []string {
	told := make([]string, 0, len(columns))
	for _, i := range columns {
		told = append(told, fmt.Sprintf("%s in column %d %s", what, i+1, excerpt([]byte(h.cells[i]))))
	}
	return told
}

func without(columns []int, one int) []int {
	return keep(columns, func(i int) bool { return i != one })
}
