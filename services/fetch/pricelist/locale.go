package pricelist

import (
	"strings"
	"unicode"
)

// thousandsMarks says of some currencies which marks separate thousands in a price like 1.234, whoever wrote it: both where
// a thousandth of the unit buys nothing, as of a dong, and the comma where prices have a decimal point. Currencies whose prices
// may have three decimals, as fuel has in euros and reals, or which are quoted all over the world, are not among them.
var thousandsMarks = func() map[string]string {
	all := map[string]string{yens: ",", rupees: ","}
	for marks, currencies := range map[string]string{
		".,": "CLP COP GNF HUF IDR IRR ISK KHR KRW LAK MGA MMK PYG UGX UZS VND XAF XOF XPF",
		",":  "BDT CNY HKD ILS INR JPY LKR NPR PHP PKR THB TWD",
	} {
		for currency := range strings.FieldsSeq(currencies) {
			all[currency] = marks
		}
	}
	return all
}()

// pointedScripts are of languages whose prices have a decimal point, and commas between thousands.
var pointedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Hebrew, unicode.Devanagari,
}

// headerThousands returns the marks that separate thousands under a header cell, as far as its language tells.
func headerThousands(cell string) string {
	if strings.ContainsFunc(cell, func(r rune) bool { return unicode.In(r, pointedScripts...) }) {
		return ","
	}
	return ""
}

// separatesThousands reports whether the mark of a price like 1.234 does so by its currency or language.
func (h *reading) separatesThousands(n *number) bool {
	marks := h.thousands
	if n.english && n.mark == ',' {
		return true
	}
	if own, ok := thousandsMarks[n.currency]; ok || n.currency != "" && !isUnknown(n.currency) {
		marks = own
	}
	return strings.IndexByte(marks, n.mark) >= 0
}
