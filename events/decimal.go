package events

import (
	"fmt"
	"strconv"
)

// Decimal writes millionths as an exact decimal: two decimals at least, more only as needed.
func Decimal(micros int64) string {
	const microsPer1 = 1_000_000
	sign, magnitude := "", uint64(micros)
	if micros < 0 {
		sign, magnitude = "-", -magnitude // right for the smallest int64 too: unsigned numbers wrap
	}
	decimals := fmt.Sprintf("%06d", magnitude%microsPer1)
	for len(decimals) > 2 && decimals[len(decimals)-1] == '0' {
		decimals = decimals[:len(decimals)-1]
	}
	return sign + strconv.FormatUint(magnitude/microsPer1, 10) + "." + decimals
}
