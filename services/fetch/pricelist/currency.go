package pricelist

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
)

// Signs of several currencies stand for none: a ? with the codes that they may mean.
const (
	dollars   = "?ARS AUD BBD BMD BND BRL BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SGD SRD TTD TWD USD UYU XCD"
	crowns    = "?CZK DKK ISK NOK SEK"
	roubles   = "?BYN RUB"
	leus      = "?MDL RON"
	rials     = "?IRR OMR QAR SAR YER"
	dirhams   = "?AED MAD"
	cfaFrancs = "?XAF XOF"
	yens      = "?CNY JPY"
	rupees    = "?INR LKR MUR NPR PKR SCR"
)

func isUnknown(currency string) bool { return currency != "" && currency[0] == '?' }

// sameCurrency returns what two notes of the currency of a price say together, as in $12.50 USD; ok says that they do not
// contradict each other.
func sameCurrency(a, b string) (currency string, ok bool) {
	switch {
	case a == "" || a == b:
		return b, true
	case b == "" || isUnknown(b) && strings.Contains(b, a):
		return a, true
	case isUnknown(a) && strings.Contains(a, b):
		return b, true
	}
	return "", false
}

// currencies maps what is written beside a price to ISO 4217 codes, or to what isUnknown. The codes are those of legal
// tender as CLDR has it.
var currencies = func() map[string]string {
	all := map[string]string{}
	for query := currency.Query(); query.Next(); {
		code := query.Unit().String()
		all[code], all[strings.ToLower(code)], all[code[:1]+strings.ToLower(code[1:])] = code, code, code
	}
	for code, symbols := range map[string]string{
		"AED": "د.إ د.إ. Dhs Dhs.", "AMD": "֏ դր. драм", "AUD": "A$ AU$", "AZN": "₼ manat", "BDT": "৳ Tk Tk.", "BGN": "лв лв.",
		"BRL": "R$", "CAD": "C$ CA$", "CHF": "SFr SFr. sFr. Fr. CHF.", "CNY": "元 RMB 人民币 CN¥", "CRC": "₡", "CZK": "Kč kč KČ Kč.",
		"DZD": "د.ج", "EGP": "ج.م ج.م. E£", "EUR": "€ euro Euro EURO euros Euros евро EUR. Eur.", "GBP": "£", "GEL": "₾", "GHS": "₵",
		"HKD": "HK$", "HUF": "Ft Ft.", "IDR": "Rp Rp. rp", "ILS": "₪ ש\"ח ש״ח", "INR": "₹ INR.", "IQD": "د.ع",
		"JOD": "د.أ", "JPY": "円 JP¥", "KES": "KSh Ksh KSh. Ksh.", "KGS": "сом", "KRW": "₩ 원", "KWD": "د.ك", "KZT": "₸ тг тг. тенге",
		"LBP": "ل.ل", "MAD": "د.م.", "MDL": "MDL.", "MKD": "ден ден.", "MNT": "₮", "MXN": "MX$", "MYR": "RM", "NGN": "₦", "NZD": "NZ$",
		"OMR": "ر.ع.", "PEN": "S/ S/.", "PHP": "₱ Php", "PLN": "zł zł. ZŁ zl", "PYG": "₲", "QAR": "ر.ق", "RON": "RON. ron.",
		"RSD": "дин дин. din. din", "RUB": "₽ рубль рублей", "SAR": "ر.س ر.س.", "SGD": "S$", "THB": "฿ บาท", "TND": "د.ت",
		"TRY": "₺ TL tl Tl TL.", "TWD": "NT$", "TZS": "TSh", "UAH": "₴ грн грн. Грн", "UGX": "USh", "USD": "US$ $US U$S US.$ долл долл.",
		"UZS": "сум сўм so'm soʻm", "VND": "₫ đ Đ VNĐ vnđ đồng",
		dollars: "$", crowns: "kr kr. Kr Kr.", roubles: "руб руб. Руб. РУБ р р. Р.", leus: "lei Lei LEI", rials: "ريال ﷼",
		dirhams: "DH DHs Dh", cfaFrancs: "FCFA CFA", yens: "¥ ￥", rupees: "Rs Rs. ₨ रु रु. රු",
	} {
		for symbol := range strings.FieldsSeq(symbols) {
			all[symbol] = code
		}
	}
	return all
}()

// scanCurrency reads what is written beside a number; ok says that it is a currency, twice perhaps (CLP $), or nothing.
func scanCurrency(text []byte) (code string, ok bool) {
	text = bytes.TrimSpace(text)
	if code = currencies[string(text)]; code != "" || len(text) == 0 {
		return code, true
	}
	first, second, found := bytes.Cut(text, []byte(" "))
	a, b := currencies[string(first)], currencies[string(second)]
	if !found || a == "" || b == "" {
		return "", false
	}
	return sameCurrency(a, b)
}

// headerCurrency returns the currency that a header cell names, or "": Price (GEL), Preis in EUR, Prix €. Words that happen to
// be codes are no currencies: ALL PRICES.
func headerCurrency(cell string) string {
	isBoundary := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()[]{},;:/_-", r) }
	words := strings.FieldsFunc(cell, isBoundary)
	for i, word := range words {
		code := currencies[word]
		switch {
		case code == "" || isUnknown(code):
		case word != code: // a symbol, or a code in small letters
			if !isASCIIWord(word) || enclosed(cell, word) {
				return code
			}
		case enclosed(cell, word), i > 0 && i == len(words)-1 && cell != strings.ToUpper(cell):
			return code
		}
	}
	return ""
}

func isASCIIWord(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 && strings.ContainsFunc(word, unicode.IsLetter)
}

// enclosed reports whether a word is in brackets, or behind a comma.
func enclosed(cell, word string) bool {
	before, after, _ := strings.Cut(cell, word)
	before, after = strings.TrimSpace(before), strings.TrimSpace(after)
	return strings.HasSuffix(before, ",") && after == "" ||
		strings.HasSuffix(before, "(") && strings.HasPrefix(after, ")") ||
		strings.HasSuffix(before, "[") && strings.HasPrefix(after, "]")
}

// currencyEvidence is what the prices of a list say about their currency.
type currencyEvidence struct {
	codes  map[string]*tally
	prices int64
}

func (e *currencyEvidence) add(line int64, code string) {
	e.prices++
	if code == "" || isUnknown(code) {
		return
	}
	if e.codes == nil {
		e.codes = map[string]*tally{}
	}
	if e.codes[code] == nil {
		e.codes[code] = &tally{line: line, text: code}
	}
	e.codes[code].count++
}

// settle returns the currency of prices that come without one: the header's, or the only one that others have.
func (e *currencyEvidence) settle(header string) (code, why string) {
	codes := slices.Sorted(maps.Keys(e.codes))
	switch {
	case header != "":
		return header, "the header gives the currency: " + header
	case len(codes) == 1:
		return codes[0], fmt.Sprintf("%d of %s are in %v", e.codes[codes[0]].count, plural(int(e.prices), "price"), codes[0])
	case len(codes) > 1:
		return "", "prices are in several currencies: " + strings.Join(codes, ", ")
	}
	return "", ""
}
