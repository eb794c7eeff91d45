package pricelist

import (
	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Row is one row of a list. It is small enough to be passed by value, which keeps it off the heap.
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

	number number // the last price
	dates  dates
	chunk  nameChunk
}

// row understands a record.
func (h *rowReader) row(rec *record) Row {
	row := Row{Line: rec.line, ByteOffset: rec.offset}
	f := h.look(rec)
	if f.reason == 0 {
		raw := h.rawName(rec)
		row.Name, f.reason = h.chunk.normal(raw)
		f.column, f.cell = h.names[0]+1, raw
	}
	if f.reason == 0 {
		cell := rec.trimmed(h.price)
		row.Price, f.reason = h.parsePrice(rec, cell)
		if f.column, f.cell = h.price+1, cell; h.splitPrices && f.reason == 0 && h.splitsPrice(rec) {
			f.reason = atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
		}
	}
	if f.reason == 0 && h.totalsFrom > 0 && rec.line >= h.totalsFrom {
		f = fault{atlantv1.RejectReason_REJECT_REASON_NAME_MISSING, h.names[0] + 1, h.rawName(rec)}
	}
	if f.reason == 0 && h.date >= 0 {
		cell := rec.trimmed(h.date)
		at, ok := h.dates.read(cell)
		if row.ObservedAt = at; !ok {
			f = fault{atlantv1.RejectReason_REJECT_REASON_DATE, h.date + 1, cell}
		}
	}
	if f.reason != 0 {
		return Row{Line: rec.line, ByteOffset: rec.offset, Reject: h.reject(rec, f)}
	}
	return row
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
