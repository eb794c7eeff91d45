package pricelist

import (
	"bytes"
	"context"
	"fmt"
	"io"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// skipLines returns the place n physical lines further on, or the end of the list.
func skipLines(ctx context.Context, src io.ReaderAt, from place, end int64, newline byte, n int32) (place, error) {
	w := newWindow(ctx, src, from.offset, end)
	for line := int64(n); line > 0; {
		if err := w.need(1); err != nil {
			return place{}, err
		}
		i := bytes.IndexByte(w.rest(), newline)
		switch {
		case i >= 0:
			w.pos += i + 1
			from.line++
			line--
		case w.atEnd():
			return place{offset: end, line: from.line}, nil
		default:
			w.pos = len(w.buf)
		}
	}
	return place{offset: w.offset(), line: from.line}, nil
}

func afterSkipped(o *atlantv1.CsvOptions) string {
	if n := o.GetSkipLines(); n > 0 {
		return fmt.Sprintf(" after the %s that csv.skip_lines passes over", plural(int(n), "line"))
	}
	return ""
}
