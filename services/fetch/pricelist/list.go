package pricelist

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// List is a price list, of which it is settled how to read it.
type List struct {
	src      io.ReaderAt
	size     int64
	from     place // of the first record
	reading  reading
	evidence []string

	decisions  decisions
	header     string      // as it is in the list
	remembered *Remembered // what the list before this one can tell about it; nil if nothing
	recalled   bool        // whether something of that was needed
	open       []string    // options that would settle what rows are rejected for
}

// Open settles how a list is to be read. It reads it once from start to end, in bounded memory, because the last price may
// be the only one that tells the decimal mark. What the list leaves open is settled as it was in the list that is remembered, nil
// if there is none. Its errors are *UnreadableError, ctx's and src's.
func Open(
	ctx context.Context, src io.ReaderAt, size int64, options *atlantv1.CsvOptions, remembered *Remembered,
) (*List, error) {
	if err := checkOptions(options); err != nil {
		return nil, err
	}
	head, err := sniff(src, size)
	if err != nil {
		return nil, err
	}
	l := &List{src: src, size: size, remembered: remembered}
	good, err := l.settle(ctx, head, options)
	if head.doubt != nil && good == 0 && (err == nil || isUnreadable(err)) {
		return nil, head.doubt
	}
	if err != nil {
		return nil, err
	}
	if good > 0 { // else each row is rejected, which says more
		if err := l.checkConfidence(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// checkConfidence refuses a list of which something is not certain enough.
func (l *List) checkConfidence() error {
	weakest, confidence := l.decisions.weakest(int(l.remembered.dialect().GetConfidence()))
	if confidence >= minConfidence {
		return nil
	}
	return weakest.refuse(confidence)
}

// checkOptions refuses what the API would not let through.
func checkOptions(o *atlantv1.CsvOptions) error {
	for _, option := range []struct {
		name, value string
		known       []string
	}{
		{"csv.delimiter", o.GetDelimiter(), []string{";", ",", "|", "\t"}},
		{"csv.decimal_mark", o.GetDecimalMark(), []string{".", ","}},
		{"csv.quote", o.GetQuote(), []string{`"`, "none"}},
	} {
		if option.value != "" && !slices.Contains(option.known, option.value) {
			return unreadable("%s = %q is not known; it can be one of %q", option.name, option.value, option.known)
		}
	}
	return nil
}

// settle finds out everything there is to know of a list. It returns the number of good rows.
func (l *List) settle(ctx context.Context, head sniffed, o *atlantv1.CsvOptions) (good int64, err error) {
	start := place{offset: head.start, line: 1}
	if l.from, err = skipLines(ctx, l.src, start, l.size, head.newline, o.GetSkipLines()); err != nil {
		return 0, err
	}
	given := o.GetDelimiter() != ""
	if o, err = l.cutSepLine(head.newline, o); err != nil {
		return 0, err
	}
	s, err := newSample(ctx, l.src, l.from, l.size, head.newline)
	if err != nil {
		return 0, err
	}
	if !s.cut && len(bytes.TrimSpace(s.text)) == 0 {
		return 0, unreadable("the list is empty%s", afterSkipped(o))
	}
	p, err := l.settleShape(s, head.newline, o)
	if isUnreadable(err) {
		return 0, cmp.Or(s.aligned(head.newline), err)
	}
	if err != nil {
		return 0, err
	}
	l.recalled = p.isRemembered || p.quotesRemembered
	if l.decisions = p.decisions(o); !l.remembered.isOf(&p.columns, &p.first, p.delimiter) {
		l.remembered = nil
	}
	l.from = place{offset: l.from.offset + p.first.at.offset, line: p.first.at.line}
	if given || o.GetDelimiter() == "" { // else a line of the list told it
		l.explain(p.evidence(given))
	}
	return l.weigh(ctx, o, l.take(s, p, o))
}

// settleShape finds out how the sample is separated and which columns count.
func (l *List) settleShape(s *sample, newline byte, o *atlantv1.CsvOptions) (*shape, error) {
	p, err := settleFormat(s, newline, o, l.remembered)
	if err == nil && p.quotesRemembered && !l.remembered.isOf(&p.columns, &p.first, p.delimiter) {
		p, err = settleFormat(s, newline, o, nil)
	}
	if err == nil && p.err != nil {
		err = cmp.Or(p.broken, p.err)
	}
	return p, err
}

// take takes in what was settled about the sample. It returns the currency that the header tells.
func (l *List) take(s *sample, p *shape, o *atlantv1.CsvOptions) (inHeader string) {
	l.reading = reading{format: p.format, columns: p.columns, currency: o.GetCurrencyCode(), oneCurrency: o.GetCurrencyCode() != ""}
	l.explain(p.headerEvidence())
	l.evidence = append(l.evidence, p.inferred...)
	l.explain(p.quotesWhy)
	if !l.IsDated() {
		l.explain(s.repeats(p))
	}
	if p.columns.header {
		l.header = p.first.raw
		inHeader = headerCurrency(p.first.cells[p.columns.price])
		l.reading.thousands = headerThousands(p.first.cells[p.columns.price])
	}
	l.reading.thousands += thousandsMarks[cmp.Or(l.reading.currency, inHeader)]
	return inHeader
}

// weigh reads the list to its end for evidence of the decimal mark, the currency, of which the header may tell one, and the dates.
func (l *List) weigh(ctx context.Context, o *atlantv1.CsvOptions, inHeader string) (good int64, err error) {
	w, err := l.weighRows(ctx)
	if err == nil && !w.ragged.areShortRead() { // then they prove nothing
		l.reading.least = l.reading.width
		ragged := w.ragged
		w, err = l.weighRows(ctx)
		w.ragged = ragged
	}
	if err != nil {
		return w.good, err
	}
	if w.rows == 0 {
		return 0, unreadable("the list has a header but no rows")
	}
	if w.ragged.long.count == w.rows && l.reading.header {
		return 0, w.ragged.allLong(l.from.line)
	}
	l.settleMark(&w.marks, o.GetDecimalMark())
	l.settleDates(&w.dates, o.GetDateOrder())
	l.reading.cutLine = w.ending.cutLine()
	if l.reading.currencyAt >= 0 {
		l.explain(fmt.Sprintf("column %d gives the currency of each price", l.reading.currencyAt+1))
	}
	var why string
	if l.reading.currency == "" {
		l.reading.currency, why = w.currencies.settle(inHeader)
		l.explain(why)
	}
	l.reading.splitPrices = w.ragged.split.count > 0
	l.explain(w.ragged.why())
	l.reading.totalsFrom = w.totals.from()
	return w.good, nil
}

// explain adds a sentence to the evidence, if there is one.
func (l *List) explain(why string) {
	if why != "" {
		l.evidence = append(l.evidence, why)
	}
}

// settleMark settles the decimal mark.
func (l *List) settleMark(e *markEvidence, given string) {
	mark := e.settle(given, l.rememberedFor(l.reading.price, l.remembered.dialect().GetPriceColumn()))
	l.reading.mark = mark
	l.evidence = append(l.evidence, mark.why)
	l.decisions = append(l.decisions, e.decision(&mark, given)...)
	l.recalled = l.recalled || mark.isRemembered
	if mark.isOpen {
		l.open = append(l.open, MarkOption)
	}
}

// settleDates settles the order of day and month, if a column gives dates.
func (l *List) settleDates(e *dateEvidence, given string) {
	if l.reading.date < 0 {
		return
	}
	order, why := e.settle(given)
	isOpen, isRemembered := order == anyOrder && e.unclear.count > 0, false
	if isOpen {
		m := l.rememberedFor(l.reading.date, l.remembered.dialect().GetObservedAtColumn())
		if remembered, as := m.fillOrder(); remembered != anyOrder {
			order, why, isOpen, isRemembered = remembered, as, false, true
		}
	}
	l.reading.dateOrder = order
	l.decisions = append(l.decisions, e.decision(order, given, isRemembered)...)
	l.recalled = l.recalled || isRemembered
	if why != "" {
		l.evidence = append(l.evidence, why)
	}
	if isOpen {
		l.open = append(l.open, OrderOption)
	}
}

// rememberedFor returns what is remembered, if it is of the same column: that one counts from 0, the other from 1.
func (l *List) rememberedFor(column int, before int32) *Remembered {
	if l.remembered == nil || int(before) != column+1 {
		return nil
	}
	return l.remembered
}

// Open returns the options that would settle what the list leaves open; the rows it is about are rejected.
func (l *List) Open() []string { return slices.Clone(l.open) }

// IsRemembered reports whether something is read as it was in the list that is remembered.
func (l *List) IsRemembered() bool { return l.recalled }

// IsDated reports whether a column says when prices held.
func (l *List) IsDated() bool { return l.reading.date >= 0 }

// RefuseAfter has rows rejected whose date is later.
func (l *List) RefuseAfter(latest events.Micros) { l.reading.latest = latest }

// Rows reads the list from its start and calls visit for each row in order, until visit returns an error, which is returned
// as it is. A row is valid until visit returns; its name and its reject can be kept. The other errors are ctx's and those of
// the list's reader.
func (l *List) Rows(ctx context.Context, visit func(*Row) error) error {
	records := l.records(ctx)
	reader := rowReader{reading: &l.reading, dates: dates{order: l.reading.dateOrder, latest: l.reading.latest}}
	for {
		rec, err := records.next()
		if err != nil {
			return unlessEnd(err)
		}
		if err := visit(reader.read(rec)); err != nil {
			return err
		}
	}
}

// Dialect tells how the list is read, and why.
func (l *List) Dialect() *atlantv1.Dialect {
	d := &atlantv1.Dialect{
		Delimiter:    string(l.reading.delimiter),
		Quote:        string(quoteByte),
		HasHeader:    l.reading.header,
		PriceColumn:  int32(l.reading.price + 1),
		CurrencyCode: l.reading.currency,

		ObservedAtColumn: int32(l.reading.date + 1),
		DateOrder:        string(l.reading.dateOrder),
		Evidence:         slices.Clone(l.evidence),
		Alternatives:     l.decisions.alternatives(),
		Columns:          int32(l.reading.width),
		Header:           l.header,
		Open:             slices.Clone(l.open),
	}
	_, confidence := l.decisions.weakest(int(l.remembered.dialect().GetConfidence()))
	d.Confidence = int32(confidence)
	if l.recalled {
		d.RememberedFrom = l.remembered.Fetch
	}
	if mark := l.reading.mark.thousands; mark != noMark {
		d.ThousandsMark = string(mark)
	}
	if !l.reading.quotes {
		d.Quote = "none"
	}
	if mark := l.reading.mark.mark; mark != noMark {
		d.DecimalMark = string(mark)
	}
	for _, i := range l.reading.names {
		d.NameColumns = append(d.NameColumns, int32(i+1))
	}
	return d
}
