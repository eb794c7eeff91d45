package pricelist

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// sampleBytes is how much of a list is looked at to find out how it is separated.
const sampleBytes = 1 << 20

// sample is the start of a list, whole lines of it.
type sample struct {
	ctx  context.Context //nolint:containedctx // a sample lives within one call of Open
	text []byte
	at   place // where in the list it starts
	cut  bool  // the list goes on
}

func newSample(ctx context.Context, src io.ReaderAt, from place, end int64, newline byte) (*sample, error) {
	s := &sample{ctx: ctx, at: from, cut: end-from.offset > sampleBytes}
	s.text = make([]byte, min(end-from.offset, sampleBytes))
	if err := readFull(src, s.text, from.offset); err != nil {
		return nil, err
	}
	if i := bytes.LastIndexByte(s.text, newline); s.cut && i >= 0 {
		s.text = s.text[:i+1]
	}
	return s, nil
}

// each splits the sample. An *UnreadableError is not returned when it comes of the sample's end.
func (s *sample) each(f format, visit func(*record)) error {
	from := place{line: s.at.line}
	split := newSplitter(s.ctx, bytes.NewReader(s.text), from, int64(len(s.text)), f)
	for {
		rec, err := split.next()
		switch {
		case errors.Is(err, io.EOF), err != nil && s.cut && split.atEnd() && split.pos == len(split.buf) && isUnreadable(err):
			return nil
		case err != nil:
			return err
		}
		visit(rec)
	}
}

// shape is what the sample looks like when it is separated in one way.
type shape struct {
	format
	rows     int
	alike    int    // rows of the width that most have
	width    int    // without columns that are empty in all rows
	first    header // the header, or the first row
	preamble int    // records before it
	columns  columns
	inferred []string // which columns were told by what is in them, and how
	opening  int      // fields that start with a quote
	quoted   int      // fields that are in quotes
	faults   int      // rows with a quoted field that goes on behind its closing quote

	quotesWhy string // why quotes are text
	err       error  // why the columns can't be told
	broken    error  // why the sample can't be split to its end
	good      int    // rows of the right width with a price where there should be one
	doubtful  int    // rows that look good, but whose delimiter may be a decimal comma

	profiles     []columnProfile // of the columns, where they were told by what is in them
	rivals       []*shape        // what the sample looks like, separated in other ways
	isRemembered bool            // delimiter and columns are those of the list before

	quotesRemembered bool // so is what quotes are
}

// look finds out what the sample looks like, separated in one way.
func (s *sample) look(f format, o *atlantv1.CsvOptions) *shape {
	p := &shape{format: f}
	w, remarks := widths{}, widths{}
	var starts []header
	p.broken = s.each(f, func(rec *record) {
		isMarked := len(rec.raw) > 0 && rec.raw[0] == '#' // a remark, or a row: the columns will tell
		if len(starts) < maxPreamble && (!isMarked || len(rec.fields) > 1) {
			starts = append(starts, newHeader(rec))
		}
		switch {
		case rec.fault == atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG:
			return
		case isMarked:
			remarks.add(rec)
		default:
			p.rows++
			w.add(rec)
		}
		p.countQuotes(rec)
		if rec.fault == atlantv1.RejectReason_REJECT_REASON_QUOTE {
			p.faults++
		}
	})
	p.countRows(w, remarks)
	p.settleHeader(slices.DeleteFunc(starts, func(h header) bool { return h.isMarked() && !h.fits(p.width) }), o)
	p.rows -= p.preamble
	finder := newColumnFinder(o, p.first, p.width)
	if p.columns, p.err = finder.find(); p.err == nil && !p.columns.settled() {
		p.err = s.infer(p, finder)
	}
	return p
}

// countRows takes in how wide the rows are. Records that begin with # are rows if they are as wide as the others, or if there are
// no others.
func (p *shape) countRows(w, marked widths) {
	if len(w) == 0 {
		for _, t := range marked {
			p.rows += t.rows
		}
		w, marked = marked, nil
	}
	p.width, p.alike = w.most()
	for width, t := range marked {
		if width == p.width || width > p.width && t.filled <= p.width {
			p.rows, p.alike = p.rows+t.rows, p.alike+t.rows
		}
	}
}

func (p *shape) countQuotes(rec *record) {
	for i := range rec.fields {
		text := rec.raw[rec.fields[i].start:rec.fields[i].end]
		if len(text) == 0 || text[0] != quoteByte {
			continue
		}
		p.opening++
		if len(text) > 1 && text[len(text)-1] == quoteByte {
			p.quoted++
		}
	}
}

// widths counts rows by their number of columns.
type widths map[int]*widthTally

type widthTally struct {
	rows   int
	filled int // columns up to the last that is not empty in all these rows
}

func (w widths) add(rec *record) {
	n := len(rec.fields)
	t := w[n]
	if t == nil {
		t = &widthTally{}
		w[n] = t
	}
	t.rows++
	for i := n; i > t.filled; i-- {
		if len(rec.trimmed(i-1)) > 0 {
			t.filled = i
		}
	}
}

// most returns the width that most rows have, without columns that are always empty. Where two are as frequent it is the
// smaller, but for 1, which no list has.
func (w widths) most() (width, rows int) {
	n := 0
	for candidate, t := range w {
		if t.rows > rows || t.rows == rows && (n == 1 || candidate > 1 && candidate < n) {
			n, rows = candidate, t.rows
		}
	}
	if n <= 2 {
		return n, rows
	}
	return max(2, w[n].filled), rows
}
