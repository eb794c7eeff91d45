package pricelist

import (
	"bytes"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	maxWholeDigits = 12
	maxDecimals    = 6
)

// A decimal mark is '.' or ','; noMark stands for none, or none that could be settled.
const noMark = byte(0)

// number is a price cell taken apart.
type number struct {
	micros int64
	mark   byte // between whole part and decimals
	sure   bool // the mark can't be a thousands separator
}

var powersOfTen = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000}

// scanNumber takes a cell without surrounding white space apart, whatever its mark means. The mark is told even of a
// number that is too large or too precise.
func scanNumber(cell []byte) (number, atlantv1.RejectReason) { //nolint:cyclop // one straight walk over a cell, and hot
	whole, significant, i := int64(0), 0, 0
	for ; i < len(cell) && isDigit(cell[i]); i++ {
		if significant > 0 || cell[i] != '0' {
			significant++
		}
		if significant <= maxWholeDigits {
			whole = whole*10 + int64(cell[i]-'0')
		}
	}
	n := number{micros: whole * 1_000_000}
	if i == len(cell) && i > 0 {
		return n, tooLarge(significant)
	}
	if i == len(cell) || cell[i] != '.' && cell[i] != ',' {
		return number{}, notANumber(cell)
	}
	decimals := cell[i+1:]
	fraction, ok := scanDecimals(decimals)
	if !ok {
		return number{}, notANumber(cell)
	}
	n.mark = cell[i]
	n.sure = len(decimals) != 3 || i == 0 || i > 3 || i == 1 && cell[0] == '0'
	if reason := tooLarge(significant); reason != 0 {
		return n, reason
	}
	if len(decimals) > maxDecimals {
		return n, atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE
	}
	n.micros += fraction * powersOfTen[maxDecimals-len(decimals)]
	return n, 0
}

// scanDecimals returns the value of the first decimals, as many as a price may have; ok says that there are digits and nothing else.
func scanDecimals(digits []byte) (value int64, ok bool) {
	for i, c := range digits {
		if !isDigit(c) {
			return 0, false
		}
		if i < maxDecimals {
			value = value*10 + int64(c-'0')
		}
	}
	return value, len(digits) > 0
}

func tooLarge(significant int) atlantv1.RejectReason {
	if significant > maxWholeDigits {
		return atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE
	}
	return 0
}

func notANumber(cell []byte) atlantv1.RejectReason {
	if len(cell) == 0 {
		return atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING
	}
	return atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
}

// parsePrice reads a cell without surrounding white space under the list's decimal mark.
func parsePrice(cell []byte, mark byte) (micros int64, reason atlantv1.RejectReason) {
	if digits, negative := cutMinus(cell); negative {
		return 0, negativeReason(digits, mark)
	}
	n, reason := scanNumber(cell)
	switch {
	case n.mark == mark || n.mark == noMark:
		return n.micros, reason
	case mark != noMark:
		return 0, atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	case reason == 0:
		return 0, atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
	}
	return 0, reason
}

// negativeReason tells a negative price from a minus before something else.
func negativeReason(digits []byte, mark byte) atlantv1.RejectReason {
	n, reason := scanNumber(digits)
	switch {
	case n.mark != noMark && mark != noMark && n.mark != mark,
		reason == atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING:
		return atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	case reason == 0:
		return atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE
	}
	return reason
}

// cutMinus removes a leading hyphen-minus or minus sign.
func cutMinus(cell []byte) (rest []byte, found bool) {
	if len(cell) > 0 && isDigit(cell[0]) {
		return cell, false
	}
	if rest, found = bytes.CutPrefix(cell, []byte("-")); found {
		return rest, true
	}
	return bytes.CutPrefix(cell, []byte("\u2212"))
}

func isDigit(c byte) bool { return c-'0' <= 9 }
