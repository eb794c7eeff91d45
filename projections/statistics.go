package projections

import (
	"cmp"
	"slices"

	"github.com/atlant-log/atlant/events"
)

// StatisticsChanges is how many changes of a product statistics are made of at most: the latest.
const StatisticsChanges = 10_000

// priorPeriod is how far before a price reduction the prior price is looked for: 30 days, in microseconds.
const priorPeriod events.Micros = 30 * 24 * 3600 * 1_000_000

// Statistics sums up the prices that a product had in the currency that it has now.
type Statistics struct {
	Lowest    events.Price
	LowestAt  events.Micros // when it was first observed
	Highest   events.Price
	HighestAt events.Micros // when it was first observed
	// The lower weighted median, each price weighing as much as the time for which it applied: the lowest price that is not
	// exceeded for half of the time (Cormen et al., Introduction to Algorithms, problem 9-2). It is the price now if no time
	// has passed.
	Median events.Price
	// The lowest price that applied in the 30 days before the last change, which is what a price reduction has to be announced
	// with: article 6a of directive 98/6/EC of the European Union ("Omnibus"). Nil if there is none.
	Prior30Days *events.Price
	// The sample standard deviation of the relative changes, price / previous price - 1, in parts per million: the historical
	// volatility of simple returns, per change. Changes from zero do not count; 0 with fewer than two that do.
	VolatilityPPM int64
	// There were more than StatisticsChanges changes.
	Truncated bool
}

// NewStatistics sums up a product and its changes, the oldest first: all, or the latest StatisticsChanges. Changes that the
// product does not know of yet are left out. It is a pure function.
func NewStatistics(p *Product, latest []Change) Statistics {
	known := slices.IndexFunc(latest, func(c Change) bool { return c.At.Compare(p.Written) > 0 })
	if known >= 0 {
		latest = latest[:known]
	}
	spells := slices.DeleteFunc(spellsOf(p, latest), func(s spell) bool { return s.price.Currency != p.Price.Currency })
	s := Statistics{VolatilityPPM: volatilityPPM(latest, p.Price.Currency), Truncated: p.PriceChanges > int64(len(latest))}
	byPrice := func(a, b spell) int { return cmp.Compare(a.price.Micros, b.price.Micros) }
	lowest, highest := slices.MinFunc(spells, byPrice), slices.MaxFunc(spells, byPrice) // the first of equal ones
	s.Lowest, s.LowestAt, s.Highest, s.HighestAt = lowest.price, lowest.from, highest.price, highest.from
	s.Median = medianOf(spells)
	if p.PriceChanges > 0 {
		s.Prior30Days = lowestBefore(spells, p.Written.ObservedAt)
	}
	return s
}

// spell is a time for which a price applied, from its first observation until that of the next price, or until the last
// observation.
type spell struct {
	price       events.Price
	from, until events.Micros
}

// spellsOf returns all spells in their order; there is at least the one of the price now.
func spellsOf(p *Product, changes []Change) []spell {
	spells := make([]spell, 0, len(changes)+1)
	from := p.FirstObservedAt
	for i := range changes {
		c := &changes[i]
		spells = append(spells, spell{c.PreviousPrice, c.PreviousSince, c.At.ObservedAt})
		from = c.At.ObservedAt
	}
	return append(spells, spell{p.Price, from, max(from, p.Seen.ObservedAt)})
}

// medianOf returns the median of the spells' prices, weighed by time. The last spell is that of the price now.
func medianOf(spells []spell) events.Price {
	var total events.Micros
	for _, s := range spells {
		total += s.until - s.from
	}
	if total == 0 {
		return spells[len(spells)-1].price
	}
	sorted := slices.Clone(spells)
	slices.SortFunc(sorted, func(a, b spell) int { return cmp.Compare(a.price.Micros, b.price.Micros) })
	var below events.Micros
	i := -1
	for below < total-below { // twice it might not fit
		i++
		below += sorted[i].until - sorted[i].from
	}
	return sorted[i].price
}

// lowestBefore returns the lowest price that applied in the period before a time, nil if none did.
func lowestBefore(spells []spell, end events.Micros) *events.Price {
	var lowest *events.Price
	for i := range spells {
		s := &spells[i]
		// A price that was replaced at the very moment of its observation applied then.
		begin, instant := end-priorPeriod, s.from == s.until
		applied := s.from < end && (s.until > begin || instant && s.until == begin)
		if applied && (lowest == nil || s.price.Micros < lowest.Micros) {
			lowest = &s.price
		}
	}
	return lowest
}
