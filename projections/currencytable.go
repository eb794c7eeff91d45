package projections

import (
	"slices"
	"strings"
)

// currencyTable numbers currency codes. There are few, and in a batch nearly always one.
type currencyTable []string

const (
	maxCurrencies    = 400 // ISO 4217 knows fewer
	maxCurrencyBytes = 8
)

// takes tells whether a currency has a number, or can get one.
func (t *currencyTable) takes(currency string) bool {
	return len(currency) <= maxCurrencyBytes && (len(*t) < maxCurrencies || slices.Contains(*t, currency))
}

// number returns the number of a currency that the table takes.
func (t *currencyTable) number(currency string) uint16 {
	at := slices.Index(*t, currency)
	if at < 0 {
		at = len(*t)
		*t = append(*t, strings.Clone(currency)) // not to keep the whole message
	}
	return uint16(at)
}
