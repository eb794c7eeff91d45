package listtext

import (
	"context"
	"errors"
	"io"
)

// Hints are what is known of a list besides its bytes.
type Hints struct {
	Settled     string // the encoding in which it was read before, and must be again
	Encoding    string // what the request says it is in
	ContentType string // what the server says it is
	Entry       string // the file in a ZIP archive
	MaxBytes    int64  // the most that is taken, unpacked and as UTF-8

	Remembered string // the encoding in which the list was read before; taken if the bytes leave it open, and agree
}

// File is where a text is kept that is not the bytes that were downloaded.
type File interface {
	io.Writer
	io.ReaderAt
	// Reset empties it.
	Reset() error
}

// Text is a list as UTF-8 text, perhaps with a byte order mark. What could not be decoded is not UTF-8 in it either.
type Text struct {
	io.ReaderAt
	Size     int64
	Encoding string   // that it was in
	Evidence []string // how it was packed and what settled the encoding, in words

	IsOpen       bool // whether the encoding of some bytes is not settled: they are left as they are
	IsRemembered bool // whether the encoding is the one remembered
}

// Read makes text of what was downloaded. Where that is UTF-8 already, nothing is made; otherwise the text is written to the
// file that create returns. What comes out is settled by the bytes and the hints alone. Its errors are *UnreadableError, ctx's,
// raw's and the file's.
func Read(ctx context.Context, raw io.ReaderAt, size int64, hints Hints, create func() (File, error)) (*Text, error) {
	source := &rawReader{ReaderAt: raw}
	inside := io.NewSectionReader(source, 0, size) // however far out a damaged archive points
	text, err := read(ctx, inside, size, hints, create)
	if err != nil && source.err != nil {
		return nil, source.err // whatever a decoder made of it
	}
	return text, err
}

func read(ctx context.Context, raw io.ReaderAt, size int64, hints Hints, create func() (File, error)) (*Text, error) {
	c, err := contentOf(raw, size, hints.Entry)
	if err != nil {
		return nil, err
	}
	t := &Text{ReaderAt: raw}
	var file File
	var seen survey
	to := io.Writer(&seen)
	if len(c.layers) > 0 {
		t.Evidence = append(t.Evidence, "it is packed as "+c.String())
		if file, err = create(); err != nil {
			return nil, err
		}
		t.ReaderAt, to = file, io.MultiWriter(file, &seen)
	}
	if t.Size, err = c.copyTo(ctx, to, utf8Charset, 0, hints.MaxBytes); err != nil {
		return nil, err
	}
	seen.end()
	d, err := seen.decide(hints)
	if err != nil {
		return nil, err
	}
	t.Encoding, t.Evidence = d.charset.name, append(t.Evidence, d.why...)
	t.IsOpen, t.IsRemembered = d.isOpen, d.isRemembered
	if d.charset.encoding == nil {
		return t, nil
	}
	if file == nil {
		file, err = create()
	} else {
		err = file.Reset()
	}
	if err != nil {
		return nil, err
	}
	t.ReaderAt = file
	t.Size, err = c.copyTo(ctx, file, d.charset, d.mark, hints.MaxBytes)
	return t, err
}

// copyTo unpacks and decodes the content behind a byte order mark, and returns how many bytes of text there are.
func (c *content) copyTo(ctx context.Context, to io.Writer, from charset, mark, most int64) (int64, error) {
	r, err := c.open()
	if err != nil {
		return 0, err
	}
	if _, err := io.CopyN(io.Discard, r, mark); err != nil {
		return 0, c.explain(err)
	}
	if from.encoding != nil {
		r = from.decoded(r)
	}
	buffer := make([]byte, 64<<10)
	for size := int64(0); ; {
		n, err := fill(buffer, r)
		size += int64(n)
		switch {
		case ctx.Err() != nil:
			return 0, ctx.Err()
		case size > most:
			return 0, unreadable("the list is larger than %d bytes, the most that is taken", most)
		case size > RatioFreeBytes && size/c.size > MaxRatio:
			return 0, unreadable("this is %s, and blows up to more than %d times its size: a bomb", c, MaxRatio)
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return 0, err
		}
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return 0, c.explain(err)
		}
	}
}

// fill is io.ReadFull that does not call the end of a list unexpected: that name is for what is cut off. Full buffers make what
// a survey finds independent of how a decoder cuts its output.
func fill(buffer []byte, r io.Reader) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = r.Read(buffer[n:])
		n += more
	}
	return n, err
}

// A list compresses by 3 to 30 times. Beyond MaxRatio, past the first RatioFreeBytes, it is no list but a bomb.
const (
	MaxRatio       = 200
	RatioFreeBytes = 16 << 20
)

// rawReader remembers with which error reading the downloaded bytes failed.
type rawReader struct {
	io.ReaderAt
	err error
}

// ReadAt implements io.ReaderAt.
func (r *rawReader) ReadAt(p []byte, offset int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
