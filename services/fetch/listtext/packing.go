package listtext

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/mikelolasagasti/xz"
)

// maxWindow is how far back compressed data may refer, which a decoder keeps in memory: as far as the zstd command takes by
// itself, and twice as far as xz -9 goes.
const maxWindow = 128 << 20

// packing is a format of compressed data, told by its first bytes.
type packing struct {
	name   string
	starts []string
	open   func(io.Reader) (io.Reader, error)
}

var packings = []packing{
	{"gzip", []string{"\x1F\x8B\x08"}, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"zstd", []string{"\x28\xB5\x2F\xFD"}, func(r io.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	}},
	{"bzip2", bzip2Starts(), func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	{"xz", []string{"\xFD7zXZ\x00"}, func(r io.Reader) (io.Reader, error) { return xz.NewReader(r, maxWindow) }},
}

// bzip2Starts are the nine sizes of block, each before a block or the end: BZh alone could be a product.
func bzip2Starts() []string {
	var starts []string
	for size := '1'; size <= '9'; size++ {
		starts = append(starts, "BZh"+string(size)+"\x31\x41\x59\x26\x53\x59", "BZh"+string(size)+"\x17\x72\x45\x38\x50\x90")
	}
	return starts
}

// longestStart is how many bytes tell each packing.
const longestStart = 10

// ErrNotPacked says that data is not in the format that it should be in.
var ErrNotPacked = errors.New("not in this format")

// DamagedError says that packed data cannot be unpacked. Data that ends too early is io.ErrUnexpectedEOF instead.
type DamagedError struct {
	Format string
	Err    error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the %s data is damaged: %v", e.Format, e.Err)
}
func (e *DamagedError) Unwrap() error { return e.Err }

// IsPacking tells whether data in a format of that name can be unpacked by NewReader.
func IsPacking(name string) bool {
	_, ok := packingNamed(name)
	return ok
}

// NewReader unpacks what r reads, in the format of that name: gzip, zstd, bzip2 or xz. Nothing unpacks to nothing. It returns
// ErrNotPacked for what is in no such format; reading returns io.ErrUnexpectedEOF, a *DamagedError, or r's errors.
func NewReader(name string, r io.Reader) (io.Reader, error) {
	p, ok := packingNamed(name)
	if !ok {
		return nil, ErrNotPacked
	}
	source := bufio.NewReaderSize(r, 64<<10)
	head, err := source.Peek(longestStart)
	switch {
	case len(head) == 0 && errors.Is(err, io.EOF):
		return source, nil
	case len(head) == 0 || err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case p.matches(head):
		return p.reader(source)
	case err != nil && p.mayBecome(head):
		return nil, io.ErrUnexpectedEOF
	}
	return nil, ErrNotPacked
}

func packingNamed(name string) (packing, bool) {
	for _, p := range packings {
		if p.name == name {
			return p, true
		}
	}
	return packing{}, false
}

// packingOf tells the packing of data by its first bytes.
func packingOf(head []byte) (packing, bool) {
	for _, p := range packings {
		if p.matches(head) {
			return p, true
		}
	}
	return packing{}, false
}

func (p packing) matches(head []byte) bool {
	for _, start := range p.starts {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	return false
}

// mayBecome tells whether data was in the format before most of it was lost.
func (p packing) mayBecome(head []byte) bool {
	for _, start := range p.starts {
		if strings.HasPrefix(start, string(head)) {
			return true
		}
	}
	return false
}

func (p packing) reader(r io.Reader) (io.Reader, error) {
	source := &sourceReader{reader: r}
	u := &unpackingReader{packing: p, source: source}
	var err error
	if u.reader, err = p.open(source); err != nil {
		return nil, u.explain(err)
	}
	return u, nil
}

// sourceReader remembers with which error reading ended, to tell it from those of the data.
type sourceReader struct {
	reader io.Reader
	err    error
}

func (s *sourceReader) Read(p []byte) (int, error) {
	n, err := s.reader.Read(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

type unpackingReader struct {
	packing packing
	source  *sourceReader
	reader  io.Reader
}

func (u *unpackingReader) Read(p []byte) (int, error) {
	n, err := u.reader.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // readers return it bare
		err = u.explain(err)
	}
	return n, err
}

// explain tells whose error it is.
func (u *unpackingReader) explain(err error) error {
	switch {
	case u.source.err != nil && !errors.Is(u.source.err, io.EOF):
		return u.source.err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case u.source.err != nil && errors.Is(err, xz.ErrBuf): // all was read, and more was needed
		return io.ErrUnexpectedEOF
	}
	return &DamagedError{Format: u.packing.name, Err: err}
}
