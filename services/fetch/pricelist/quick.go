package pricelist

import "math/bits"

// marks are those of the block that the splitter has come to.
type marks struct {
	marker
	block       int    // where in the window it starts, or -1
	left        uint64 // marks that are still to come to
	odd, untidy bool   // whether there are odd bytes; or those or doubled spaces
}

// quick splits the record at the window's position if it ends in the window and nothing about it is odd, as with nearly all
// records; else it does nothing, and reports so. It goes from mark to mark.
func (s *splitter) quick() bool { //nolint:cyclop,gocognit // one straight walk over a record, and hot
	r, m, buf, from := &s.rec, &s.marks, s.buf, s.pos
	if m.block < 0 {
		m.block, m.left, m.odd, m.untidy = from-blockBytes, 0, false, false
	}
	r.begin(s.line, s.base+int64(from))
	r.suspect, r.tidy = m.odd, !m.untidy
	s.lines = 0
	fields, start, kind := r.fields, from, plain
	block, left := m.block, m.left
	for {
		for left == 0 {
			if !s.nextBlock() {
				return s.giveUp()
			}
			block, left = m.block, m.left
		}
		i := block + bits.TrailingZeros64(left)
		left &= left - 1
		c := buf[i]
		if c == s.delimiter {
			fields = append(fields, field{int32(start - from), int32(i - from), kind})
			start, kind = i+1, plain
			continue
		}
		if c == s.newline {
			end := i
			if i > from && buf[i-1] == '\r' {
				end--
			}
			if end-from > maxRecordBytes {
				return s.giveUp()
			}
			fields = append(fields, field{int32(start - from), int32(end - from), kind})
			r.fields, r.raw = fields, buf[from:end]
			s.pos, m.left, s.line = i+1, left, s.line+1+s.lines
			return true
		}
		if c == '\t' {
			r.tidy = false
			continue
		}
		if c == quoteByte && i == start {
			m.left = left
			if kind = s.closing(); kind == broken {
				return s.giveUp()
			}
			block, left = m.block, m.left
			continue
		}
		if c != quoteByte && !s.isLineEnd(i) || c == quoteByte && buf[start] == ' ' {
			return s.giveUp()
		}
	}
}

func (s *splitter) giveUp() bool {
	s.marks.block = -1
	return false
}

// nextBlock goes on to the next block, if the record may reach into it.
func (s *splitter) nextBlock() bool {
	m := &s.marks
	m.block += blockBytes
	here := len(s.buf) - m.block
	if here <= 0 || m.block-s.pos > maxRecordBytes {
		return false
	}
	marked, isOdd, isDoubled := m.marker.block((*[lookahead]byte)(s.buf[m.block:cap(s.buf)]))
	if here < blockBytes {
		marked &= 1<<here - 1
	}
	m.left, m.odd, m.untidy = marked, isOdd, isOdd || isDoubled
	s.rec.suspect = s.rec.suspect || isOdd
	s.rec.tidy = s.rec.tidy && !m.untidy
	return true
}

// nextMark returns where the next mark is, or -1.
func (s *splitter) nextMark() int {
	m := &s.marks
	for m.left == 0 {
		if !s.nextBlock() {
			return -1
		}
	}
	i := m.block + bits.TrailingZeros64(m.left)
	m.left &= m.left - 1
	return i
}

// closing goes past the mark of the quote that closes a field; broken says that quick must give up.
func (s *splitter) closing() fieldKind {
	kind := quoted
	for {
		i := s.nextMark()
		if i < 0 {
			return broken
		}
		switch c := s.buf[i]; {
		case c == quoteByte && i+1 < len(s.buf) && s.buf[i+1] == quoteByte:
			kind = doubled
			s.nextMark()
		case c == quoteByte && i+1 < len(s.buf) && (s.buf[i+1] == s.delimiter || s.buf[i+1] == s.newline || s.isLineEnd(i+1)):
			return kind
		case c == s.newline:
			s.lines++
			s.rec.tidy = false
		case c == '\r' || c == '\t':
			s.rec.tidy = false
		case c != s.delimiter:
			return broken
		}
	}
}

// isLineEnd reports whether a carriage return and a line feed are at i.
func (s *splitter) isLineEnd(i int) bool {
	return s.buf[i] == '\r' && i+1 < len(s.buf) && s.buf[i+1] == '\n'
}
