package pricelist

import (
	"bytes"
	"encoding/binary"
	"math/bits"

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
	micros    int64
	thousands int64  // micros, should the mark of a number that is not sure separate thousands
	currency  string // ISO 4217 code, one that isUnknown, or "" if there is none
	decimals  int    // how many
	mark      byte   // between whole part and decimals
	sure      bool   // the mark can't be a thousands separator
	groups    byte   // '.' or ',' if it surely separates thousands, else 0
	negative  bool   // there is a minus before it
	english   bool   // $ or £ is close before it, as where commas separate thousands
}

var powersOfTen = [...]int64{1, 10, 100, 1000, 10_000, 100_000, 1_000_000}

// scan takes a cell without surrounding white space apart, whatever its mark means. The mark is told even of a number that is
// too large or too precise.
func (n *number) scan(cell []byte) atlantv1.RejectReason {
	reason := n.scanPlain(cell)
	if reason == atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER {
		return n.scanDecorated(cell)
	}
	return reason
}

// scanNumber is scan for where it is not hot.
func scanNumber(cell []byte) (number, atlantv1.RejectReason) {
	var n number
	reason := n.scan(cell)
	return n, reason
}

// scanPlain takes apart what most prices are: digits, with a mark or without.
func (n *number) scanPlain(cell []byte) atlantv1.RejectReason { //nolint:cyclop // one straight walk over a cell, and hot
	*n = number{}
	whole, significant, i := int64(0), 0, 0
	for ; i < len(cell) && isDigit(cell[i]); i++ {
		if significant > 0 || cell[i] != '0' {
			significant++
		}
		if significant <= maxWholeDigits {
			whole = whole*10 + int64(cell[i]-'0')
		}
	}
	n.micros = whole * 1_000_000
	if i == len(cell) && i > 0 {
		return tooLarge(significant)
	}
	if i == len(cell) || cell[i] != '.' && cell[i] != ',' {
		return notANumber(cell)
	}
	decimals := cell[i+1:]
	fraction, ok := scanDecimals(decimals)
	if !ok {
		return notANumber(cell)
	}
	n.mark, n.decimals = cell[i], len(decimals)
	if n.sure = len(decimals) != 3 || i == 0 || i > 3 || cell[0] == '0'; !n.sure {
		n.thousands = whole*1_000_000_000 + fraction*1_000_000
	}
	return n.addDecimals(fraction, significant)
}

// readPlain returns the value of a price that is written as nearly all are: digits, with or without decimals behind the list's
// mark, and not many of them. It leaves to scan what could be read in two ways, and what is to be refused.
func readPlain(cell []byte, mark byte) (micros int64, ok bool) {
	n := len(cell)
	if n == 0 || n > wordBytes || cap(cell) < wordBytes {
		return 0, false
	}
	// What is behind the cell is shifted out, and zeros in before it.
	digits := (binary.LittleEndian.Uint64(cell[:wordBytes]) ^ '0'*ones) << (8 * (wordBytes - n))
	decimals := 0
	marks := digits ^ uint64(mark^'0')*ones
	if marks = (marks - ones) &^ marks & highs; marks != 0 {
		at := bits.TrailingZeros64(marks) &^ 7
		if decimals = wordBytes - 1 - at/8; decimals == 0 || decimals == 3 || decimals == n-1 {
			return 0, false
		}
		whole := digits & (1<<at - 1)
		digits = digits>>at>>8<<at<<8 | whole<<8
	}
	if (digits|(digits+(0x80-10)*ones))&highs != 0 {
		return 0, false
	}
	digits = digits * (10<<8 + 1) >> 8 & 0x00FF00FF00FF00FF
	digits = digits * (100<<16 + 1) >> 16 & 0x0000FFFF0000FFFF
	digits = digits * (10_000<<32 + 1) >> 32
	return int64(digits) * powersOfTen[maxDecimals-decimals], true
}

// addDecimals adds the decimals, whose value is fraction, to a number with so many significant digits before its mark.
func (n *number) addDecimals(fraction int64, significant int) atlantv1.RejectReason {
	if reason := tooLarge(significant); reason != 0 {
		return reason
	}
	if n.decimals > maxDecimals {
		return atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE
	}
	n.micros += fraction * powersOfTen[maxDecimals-n.decimals]
	return 0
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

// cutMinus removes a leading hyphen-minus or minus sign.
func cutMinus(text []byte) (rest []byte, found bool) {
	if rest, found = bytes.CutPrefix(text, []byte("-")); found {
		return rest, true
	}
	return bytes.CutPrefix(text, []byte("\u2212"))
}

func isDigit(c byte) bool { return c-'0' <= 9 }
