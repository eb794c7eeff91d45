package pricelist

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var (
	numberPattern = regexp.MustCompile(`^([0-9]*)(?:([.,])([0-9]+))?$`)
	surePattern   = regexp.MustCompile(`^(0[0-9]{0,2}|[0-9]{4,})?[.,]|[.,]([0-9]{1,2}|[0-9]{4,})$`)
)

// readPrice reads a price in a list whose decimal mark is settled beyond doubt.
func readPrice(text string, mark byte) (number, int64, atlantv1.RejectReason) {
	settled := decimalMark{mark: mark, trusted: [2]bool{mark != noMark, mark != noMark}}
	n, reason := scanNumber([]byte(text))
	if reason != 0 {
		return n, 0, reason
	}
	micros, reason := settled.read(&n)
	return n, micros, reason
}

// plainPrice is how a price of nothing but digits and a mark is to be read, slow and in other words.
func plainPrice(text string, mark byte) (string, atlantv1.RejectReason) {
	m := numberPattern.FindStringSubmatch(text)
	whole, decimals := m[1], m[3]
	if len(strings.TrimLeft(whole, "0")) > 12 {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE
	}
	if len(decimals) > 6 {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE
	}
	if m[2] != "" && m[2][0] != mark {
		switch {
		case mark == noMark:
			return "", atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
		case surePattern.MatchString(text):
			return "", atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
		}
		whole, decimals = whole+decimals, ""
	}
	amount, _ := new(big.Int).SetString("0"+whole+decimals+strings.Repeat("0", 6-len(decimals)), 10)
	return amount.String(), 0
}

// inASCII writes the digits of other scripts in those of ASCII, of which Unicode has ten in a row from zero, and Arabic marks likewise.
func inASCII(text string) string {
	marks := strings.NewReplacer("\u066B", ".", "\u066C", "'", "\uFF0C", ",", "\uFF0E", ".")
	if strings.IndexFunc(text, func(r rune) bool { return r > 0x7F && unicode.IsDigit(r) }) < 0 {
		return text
	}
	return marks.Replace(strings.Map(func(r rune) rune {
		if !unicode.IsDigit(r) {
			return r
		}
		value := rune(0)
		for unicode.IsDigit(r - value - 1) {
			value++
		}
		return '0' + value%10
	}, text))
}

// checkPrice checks what must be true of any price that is read: its digits are those of the text, and its decimals are those
// behind the last mark, or none.
func checkPrice(t *testing.T, text string) {
	t.Helper()
	for _, mark := range []byte{noMark, '.', ','} {
		n, micros, reason := readPrice(text, mark)
		if numberPattern.MatchString(text) && text != "" {
			want, wantReason := plainPrice(text, mark)
			if got := fmt.Sprint(micros); reason != wantReason || reason == 0 && got != want {
				t.Errorf("%q under %q: %s %v, want %s %v", text, mark, got, reason, want, wantReason)
			}
		}
		if reason != 0 {
			continue
		}
		text := inASCII(text)
		digits := strings.TrimLeft(strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, text), "0")
		decimals := 0
		if n.mark == mark {
			decimals = n.decimals
		}
		if got := strings.TrimLeft(fmt.Sprintf("%019d", micros), "0"); got != strings.TrimLeft(digits+strings.Repeat("0", 6-decimals), "0") {
			t.Errorf("%q under %q is read as %d", text, mark, micros)
		}
		number := text[:strings.LastIndexFunc(text, isDigitRune)+1]
		if decimals > 0 && len(number)-1-strings.LastIndexByte(number, mark) != decimals {
			t.Errorf("%q under %q has %d decimals", text, mark, decimals)
		}
		if micros < 0 || n.negative {
			t.Errorf("%q under %q is negative", text, mark)
		}
	}
}

var priceSeeds = []string{
	"", "0", "1", "00", "12.50", "12,50", ".5", ",5", "5.", ".", "-", "-1", "--1", "-0", "-0.00", "\u22121.5", "-\u22121", "\u2212", "+1",
	"999999999999.999999", "1000000000000", "000000000000012", "000000000000012.5", "1.1234567", "1.000", "1,000", "0.125", "1234.567", "1.234.567",
	"1e5", "1E+5", "0x10", "NaN", "Inf", "$1", "1 000", "1'000", "１２", "٣", "1_000", "-1,234", "-1.1234567", "-1e5", "9999999999999999999999", "1.5 ",
	"R$ 129,00", "1.234,50 €", "EUR 1,234.50", "12,34,567.89", "1 234 567,8 zł", "CHF 1’200.–", "12,- €", "1.200,--", "€ -5", "Rs.500", "12.50 USD/kg",
	"١٬٢٣٤٫٥٠ ر.س", "۱۲۳٫۴۵۶", "१,२३,४५६", "１，２３４円", "Rs. 1,250/-", "1 234:-", "2,99 €/Stück", "12/-", "1.234/-", "12.5/-",
}

