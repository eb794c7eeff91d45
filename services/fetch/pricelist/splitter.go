package pricelist

import (
	"bytes"
	"context"
	"io"
	"unicode/utf8"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// maxRecordBytes bounds a record, and so the memory a list can claim.
const maxRecordBytes = 256 << 10

const quoteByte = '"'

// format is what the splitter has to know of a dialect.
type format struct {
	delimiter byte
	quotes    bool // whether quotes quote
	newline   byte // a line feed, or in lists that have none a carriage return
}

// splitter splits a list into records. encoding/csv won't do: an unclosed quote makes it read the rest of the list into
// memory, it stops at the first malformed record, and it keeps no byte offsets.
type splitter struct {
	window
	format
	marks marks
	class [256]class
	line  int64 // of the next byte
	lines int64 // line ends inside the record
	rec   record
}

// class is what a byte means to the splitter.
type class uint8

const (
	classText class = iota
	classDelimiter
	classQuote
	classNewline
	classCR
	classSuspect // control characters, and what is not ASCII
)

// newSplitter splits the bytes from place.offset to end.
func newSplitter(ctx context.Context, src io.ReaderAt, from place, end int64, f format) *splitter {
	s := &splitter{window: newWindow(ctx, src, from.offset, end), format: f, marks: marks{marker: newMarker(f), block: -1}, line: from.line}
	for c := range s.class {
		if c >= 0x80 || isControl(byte(c)) {
			s.class[c] = classSuspect
		}
	}
	s.class['\r'] = classCR
	s.class[f.newline] = classNewline
	if f.quotes {
		s.class[quoteByte] = classQuote
	}
	s.class[f.delimiter] = classDelimiter
	return s
}

// next returns the next record that is not blank; io.EOF after the last, an *UnreadableError where a quoted field has no end.
func (s *splitter) next() (*record, error) {
	for {
		if !s.quick() {
			if err := s.slowly(); err != nil {
				return nil, err
			}
		}
		if raw := s.rec.raw; len(raw) > 0 && raw[0]-'!' < utf8.RuneSelf-'!' || !s.rec.isBlank() {
			return &s.rec, nil
		}
	}
}

// slowly reads any record; io.EOF after the last.
func (s *splitter) slowly() error {
	// A record of maximal length, and its line end.
	if err := s.need(maxRecordBytes + 2); err != nil {
		return err
	}
	if s.pos == len(s.buf) {
		return io.EOF
	}
	return s.read()
}

// read reads the record at the window's position.
func (s *splitter) read() error {
	r := &s.rec
	r.begin(s.line, s.offset())
	s.lines = 0
	rest := s.rest()
	final := len(rest) <= maxRecordBytes+2 && s.atEnd()
	data := rest[:min(len(rest), maxRecordBytes+2)]
	n, done := s.split(data, final)
	if !done {
		return s.skip()
	}
	r.raw = data[:n]
	s.pos += n
	if n < len(data) {
		s.pos++
		s.line++
	}
	if n > 0 && r.raw[n-1] == '\r' {
		r.raw = r.raw[:n-1]
	}
	s.line += s.lines
	if len(r.raw) > maxRecordBytes {
		r.fault, r.column = atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG, 0
	}
	return nil
}

// split finds the fields of the record at the start of data. It returns where the record's line end is, and whether the
// record is all there; final says that nothing comes after data.
func (s *splitter) split(data []byte, final bool) (n int, done bool) {
	r := &s.rec
	for i := 0; ; i++ {
		i = s.skipSpaces(data, i)
		f := field{start: int32(i)}
		if i < len(data) && s.class[data[i]] == classQuote {
			if i, f.kind = s.quoted(data, i+1); i < 0 {
				return 0, false
			}
			if !s.endsField(data, i) {
				f.kind = broken
				s.fail(atlantv1.RejectReason_REJECT_REASON_QUOTE)
			}
		}
		i = s.text(data, i)
		f.end = int32(i)
		last := i == len(data) || data[i] == s.newline
		if last && i > int(f.start) && data[i-1] == '\r' {
			f.end--
		}
		r.fields = append(r.fields, f)
		if last {
			return i, i < len(data) || final
		}
	}
}

// skipSpaces returns where the quoted field starts that comes behind spaces at i, as in a, "b, c". It returns i if none does, or
// one that goes on after its closing quote: then all that is text.
func (s *splitter) skipSpaces(data []byte, i int) int {
	start := i
	for start < len(data) && data[start] == ' ' {
		start++
	}
	if start == i || start == len(data) || s.class[data[start]] != classQuote {
		return i
	}
	lines, suspect := s.lines, s.rec.suspect
	end, _ := s.quoted(data, start+1)
	s.lines, s.rec.suspect = lines, suspect
	if end < 0 || !s.endsField(data, end) {
		return i
	}
	return start
}

// fail notes the record's first fault, in the column that is being read.
func (s *splitter) fail(reason atlantv1.RejectReason) {
	if s.rec.fault == 0 {
		s.rec.fault, s.rec.column = reason, len(s.rec.fields)+1
	}
}

// text returns where the text that starts at i ends: at a delimiter, a line end or the end of data.
func (s *splitter) text(data []byte, i int) int {
	for ; i < len(data); i++ {
		switch s.class[data[i]] {
		case classText, classQuote:
		case classDelimiter, classNewline:
			return i
		default:
			s.rec.suspect = s.rec.suspect || !atLineEnd(data, i)
		}
	}
	return i
}

// quoted returns where the quoted field ends whose text starts at i: after its closing quote, or -1 if that is not in data.
func (s *splitter) quoted(data []byte, i int) (end int, kind fieldKind) {
	kind = quoted
	for ; i < len(data); i++ {
		switch s.class[data[i]] {
		case classQuote:
			if i+1 == len(data) || data[i+1] != quoteByte {
				return i + 1, kind
			}
			kind = doubled
			i++
		case classNewline:
			s.lines++
		case classSuspect:
			s.rec.suspect = true
		default: // within quotes all else is text
		}
	}
	return -1, kind
}

// endsField reports whether what comes at i may follow a closing quote.
func (s *splitter) endsField(data []byte, i int) bool {
	return i == len(data) || data[i] == s.newline || data[i] == s.delimiter || atLineEnd(data, i)
}

// atLineEnd reports whether the carriage return at i belongs to a line end. The last line may have lost its line feed.
func atLineEnd(data []byte, i int) bool {
	return data[i] == '\r' && (i+1 == len(data) || data[i+1] == '\n')
}

// skip passes over the record at the window's position, which is longer than maxRecordBytes or has no end. It goes on
// minding the quotes, lest the text of a quoted field be taken for rows.
func (s *splitter) skip() error {
	r := &s.rec
	start := bytes.Clone(s.rest()[:min(len(s.rest()), 2*maxRawBytes)])
	err := (&skipper{splitter: s, column: 1}).run()
	r.raw, r.fields = start, r.fields[:0]
	r.fault, r.column = atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG, 0
	return err
}

// place is somewhere in a list.
type place struct {
	offset int64 // from 0
	line   int64 // from 1
}
