package pricelist

import (
	"context"
	"fmt"
	"io"
)

// windowBytes is how much of a list is in memory at once: several of the longest records.
const windowBytes = 4 * maxRecordBytes

// window slides over a list.
type window struct {
	ctx  context.Context //nolint:containedctx // a window lives within one call of Open or Rows
	src  io.ReaderAt
	end  int64  // of the list
	base int64  // offset of buf[0] in the list
	buf  []byte // what is in memory; there are lookahead bytes behind it, which mean nothing
	pos  int    // of the next byte in buf
}

func newWindow(ctx context.Context, src io.ReaderAt, from, end int64) window {
	return window{ctx: ctx, src: src, base: from, end: end, buf: make([]byte, 0, min(windowBytes, max(end-from, 0))+lookahead)}
}

// offset returns where the next byte is in the list.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// atEnd reports whether the rest of the list is in memory.
func (w *window) atEnd() bool { return w.base+int64(len(w.buf)) >= w.end }

// rest returns the bytes in memory that are still to be read. It is valid until the next call of need.
func (w *window) rest() []byte { return w.buf[w.pos:] }

// need sees to it that rest holds n bytes, or all there are.
func (w *window) need(n int) error {
	if len(w.buf)-w.pos >= n || w.atEnd() {
		return nil
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	kept := copy(w.buf[:cap(w.buf)], w.buf[w.pos:])
	w.base += int64(w.pos)
	w.pos = 0
	more := min(int64(cap(w.buf)-lookahead-kept), w.end-w.base-int64(kept))
	w.buf = w.buf[:kept+int(more)]
	return readFull(w.src, w.buf[kept:], w.base+int64(kept))
}

// readFull fills buf from offset. A list shorter than it was said to be is an error: half a list is no list.
func readFull(src io.ReaderAt, buf []byte, offset int64) error {
	n, err := src.ReadAt(buf, offset)
	switch {
	case n == len(buf):
		return nil
	case err == nil || err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read the list at byte %d: %w", offset+int64(n), err)
}
