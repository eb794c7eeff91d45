package pricelist

import (
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

var (
	numberPattern = regexp.MustCompile(`^([0-9]*)(?:([.,])([0-9]+))?$`)
	surePattern   = regexp.MustCompile(`^(0?|[0-9]{4,})[.,]|[.,]([0-9]{1,2}|[0-9]{4,})$`)
)

// oraclePrice is parsePrice once more, slow and in other words.
func oraclePrice(text string, mark byte) (string, atlantv1.RejectReason) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "-"), "\u2212")
	if len(digits) < len(text) && text != "-\u2212"+digits {
		amount, reason := oraclePrice(digits, mark)
		switch {
		case strings.HasPrefix(digits, "-"), strings.HasPrefix(digits, "\u2212"), reason == atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING:
			return "", atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
		case amount != "", reason == atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS:
			return "", atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE
		}
		return "", reason
	}
	if text == "" {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING
	}
	m := numberPattern.FindStringSubmatch(text)
	if m == nil || m[2] != "" && mark != noMark && m[2][0] != mark {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	}
	if len(strings.TrimLeft(m[1], "0")) > 12 {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE
	}
	if len(m[3]) > 6 {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE
	}
	if m[2] != "" && mark == noMark {
		return "", atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
	}
	amount, _ := new(big.Int).SetString("0"+m[1]+m[3]+strings.Repeat("0", 6-len(m[3])), 10)
	return amount.String(), 0
}

func checkPrice(t *testing.T, text string) {
	t.Helper()
	for _, mark := range []byte{noMark, '.', ','} {
		want, wantReason := oraclePrice(text, mark)
		micros, reason := parsePrice([]byte(text), mark)
		got := ""
		if reason == 0 {
			got = big.NewInt(micros).String()
		}
		if got != want || reason != wantReason {
			t.Errorf("%q under %q: %s %v, want %s %v", text, mark, got, reason, want, wantReason)
		}
	}
	if n, reason := scanNumber([]byte(text)); reason == 0 && n.mark != noMark && n.sure != surePattern.MatchString(text) {
		t.Errorf("%q: sure is %v", text, n.sure)
	}
}

var priceSeeds = []string{
	"", "0", "1", "00", "12.50", "12,50", ".5", ",5", "5.", ".", "-", "-1", "--1", "-0", "-0.00", "\u22121.5", "-\u22121", "\u2212", "+1",
	"999999999999.999999", "1000000000000", "000000000000012", "000000000000012.5", "1.1234567", "1.000", "1,000", "0.125", "1234.567", "1.234.567",
	"1e5", "1E+5", "0x10", "NaN", "Inf", "$1", "1 000", "1'000", "１２", "٣", "1_000", "-1,234", "-1.1234567", "-1e5", "9999999999999999999999", "1.5 ",
}

func TestPrices(t *testing.T) {
	t.Parallel()
	for _, text := range priceSeeds {
		checkPrice(t, text)
	}
	for text, want := range map[string]int64{"999999999999.999999": 999_999_999_999_999_999, ".5": 500_000, "000000000000012": 12_000_000, "1.234": 1_234_000} {
		if got, reason := parsePrice([]byte(text), '.'); got != want || reason != 0 {
			t.Error(text, got, reason)
		}
	}
}

func FuzzPrice(f *testing.F) {
	for _, text := range priceSeeds {
		f.Add(text)
	}
	f.Fuzz(checkPrice)
}

// FuzzName compares the fast way to normalize a name with the one that defines it.
func FuzzName(f *testing.F) {
	for _, name := range []string{"", "a", " a", "a ", "a  b", "a b", "é", "e\u0301", "a\u00a0b", "a\u0085b", "a\x7f", "\xff", "a\tb", "молоко 1 л", strings.Repeat("x", 1025)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		want, err := events.NormalizeName(raw)
		got, reason := normalName([]byte(raw))
		if got != want || reason != nameReason(err) || reason != checkName([]byte(raw)) {
			t.Errorf("%q: %q %v, want %q %v", raw, got, reason, want, err)
		}
	})
}