func TestPrices(t *testing.T) {
	t.Parallel()
	for _, text := range priceSeeds {
		checkPrice(t, text)
	}
	const (
		missing   = atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING
		notNumber = atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
		negative  = atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE
		tooLarge  = atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE
		ambiguous = atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
		precise   = atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE
	)
	for _, test := range []struct {
		text     string
		mark     byte
		micros   int64
		currency string
		reason   atlantv1.RejectReason
	}{
		{"999999999999.999999", '.', 999_999_999_999_999_999, "", 0},
		{".5", '.', 500_000, "", 0},
		{"000000000000012", '.', 12_000_000, "", 0},
		{"1.234", '.', 1_234_000, "", 0},
		{"1.234", ',', 1_234_000_000, "", 0},
		{"1.234", noMark, 0, "", ambiguous},
		{"0.125", ',', 0, "", notNumber},
		{"1.234,50", ',', 1_234_500_000, "", 0},
		{"1.234,50", '.', 0, "", notNumber},
		{"1.234.567", ',', 1_234_567_000_000, "", 0},
		{"1.234.567", '.', 0, "", notNumber},
		{"1,234,567.8", '.', 1_234_567_800_000, "", 0},
		{"12,34,567.89", '.', 1_234_567_890_000, "", 0},
		{"12,34,56", '.', 0, "", notNumber},
		{"1.23.456", ',', 0, "", notNumber},
		{"1 234,5", ',', 1_234_500_000, "", 0},
		{"1\u00a0234,567", ',', 1_234_567_000, "", 0},
		{"1\u202f234\u2009567", noMark, 1_234_567_000_000, "", 0},
		{"1'234.50", '.', 1_234_500_000, "", 0},
		{"1’234’567", '.', 1_234_567_000_000, "", 0},
		{"1 23", '.', 0, "", notNumber},
		{"1234 567", '.', 0, "", notNumber},
		{"0 500", '.', 0, "", notNumber},
		{"1.234 567", '.', 0, "", notNumber},
		{"1 234'567", '.', 0, "", notNumber},
		{"1  234", '.', 0, "", notNumber},
		{"R$ 129,00", ',', 129_000_000, "BRL", 0},
		{"1.234,50 €", ',', 1_234_500_000, "EUR", 0},
		{"EUR1,234.50", '.', 1_234_500_000, "EUR", 0},
		{"12.50\u00a0usd", '.', 12_500_000, "USD", 0},
		{"99,90 zł", ',', 99_900_000, "PLN", 0},
		{"$12", '.', 12_000_000, dollars, 0},
		{"Rs.500", '.', 500_000_000, rupees, 0},
		{"€ 12 EUR", '.', 12_000_000, "EUR", 0},
		{"$19.99 USD", '.', 19_990_000, "USD", 0},
		{"CLP $ 12.990", ',', 12_990_000_000, "CLP", 0},
		{"$ 12 EUR", '.', 0, "", notNumber},
		{"€ 12 USD", '.', 0, "", notNumber},
		{"12 bananas", '.', 0, "", notNumber},
		{"12.50/kg", '.', 12_500_000, "", 0},
		{"2,99 €/Stk.", ',', 2_990_000, "EUR", 0},
		{"12.50/100 g", '.', 0, "", notNumber},
		{"12.50/13.50", '.', 0, "", notNumber},
		{"12.50/", '.', 0, "", notNumber},
		{"Rs. 499/-", noMark, 499_000_000, rupees, 0},
		{"1,250/-", '.', 1_250_000_000, "", 0},
		{"1,250/-", ',', 0, "", notNumber},
		{"12.5/-", '.', 0, "", notNumber},
		{"1 234:-", ',', 1_234_000_000, "", 0},
		{"12:50", ',', 0, "", notNumber},
		{"٤٥٫٥٠", '.', 45_500_000, "", 0},
		{"٤٥٫٥٠", ',', 0, "", notNumber},
		{"٤٥٫٥٠٠", '.', 45_500_000, "", 0},
		{"٤٥٫٥٠٠", ',', 0, "", notNumber},
		{"۱٬۲۵۰٬۰۰۰ ریال", noMark, 0, "", notNumber},
		{"۱٬۲۵۰٬۰۰۰", noMark, 1_250_000_000_000, "", 0},
		{"\u200f٥٫٢٥ ر.س\u200f", '.', 5_250_000, "SAR", 0},
		{"１，２３４．５円", '.', 1_234_500_000, "JPY", 0},
		{"१,२३,४५६", '.', 123_456_000_000, "", 0},
		{"٤٥،٥٠", '.', 0, "", notNumber},
		{"12²", '.', 0, "", notNumber},
		{"from 12.50", '.', 0, "", notNumber},
		{"12.50-13.50", '.', 0, "", notNumber},
		{"10%", '.', 0, "", notNumber},
		{"12,- €", ',', 12_000_000, "EUR", 0},
		{"CHF 1’200.–", '.', 1_200_000_000, "CHF", 0},
		{"1.200,--", ',', 1_200_000_000, "", 0},
		{"12,-", '.', 0, "", notNumber},
		{"12,50,-", ',', 0, "", notNumber},
		{"-12,50 €", ',', 0, "", negative},
		{"€ -5", '.', 0, "", negative},
		{"€-5", '.', 0, "", negative},
		{"-1.234", noMark, 0, "", negative},
		{"-1.234,5", '.', 0, "", notNumber},
		{"--5", '.', 0, "", notNumber},
		{"5-", '.', 0, "", notNumber},
		{"(5.00)", '.', 0, "", notNumber},
		{"€", '.', 0, "", notNumber},
		{"", '.', 0, "", missing},
		{"1,000,000,000,000", '.', 0, "", tooLarge},
		{"999,999,999,999.5", '.', 999_999_999_999_500_000, "", 0},
		{"1 234.1234567", '.', 0, "", precise},
	} {
		n, micros, reason := readPrice(test.text, test.mark)
		if micros != test.micros || reason != test.reason || reason == 0 && n.currency != test.currency {
			t.Errorf("%q under %q: %d %s %v, want %d %s %v", test.text, test.mark, micros, n.currency, reason, test.micros, test.currency, test.reason)
		}
	}
}

