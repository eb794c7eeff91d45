package main

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	microDigits = 6
	unitDigits  = 12 // the most that a price has before its decimal point
	microsPer1  = 1_000_000
)

var errNotAnAmount = errors.New(`not an amount like 12.50: at most 12 digits, then at most 6 decimals after a point`)

// formatMicros writes millionths as a decimal: two decimals at least, more only as needed.
func formatMicros(micros int64) string { return events.Decimal(micros) }

// parseMicros reads a price that is not negative. It refuses what it cannot hold exactly.
func parseMicros(s string) (int64, error) {
	units, decimals, point := strings.Cut(s, ".")
	if units == "" || len(units) > unitDigits || len(decimals) > microDigits || (point && decimals == "") {
		return 0, errNotAnAmount
	}
	digits := units + decimals + strings.Repeat("0", microDigits-len(decimals))
	if strings.Trim(digits, "0123456789") != "" {
		return 0, errNotAnAmount
	}
	return strconv.ParseInt(digits, 10, 64)
}

// amount is a flag that takes a price.
type amount int64

// UnmarshalText lets kong read the flag.
func (a *amount) UnmarshalText(data []byte) error {
	micros, err := parseMicros(string(data))
	*a = amount(micros)
	return err
}

// micros returns the optional field of a request.
func (a *amount) micros() *int64 {
	if a == nil {
		return nil
	}
	m := int64(*a)
	return &m
}

// formatPrice writes a price with its currency where that is known; nothing where there is no price.
func formatPrice(p *atlantv1.Price) string {
	if p == nil {
		return ""
	}
	return strings.TrimSpace(formatMicros(p.GetAmountMicros()) + " " + p.GetCurrencyCode())
}

// formatDelta writes how much more, or less, a price is than the one before; nothing across currencies.
func formatDelta(previous, price *atlantv1.Price) string {
	if !sameCurrency(previous, price) {
		return ""
	}
	delta := price.GetAmountMicros() - previous.GetAmountMicros() // no overflow: both lie between 0 and 10^18
	if delta > 0 {
		return "+" + formatMicros(delta)
	}
	return formatMicros(delta)
}

const (
	rise = "▲"
	fall = "▼"
)

// formatMove writes which way a price went and by how many percent of the one before, to a tenth.
func formatMove(previous, price *atlantv1.Price) string {
	if !sameCurrency(previous, price) {
		return ""
	}
	before, after := previous.GetAmountMicros(), price.GetAmountMicros()
	switch cmp.Compare(after, before) {
	case 1:
		return strings.TrimSpace(rise + " " + percent(after-before, before))
	case -1:
		return strings.TrimSpace(fall + " " + percent(before-after, before))
	}
	return ""
}

// sameCurrency holds for two prices of one currency.
func sameCurrency(a, b *atlantv1.Price) bool {
	return a != nil && b != nil && a.GetCurrencyCode() == b.GetCurrencyCode()
}

// percent writes part/whole, both positive, in percent with one decimal, rounded to nearest; nothing if whole is 0.
func percent(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	// Tenths of a percent are part*1000/whole; adding half of whole rounds. Big, as a price times 1000 leaves int64.
	tenths := new(big.Int).Mul(big.NewInt(part), big.NewInt(2000))
	tenths.Add(tenths, big.NewInt(whole))
	tenths.Quo(tenths, new(big.Int).Mul(big.NewInt(whole), big.NewInt(2)))
	switch {
	case tenths.Sign() == 0:
		return "<0.1%"
	case tenths.Cmp(big.NewInt(9999)) > 0:
		return ">999.9%"
	}
	return fmt.Sprintf("%d.%d%%", tenths.Int64()/10, tenths.Int64()%10)
}
