package pricelist

import (
	"bytes"
	"context"
	"slices"
	"strings"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// HeaderTexts returns the texts of the header that a dialect tells, one a column; nil if it tells none.
func HeaderTexts(ctx context.Context, d *atlantv1.Dialect) []string {
	header := d.GetHeader()
	if header == "" || d.GetDelimiter() == "" {
		return nil
	}
	f := format{delimiter: d.GetDelimiter()[0], quotes: d.GetQuote() != "none", newline: '\n'}
	if !strings.Contains(header, "\n") && strings.Contains(header, "\r") { // as in lists without a line feed
		f.newline = '\r'
	}
	rec, err := newSplitter(ctx, bytes.NewReader([]byte(header)), place{line: 1}, int64(len(header)), f).next()
	if err != nil {
		return nil // it is no header that was read by this program
	}
	return rec.cells()
}

// TextOfColumn returns the text by which options can name a column, counted from 1: that of its header, if no other one has the same
// and it cannot be taken for a number.
func TextOfColumn(texts []string, column int) (text string, ok bool) {
	if column < 1 || column > len(texts) {
		return "", false
	}
	ref := newColumnRef(texts[column-1])
	h := header{cells: texts}
	for _, cell := range texts {
		h.keys = append(h.keys, headerKey(cell))
	}
	return ref.text, ref.text != "" && !ref.isNumber && slices.Equal(h.find(ref.text), []int{column - 1})
}
