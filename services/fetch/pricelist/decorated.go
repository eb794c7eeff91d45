package pricelist

import (
	"bytes"
	"unicode/utf8"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// scanDecorated takes apart a price with a minus, a currency before or after it, separated thousands, or a dash in the place
// of its decimals, such as -1.234,50 € or R$ 12,00 or CHF 1’200.–, and says the same of it as scanPlain.
func (n *number) scanDecorated(cell []byte) atlantv1.RejectReason {
	cell, isMarked := westernDigits(cell)
	first, last := bytes.IndexFunc(cell, isDigitRune), bytes.LastIndexFunc(cell, isDigitRune)
	if first < 0 {
		return notANumber(cell)
	}
	prefix, body, suffix := cell[:first], cell[first:last+1], cell[last+1:]
	if i := len(prefix) - 1; i >= 0 && isMark(prefix[i]) && currencies[string(bytes.TrimSpace(prefix))] == "" {
		prefix, body = prefix[:i], cell[i:last+1]
	}
	dashed, suffix := cutDash(suffix)
	before, negative, known := scanPrefix(prefix)
	after, knownToo := scanCurrency(withoutUnit(suffix))
	currency, isOne := sameCurrency(before, after)
	if !known || !knownToo || !isOne {
		return notANumber(cell)
	}
	reason := n.scanBody(body)
	if dashed != noMark && !n.endInDash(dashed) {
		return notANumber(cell)
	}
	n.sure = n.sure || isMarked
	n.negative, n.currency, n.english = negative, currency, isEnglish(prefix)
	return reason
}

// isEnglish reports whether a sign is written right before a number, as in $1,299; but not in reals, R$1,299.
func isEnglish(prefix []byte) bool {
	return bytes.HasSuffix(prefix, []byte("£")) || bytes.HasSuffix(prefix, []byte("$")) && !bytes.HasSuffix(prefix, []byte("R$"))
}

func isDigitRune(r rune) bool { return r >= '0' && r <= '9' }

func isMark(c byte) bool { return c == '.' || c == ',' }

// scanPrefix reads what comes before a number: a currency and a minus, in either order.
func scanPrefix(text []byte) (currency string, negative, ok bool) {
	text, negative = cutMinus(bytes.TrimSpace(text))
	if !negative {
		for _, minus := range [][]byte{[]byte("-"), []byte("\u2212")} {
			if rest, found := bytes.CutSuffix(text, minus); found {
				text, negative = rest, true
				break
			}
		}
	}
	currency, ok = scanCurrency(text)
	return currency, negative, ok
}

// dashes stand for decimals that are zero, as in 12,- or 12.– or 12,-- or 12:- or 12/-.
var dashes = [][]byte{[]byte("--"), []byte("-"), []byte("\u2013"), []byte("\u2014"), []byte("\u2212")}

// wholeMark is what stands before a dash that says that a number is whole, and nothing of the decimal mark.
const wholeMark = ':'

// cutDash removes a mark and a dash from the start of a text, and returns the mark: . or , or wholeMark.
func cutDash(text []byte) (mark byte, rest []byte) {
	if len(text) < 2 {
		return noMark, text
	}
	for _, dash := range dashes {
		rest, found := bytes.CutPrefix(text[1:], dash)
		switch {
		case !found:
		case isMark(text[0]):
			return text[0], rest
		case text[0] == ':', text[0] == '/':
			return wholeMark, rest
		}
	}
	return noMark, text
}

// endInDash takes in that a mark and a dash are behind the number, and reports whether that makes sense.
func (n *number) endInDash(mark byte) bool {
	if mark == wholeMark {
		if n.mark == noMark || n.groups != 0 && n.decimals == 0 {
			return true
		}
		mark = otherMark(n.mark)
	}
	switch {
	case n.mark == noMark, n.mark == mark && n.groups != 0 && n.decimals == 0:
	case n.mark == mark || n.sure:
		return false
	default: // 1.234,-
		n.micros, n.groups = n.thousands, n.mark
	}
	n.mark, n.sure, n.decimals = mark, true, 0
	return true
}

// scanBody takes apart what is between the first digit and the last.
func (n *number) scanBody(body []byte) atlantv1.RejectReason {
	if reason := n.scanPlain(body); reason != atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER {
		return reason
	}
	var g grouped
	if !g.split(body) {
		return atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	}
	return n.take(&g)
}

// maxGroups is how many groups of three digits, and decimals, a number may have: more than are in the largest price.
const maxGroups = 7

// grouped is a number whose thousands are separated.
type grouped struct {
	runs       [maxGroups][]byte // of digits
	separators [maxGroups]byte   // behind each run; every kind of space is ' ', every apostrophe '\''
	n          int               // how many runs
}

// split finds runs and separators, and reports whether the text consists of such.
func (g *grouped) split(text []byte) bool {
	for len(text) > 0 && g.n < maxGroups {
		i := 0
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		if i == 0 {
			return false
		}
		g.runs[g.n] = text[:i]
		size := 0
		if text = text[i:]; len(text) > 0 {
			if g.separators[g.n], size = separator(text); size == 0 {
				return false
			}
		}
		text = text[size:]
		g.n++
	}
	return len(text) == 0 && g.n > 1
}

// separator returns what separates thousands or decimals at the start of a text, and how many bytes it takes; 0 if nothing does.
func separator(text []byte) (byte, int) {
	r, size := utf8.DecodeRune(text)
	switch r {
	case '.', ',', ' ', '\'':
		return text[0], size
	case '\u00A0', '\u2007', '\u2009', '\u202F':
		return ' ', size
	case '\u2019', '\u02BC':
		return '\'', size
	}
	return 0, 0
}

// take takes the value in, if the separators are where they belong.
func (n *number) take(g *grouped) atlantv1.RejectReason {
	group, last := g.separators[0], g.separators[g.n-2]
	groups := g.runs[:g.n]
	*n = number{}
	var decimals []byte
	switch {
	case last != group && isMark(last):
		groups, decimals = g.runs[:g.n-1], g.runs[g.n-1]
		n.mark, n.sure, n.decimals = last, true, len(decimals)
	case last != group:
		return atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	case isMark(group): // 1.234.567 tells as much as decimals would
		n.mark, n.sure = otherMark(group), true
	}
	for _, separator := range g.separators[:len(groups)-1] {
		if separator != group {
			return atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
		}
	}
	if !areGroups(groups, group) {
		return atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	}
	if isMark(group) {
		n.groups = group
	}
	whole, significant := int64(0), 0
	for _, run := range groups {
		significant += len(run)
		for _, c := range run {
			if significant <= maxWholeDigits {
				whole = whole*10 + int64(c-'0')
			}
		}
	}
	n.micros = whole * 1_000_000
	fraction, _ := scanDecimals(decimals)
	return n.addDecimals(fraction, significant)
}

func otherMark(mark byte) byte { return '.' + ',' - mark }

// areGroups reports whether the digits are in groups of three, or, as in India, of two and at last three: 12,34,567.
func areGroups(groups [][]byte, separator byte) bool {
	first, last := groups[0], groups[len(groups)-1]
	if len(last) != 3 || first[0] == '0' {
		return false
	}
	size := 3
	if separator == ',' && len(groups) > 2 && len(groups[1]) == 2 {
		size = 2
	}
	for _, group := range groups[1 : len(groups)-1] {
		if len(group) != size {
			return false
		}
	}
	return len(first) <= size
}
