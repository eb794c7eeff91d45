package pricelist

import (
	"context"
	"errors"
	"io"
)

// records reads the records of a list but the header and remarks.
type records struct {
	*splitter
	reading *reading
	ctx     context.Context //nolint:containedctx // records live within one call of Open or Rows
	n       int             // how many were read
}

func (l *List) records(ctx context.Context) *records {
	return &records{splitter: newSplitter(ctx, l.src, l.from, l.size, l.reading.format), reading: &l.reading, ctx: ctx}
}

// next returns the next record, io.EOF after the last.
func (r *records) next() (*record, error) {
	const untilCheck = 256 // records; a visitor may be slow
	for {
		if r.n%untilCheck == 0 && r.ctx.Err() != nil {
			return nil, r.ctx.Err()
		}
		rec, err := r.splitter.next()
		if err != nil {
			return nil, err
		}
		r.n++
		if r.n == 1 && r.reading.header || rec.raw[0] == '#' && r.reading.isComment(rec) {
			continue
		}
		return rec, nil
	}
}

// unlessEnd returns the error, but nil if it only says that there are no more records.
func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
