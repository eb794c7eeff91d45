package pricelist

import "context"

// weighing is what all rows of a list say about how to read it.
type weighing struct {
	rows, good int64
	marks      markEvidence
	currencies currencyEvidence
	ending     endEvidence
	dates      dateEvidence
	ragged     raggedEvidence
	totals     totals
}

// weighRows reads the list to its end.
func (l *List) weighRows(ctx context.Context) (*weighing, error) {
	w := &weighing{}
	var n number
	for records := l.records(ctx); ; {
		rec, err := records.next()
		if err != nil {
			return w, unlessEnd(err)
		}
		w.rows++
		w.ragged.add(rec, &l.reading)
		if l.reading.look(rec).reason != 0 || l.reading.checkName(rec) != 0 {
			continue
		}
		cell := rec.trimmed(l.reading.price)
		if n.scan(cell) != 0 {
			continue
		}
		w.good++
		w.marks.add(rec.line, cell, &n, &l.reading)
		w.totals.add(rec.line, l.reading.rawName(rec))
		w.currencies.add(rec.line, l.reading.currencyOf(rec, &n))
		if l.reading.date >= 0 {
			w.dates.add(rec.line, rec.trimmed(l.reading.date))
		}
		w.ending.add(rec.line, n.decimals, rec.offset+int64(len(rec.raw)) == l.size)
	}
}
