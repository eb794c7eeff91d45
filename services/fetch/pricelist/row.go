package pricelist

import (
	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Row is one row of a list.
type Row struct {
	Line, ByteOffset int64            // where it starts: from 1, from 0
	Name             string           // in normal form
	Price            events.Price     // exact
	ObservedAt       events.Micros    // when the price held, if a column says so, else 0
	Reject           *atlantv1.Reject // nil: Name and Price are good; else they are not set
}

// reading is how the rows of a list are read.
type reading struct {
	format
	columns
	mark     decimalMark
	cutLine  int64  // of the last row, if the list seems to be cut off within its price; else 0
	currency string // of prices that come without one

	thousands string // marks that separate thousands by the list's currency or language

	totalsFrom int64 // the line from which on rows are the sums of the list; 0 if there are none

	dateOrder   dateOrder
	latest      events.Micros // no date may be later; 0 for no bound
	splitPrices bool          // rows that are too long show that decimal commas split prices
	oneCurrency bool          // csv.currency_code gives the currency of all prices
}

// rowReader reads rows one after the other.
type rowReader struct {
	*reading

	last   Row
	fault  fault  // of the last row, if it has one
	number number // the last price
	dates  dates
	chunk  nameChunk
}

// read understands a record. The row is valid until the next one is read: moving rows about costs more than some of what is
// done for them.
func (h *rowReader) read(rec *record) *Row {
	row := &h.last
	row.Line, row.ByteOffset, row.Reject = rec.line, rec.offset, nil
	if !h.understand(rec, row) {
		*row = Row{Line: rec.line, ByteOffset: rec.offset, Reject: h.reject(rec, h.fault)}
	}
	return row
}

// understand fills in a row, or notes the fault.
func (h *rowReader) understand(rec *record, row *Row) bool {
	if rec.suspect || rec.fault != 0 || len(rec.fields) != h.width {
		if h.fault = h.look(rec); h.fault.reason != 0 {
			return false
		}
	}
	var reason atlantv1.RejectReason
	if row.Name, reason = h.name(rec); reason != 0 {
		h.fault = fault{reason, h.names[0] + 1, h.rawName(rec)}
		return false
	}
	if reason = h.readPrice(rec, row); reason != 0 {
		h.fault = fault{reason, h.price + 1, rec.trimmed(h.price)}
		return false
	}
	if h.totalsFrom > 0 && rec.line >= h.totalsFrom {
		h.fault = fault{atlantv1.RejectReason_REJECT_REASON_NAME_MISSING, h.names[0] + 1, h.rawName(rec)}
		return false
	}
	if h.date >= 0 {
		cell := rec.trimmed(h.date)
		var ok bool
		if row.ObservedAt, ok = h.dates.read(cell); !ok {
			h.fault = fault{atlantv1.RejectReason_REJECT_REASON_DATE, h.date + 1, cell}
			return false
		}
	}
	return true
}

// readPrice reads the price of a row into it.
func (h *rowReader) readPrice(rec *record, row *Row) (reason atlantv1.RejectReason) {
	micros, ok := readPlain(rec.value(h.price), h.mark.mark)
	row.Price = events.Price{Micros: micros, Currency: h.currency}
	if !ok || h.currencyAt >= 0 || rec.line == h.cutLine {
		row.Price, reason = h.parsePrice(rec, rec.trimmed(h.price))
	}
	if reason == 0 && h.splitPrices && h.splitsPrice(rec) {
		reason = atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
	}
	return reason
}

// parsePrice reads the price of a row, in the light of what the whole list says.
func (h *rowReader) parsePrice(rec *record, cell []byte) (events.Price, atlantv1.RejectReason) {
	n := &h.number
	if reason := n.scan(cell); reason != 0 {
		return events.Price{}, reason
	}
	micros, reason := h.mark.read(n)
	if reason != 0 {
		return events.Price{}, reason
	}
	price := events.Price{Micros: micros, Currency: h.currency}
	switch code := h.currencyOf(rec, n); {
	case rec.line == h.cutLine:
		return events.Price{}, atlantv1.RejectReason_REJECT_REASON_CUT_OFF
	case code == "" || isUnknown(code) || code == h.currency:
	case h.oneCurrency:
		return events.Price{}, atlantv1.RejectReason_REJECT_REASON_CURRENCY
	default:
		price.Currency = code
	}
	return price, 0
}

// currencyOf returns the currency of a price: the one beside it, or else what a column for it says; "" if neither does.
func (h *reading) currencyOf(rec *record, n *number) string {
	if h.currencyAt < 0 || n.currency != "" && !isUnknown(n.currency) || h.currencyAt >= len(rec.fields) {
		return n.currency
	}
	return currencies[string(rec.trimmed(h.currencyAt))]
}

// look finds faults that are neither the name's nor the price's.
func (h *reading) look(rec *record) fault {
	if rec.fault == atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG {
		return fault{reason: rec.fault}
	}
	if reason, column := rec.badText(); column > 0 {
		return fault{reason, column, rec.value(column - 1)}
	}
	if rec.fault != 0 {
		return fault{rec.fault, rec.column, rec.value(rec.column - 1)}
	}
	if !h.fits(rec) {
		return fault{reason: atlantv1.RejectReason_REJECT_REASON_COLUMN_COUNT}
	}
	return fault{}
}
