package pricelist

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	maxRawBytes     = 500 // of Reject.raw
	maxExcerptBytes = 60  // of text quoted in a message
)

// fault is why a row can't be read. It costs nothing until it is put into words.
type fault struct {
	reason atlantv1.RejectReason
	column int    // from 1, 0 for the row as a whole
	cell   []byte // the text at fault
}

// reject puts a fault into words.
func (h *reading) reject(rec *record, f fault) *atlantv1.Reject {
	text := bytes.TrimRight(rec.raw, "\r\n")
	r := &atlantv1.Reject{
		Line:       rec.line,
		ByteOffset: rec.offset,
		Column:     int32(f.column),
		Reason:     f.reason,
		Message:    h.message(rec, f),
		Raw:        cut(text, maxRawBytes),
	}
	if mayLack(r.GetRaw()) && f.reason != atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG {
		r.Row = bytes.Clone(text)
	}
	return r
}

// mayLack reports whether Reject.raw may lack something of the row: where it is not sure from the text alone that it is all there, so
// that whoever reads a reject without a row knows.
func mayLack(raw string) bool {
	return len(raw) > maxRawBytes-utf8.UTFMax || strings.ContainsRune(raw, utf8.RuneError)
}

// Whole returns a rejected row as it is in the list; ok says that all of it is known.
func Whole(r *atlantv1.Reject) (row []byte, ok bool) {
	if len(r.GetRow()) > 0 {
		return r.GetRow(), true
	}
	return []byte(r.GetRaw()), !mayLack(r.GetRaw())
}

func (h *reading) message(rec *record, f fault) string {
	switch f.reason {
	case atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG:
		return "the row is longer than 256 KiB"
	case atlantv1.RejectReason_REJECT_REASON_QUOTE:
		return "a quoted field goes on after its closing quote: " + excerpt(f.cell)
	case atlantv1.RejectReason_REJECT_REASON_COLUMN_COUNT:
		return fmt.Sprintf("the row has %s where the list has %d; an unquoted %q or a decimal comma could be the cause: %s",
			plural(len(rec.fields), "column"), h.width, h.delimiter, excerpt(rec.raw))
	case atlantv1.RejectReason_REJECT_REASON_ENCODING:
		return "the text is not valid in the encoding of the list: " + excerpt(f.cell)
	case atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER:
		return "the text holds a control character: " + excerpt(f.cell)
	case atlantv1.RejectReason_REJECT_REASON_CUT_OFF:
		return "the list seems to be cut off: its last row has no line end, and fewer decimals than all others: " + excerpt(f.cell)
	case atlantv1.RejectReason_REJECT_REASON_NAME_MISSING:
		return "there is no name"
	case atlantv1.RejectReason_REJECT_REASON_NAME_TOO_LONG:
		return "the name is longer than 1024 bytes: " + excerpt(f.cell)
	case atlantv1.RejectReason_REJECT_REASON_DATE:
		return h.dateMessage(f.cell)
	default:
		return h.priceMessage(f)
	}
}

func (h *reading) dateMessage(cell []byte) string {
	d, ok := scanDate(cell)
	text := excerpt(cell)
	switch {
	case !ok:
		return "this is no date that is known, as 2026-04-20 or 20.04.2026 are: " + text
	case !d.yearFirst && d.order == anyOrder && h.dateOrder == anyOrder:
		return "nothing says which of the first two is the day; csv.date_order would settle it: " + text
	case !d.yearFirst && d.order != anyOrder && h.dateOrder != d.order:
		return "day and month are not in the order of the other dates: " + text
	}
	return "the date lies in the future, before 1970, or does not exist: " + text
}

func (h *reading) priceMessage(f fault) string {
	text := excerpt(f.cell)
	switch f.reason {
	case atlantv1.RejectReason_REJECT_REASON_PRICE_MISSING:
		return "there is no price"
	case atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE:
		return "the price is negative: " + text
	case atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_LARGE:
		return "the price has more than 12 integer digits: " + text
	case atlantv1.RejectReason_REJECT_REASON_PRICE_TOO_PRECISE:
		return "the price has more than 6 decimals: " + text
	case atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS:
		return ambiguity(f.cell)
	case atlantv1.RejectReason_REJECT_REASON_CURRENCY:
		return fmt.Sprintf("the price is not in %s, which csv.currency_code gives for all: %s", h.currency, text)
	default:
		return "the price is not a plain number: " + text + h.hint(f.cell)
	}
}

// ambiguity shows both ways to read a price like 1.234.
func ambiguity(cell []byte) string {
	if n, _ := scanNumber(cell); n.sure {
		return "as many prices of the list have a decimal point as a decimal comma; csv.decimal_mark would settle how to read " +
			excerpt(cell)
	}
	i := max(bytes.IndexAny(cell, ".,"), 0)
	whole, decimals := cell[:i], cell[min(i+1, len(cell)):]
	return fmt.Sprintf("the price %s could be %s%s or %s.%s; csv.decimal_mark would settle it",
		excerpt(cell), whole, decimals, whole, decimals)
}

// hint says what would have to be different about a price that is almost a number.
func (h *reading) hint(cell []byte) string {
	text := strings.ToLower(string(cell))
	letters := strings.Trim(text, "0123456789.,+-")
	switch n, _ := scanNumber(cell); {
	case n.mark != noMark:
		return fmt.Sprintf(" (the decimal mark of the list is %q)", h.mark.mark)
	case letters == "e" && isDigit(text[0]):
		return " (exponents are not read)"
	case strings.HasPrefix(text, "+"):
		return " (a leading + is not read)"
	case letters == "" && strings.HasSuffix(text, "."), letters == "" && strings.HasSuffix(text, ","):
		return " (there are no decimals after the decimal mark)"
	case strings.Trim(text, "0123456789.,' \u00A0\u2009\u202F\u2019") == "" && strings.ContainsAny(text, "0123456789"):
		return " (thousands are groups of three digits)"
	}
	return ""
}

// excerpt quotes a piece of a list in a message.
func excerpt(text []byte) string {
	short := cut(text, maxExcerptBytes)
	if len(short) < len(text) && len(text) > maxExcerptBytes {
		short += "…"
	}
	return strconv.Quote(short)
}

// cut returns the start of a text as valid UTF-8 of at most n bytes.
func cut(text []byte, n int) string {
	// Some bytes more, lest a character at the cut look broken.
	short := strings.ToValidUTF8(string(text[:min(len(text), n+utf8.UTFMax)]), "\uFFFD")
	if len(short) <= n {
		return short
	}
	for n > 0 && !utf8.RuneStart(short[n]) {
		n--
	}
	return short[:n]
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
