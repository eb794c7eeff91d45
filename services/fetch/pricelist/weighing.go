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
	err := l.records(ctx, func(rec *record) error {
		w.rows++
		w.ragged.add(rec, &l.reading)
		if l.reading.look(rec).reason != 0 {
			return nil
		}
		name := l.reading.rawName(rec)
		if checkName(name) != 0 {
			return nil
		}
		cell := rec.trimmed(l.reading.price)
		if n.scan(cell) != 0 {
			return nil
		}
		w.good++
		w.marks.add(rec.line, cell, &n, &l.reading)
		w.totals.add(rec.line, name)
		w.currencies.add(rec.line, l.reading.currencyOf(rec, &n))
		if l.reading.date >= 0 {
			w.dates.add(rec.line, rec.trimmed(l.reading.date))
		}
		w.ending.add(rec.line, n.decimals, rec.offset+int64(len(rec.raw)) == l.size)
		return nil
	})
	return w, err
}
