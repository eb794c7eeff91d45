package fetch

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// maxRejects is how many rejects of a fetch are kept; all are counted.
const maxRejects = 10_000

// maxRowBytes bounds the rows that are kept with the rejects, for those of which Reject.raw is not all.
const maxRowBytes = 4 << 20

// reading is what a list says, found by reading all of it before anything is published.
type reading struct {
	text    *listtext.Text
	made    *textFile // that holds the text; nil if it is the list as it was downloaded
	list    *pricelist.List
	source  string
	sha256  []byte
	counts  atlantv1.FetchCounts
	rejects []*atlantv1.Reject

	rowBytes int // of the rejects' rows

	repeats repeats
	days    days // where a column gives dates
	sample  listSample

	remembered  *pricelist.Remembered // how the list was read before, if that was asked
	notRecalled bool                  // it was asked, and there was no answer
}

// maxRows bounds the rows of a list: the memory that finding repeated products takes grows with them, to 400 MB at this one.
const maxRows = 20_000_000

// errTooManyRows says that a list is too long.
var errTooManyRows = fmt.Errorf("the list has more than %d rows, the most that is taken", maxRows)

// errNothingReadable says that a list holds rows, but no price.
var errNothingReadable = errors.New("not one row of the list could be read")

// toRead is a list with all that tells how to read it.
type toRead struct {
	file    *os.File
	size    int64
	sha256  []byte
	hints   listtext.Hints // how it is packed and encoded
	options *atlantv1.CsvOptions
	source  string
	latest  events.Micros // no date in it may be later

	makeText func() (*textFile, error) // for the text, if that is not the list as it is
	recall   recall                    // how the list was read before; nil if nothing is known of that
}

// read reads a list to its end. With an error that says the list cannot be used comes what was found until then. The reading
// must be closed.
func read(ctx context.Context, l *toRead) (*reading, error) {
	r := &reading{source: l.source, sha256: l.sha256}
	r.counts.Bytes = l.size
	if err := r.open(ctx, l); err != nil {
		return r, err
	}
	r.list.RefuseAfter(l.latest)
	if err := r.count(ctx); err != nil {
		return r, err
	}
	if r.counts.GetAccepted() == 0 && r.counts.GetRejected() > 0 {
		first := r.rejects[0]
		return r, fmt.Errorf("%w: %d rows, the first on line %d: %s",
			errNothingReadable, r.counts.GetRowsRead(), first.GetLine(), first.GetMessage())
	}
	return r, nil
}

// hash returns the size and the SHA-256 of a file.
func hash(file *os.File) (int64, []byte, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, nil, spoolError{err}
	}
	sum := sha256.New()
	size, err := io.Copy(sum, bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return 0, nil, spoolError{err}
	}
	return size, sum.Sum(nil), nil
}

// count goes through the rows: once for the counts, and once more if some products repeat.
func (r *reading) count(ctx context.Context) error {
	err := r.list.Rows(ctx, func(row pricelist.Row) error {
		if r.counts.GetRowsRead() == maxRows {
			return errTooManyRows
		}
		r.counts.RowsRead++
		if row.Reject != nil {
			r.counts.Rejected++
			r.keep(row.Reject)
			return nil
		}
		id := r.observed(&row)
		r.repeats.note(id)
		r.sample.note(id, row.Price.Micros, row.ObservedAt)
		if r.list.IsDated() {
			return r.days.note(row.ObservedAt)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.repeats.forgetRows()
	if r.repeats.any() {
		if err := r.settle(ctx); err != nil {
			return err
		}
	}
	r.counts.Accepted = r.counts.GetRowsRead() - r.counts.GetRejected() - r.counts.GetDuplicates()
	return nil
}

// keep keeps a reject, and its row while there is room.
func (r *reading) keep(reject *atlantv1.Reject) {
	if len(r.rejects) == maxRejects {
		return
	}
	if r.rowBytes += len(reject.GetRow()); r.rowBytes > maxRowBytes {
		r.rowBytes, reject.Row = r.rowBytes-len(reject.GetRow()), nil
	}
	r.rejects = append(r.rejects, reject)
}

// settle finds which rows are replaced by later ones.
func (r *reading) settle(ctx context.Context) error {
	err := r.list.Rows(ctx, func(row pricelist.Row) error {
		if row.Reject == nil {
			r.repeats.settle(r.observed(&row), row.Line)
		}
		return nil
	})
	r.counts.Duplicates = r.repeats.rowsReplaced()
	return err
}

// observed identifies what a row observes: a product, and where a column gives dates, a product at a time.
func (r *reading) observed(row *pricelist.Row) events.ProductID {
	id := events.NewProductID(r.source, row.Name)
	if r.list.IsDated() {
		low := binary.BigEndian.Uint64(id[8:])
		binary.BigEndian.PutUint64(id[8:], low^uint64(row.ObservedAt))
	}
	return id
}

// observations calls visit for each row that becomes an observation, with its place: in the order of the list, or where a
// column gives dates, in theirs.
func (r *reading) observations(ctx context.Context, at events.Position, visit func(place int64, o *events.Observation) error) error {
	if r.list.IsDated() && !r.days.inOrder() {
		return r.observationsByDay(ctx, at, visit)
	}
	return r.list.Rows(ctx, func(row pricelist.Row) error {
		if o, ok := r.observation(&row, at); ok {
			return visit(row.Line, &o)
		}
		return nil
	})
}

// observation returns what a row observes; ok says that it does, and that no later row replaces it.
func (r *reading) observation(row *pricelist.Row, at events.Position) (o events.Observation, ok bool) {
	if row.Reject != nil || r.repeats.any() && r.repeats.replaced(r.observed(row), row.Line) {
		return o, false
	}
	if r.list.IsDated() {
		at.ObservedAt = row.ObservedAt
	}
	return events.Observation{Source: r.source, Name: row.Name, Price: row.Price, Position: at, Line: row.Line}, true
}

func (r *reading) parsed() *atlantv1.FetchParsed {
	return &atlantv1.FetchParsed{Counts: &r.counts, Dialect: r.dialect(), Sha256: r.sha256, Sample: r.sample.event()}
}

// dialect tells how the list is read, from its bytes on.
func (r *reading) dialect() *atlantv1.Dialect {
	d := r.list.Dialect()
	d.Encoding = r.text.Encoding
	d.Evidence = slices.Concat(r.text.Evidence, d.GetEvidence())
	if r.text.IsRemembered {
		d.RememberedFrom = r.remembered.Fetch
		d.Evidence = append(d.Evidence, "the list before is that of fetch "+r.remembered.Fetch)
	}
	if r.notRecalled {
		d.Evidence = append(d.Evidence, errNotRecalled.Error())
	}
	return d
}