// TestPricesInAnyStyle writes prices as people do, and reads them back.
func TestPricesInAnyStyle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mark := rapid.SampledFrom([]string{".", ","}).Draw(t, "mark")
		group := rapid.SampledFrom([]string{"", ".", ",", " ", "\u00a0", "\u202f", "'", "’"}).
			Filter(func(s string) bool { return s != mark }).Draw(t, "group")
		cents := rapid.Int64Range(0, 99_999_999_999_999).Draw(t, "cents")
		text := fmt.Sprint(cents / 100)
		for i := len(text) - 3; i > 0; i -= 3 {
			text = text[:i] + group + text[i:]
		}
		text += mark + fmt.Sprintf("%02d", cents%100)
		symbol := rapid.SampledFrom([]string{"", "€", "EUR", "R$", "zł", "$"}).Draw(t, "symbol")
		space := rapid.SampledFrom([]string{"", " ", "\u00a0"}).Draw(t, "space")
		if symbol != "" && rapid.Bool().Draw(t, "before") {
			text = symbol + space + text
		} else if symbol != "" {
			text += space + symbol
		}
		n, micros, reason := readPrice(text, mark[0])
		if micros != cents*10_000 || reason != 0 || n.currency != currencies[symbol] {
			t.Fatalf("%q is read as %d %s, %v", text, micros, n.currency, reason)
		}
		if n.mark != mark[0] || !n.sure {
			t.Fatalf("%q says that the mark is %q", text, n.mark)
		}
	})
}

func FuzzPrice(f *testing.F) {
	for _, text := range priceSeeds {
		f.Add(text)
	}
	f.Fuzz(checkPrice)
}

// A name that is said to be in normal form is in it, whatever runes it is made of.
func TestNormalNames(t *testing.T) {
	t.Parallel()
	runes := rapid.OneOf(
		rapid.RuneFrom([]rune("ae \u0301\u0323\u0344\u1100\u1161\u11a8\u212b\u0958\u3099か\u00a0é\U0001d15f\U000110ba")),
		rapid.RuneFrom(nil, unicode.Cyrillic, unicode.Han, unicode.Hangul, unicode.Hebrew, unicode.Devanagari, unicode.Mn, unicode.Latin), rapid.Rune(),
	)
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringOf(runes).Draw(t, "name")
		name, err := events.NormalizeName(raw)
		if isNormal([]byte(raw)) && (err != nil || name != raw) {
			t.Fatalf("%+q is not in normal form: %+q, %v", raw, name, err)
		}
		if err == nil && !isNormal([]byte(name)) {
			t.Fatalf("%+q is in normal form", name)
		}
	})
}

// FuzzName compares the fast way to normalize a name with the one that defines it.
func FuzzName(f *testing.F) {
	for _, name := range []string{"", "a", " a", "a ", "a  b", "a b", "é", "e\u0301", "a\u00a0b", "a\u0085b", "a\x7f", "\xff", "a\tb", "молоко 1 л", strings.Repeat("x", 1025)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		want, err := events.NormalizeName(raw)
		rec := &record{
			raw: []byte(raw), fields: []field{{end: int32(len(raw))}},
			tidy: isPrintable([]byte(raw)) && !strings.Contains(raw, "  "),
		}
		reader := &rowReader{reading: &reading{columns: columns{names: []int{0}}}}
		got, reason := reader.name(rec)
		if got != want || reason != nameReason(err) || reason != reader.checkName(rec) {
			t.Errorf("%q: %q %v, want %q %v", raw, got, reason, want, err)
		}
	})
}
