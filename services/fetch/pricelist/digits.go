package pricelist

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Arabic and Persian have marks of their own, that leave no doubt.
const (
	arabicDecimal   = '\u066B'
	arabicThousands = '\u066C'
)

// westernDigits writes a cell with the digits of another script in those that prices are read in. It reports whether it has
// a decimal mark that can't be anything else. Nearly all cells are returned as they are.
func westernDigits(cell []byte) (western []byte, isMarked bool) {
	isForeign := func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsDigit(r) }
	if bytes.IndexFunc(cell, isForeign) < 0 {
		return cell, false
	}
	western = bytes.Map(func(r rune) rune {
		switch {
		case isForeign(r):
			return '0' + digitValue(r)
		case r == arabicDecimal:
			isMarked = true
			return '.'
		case r == arabicThousands:
			return '\''
		case r == '\uFF0C', r == '\uFF0E': // of full width, as the digits beside them
			return r - '\uFF0C' + ','
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, cell)
	return bytes.TrimSpace(western), isMarked
}

// digitValue returns the value of a decimal digit of any script. Unicode has them in tens, from zero.
func digitValue(r rune) rune {
	for _, digits := range unicode.Nd.R16 {
		if r >= rune(digits.Lo) && r <= rune(digits.Hi) {
			return (r - rune(digits.Lo)) % 10
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if r >= rune(digits.Lo) && r <= rune(digits.Hi) {
			return (r - rune(digits.Lo)) % 10
		}
	}
	return 0
}
