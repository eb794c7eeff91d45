package pricelist

import (
	"bytes"
	"unicode/utf8"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// record is one record of a list, split but not yet understood. It is valid until the next one is read.
type record struct {
	raw     []byte // without line end; only the start of one that is too long
	line    int64  // on which it starts, from 1
	offset  int64  // at which it starts
	fields  []field
	suspect bool // holds bytes that are not printable ASCII: look closer
	tidy    bool // its fields are printable ASCII without two spaces in a row, for sure
	fault   atlantv1.RejectReason
	column  int    // at fault, from 1
	scratch []byte // fields with their doubled quotes undone
}

// field is the place of one field in raw, quotes included.
type field struct {
	start, end int32
	kind       fieldKind
}

type fieldKind uint8

const (
	plain   fieldKind = iota
	quoted            // in quotes
	doubled           // in quotes, with doubled quotes inside
	broken            // goes on after its closing quote
)

// begin makes the record ready for what is read at a place.
func (r *record) begin(line, offset int64) {
	r.line, r.offset = line, offset
	r.fields, r.scratch = r.fields[:0], r.scratch[:0]
	r.suspect, r.tidy, r.fault, r.column = false, false, 0, 0
}

// value returns the text of a field.
func (r *record) value(column int) []byte {
	f := r.fields[column]
	if f.kind != plain {
		return r.quoted(column)
	}
	text := r.raw[f.start:f.end]
	if len(text) > 0 && text[0] == '=' {
		return fromFormula(text)
	}
	return text
}

// quoted is value for what is not plain.
func (r *record) quoted(column int) []byte {
	switch f := r.fields[column]; f.kind {
	case quoted:
		return r.raw[f.start+1 : f.end-1]
	case doubled:
		return fromFormula(r.undouble(r.raw[f.start+1 : f.end-1]))
	default:
		return r.raw[f.start:f.end]
	}
}

// fromFormula returns the text of a field like ="00123", as which it is written lest a spreadsheet take it for a number.
func fromFormula(text []byte) []byte {
	if n := len(text); n > 3 && text[0] == '=' && text[1] == quoteByte && text[n-1] == quoteByte {
		return text[2 : n-1]
	}
	return text
}

func (r *record) undouble(text []byte) []byte {
	from := len(r.scratch)
	for {
		i := bytes.IndexByte(text, quoteByte)
		if i < 0 {
			break
		}
		r.scratch = append(r.scratch, text[:i+1]...)
		text = text[i+2:]
	}
	r.scratch = append(r.scratch, text...)
	return r.scratch[from:]
}

// join returns the texts of some fields with a space between them.
func (r *record) join(columns []int) []byte {
	parts := make([][]byte, 0, 16) // as many as CsvOptions allows, on the stack
	for _, column := range columns {
		parts = append(parts, r.value(column))
	}
	from := len(r.scratch)
	for i, part := range parts {
		if i > 0 {
			r.scratch = append(r.scratch, ' ')
		}
		r.scratch = append(r.scratch, part...)
	}
	return r.scratch[from:]
}

// trimmed returns the text of a field without surrounding white space.
func (r *record) trimmed(column int) []byte {
	text := r.value(column)
	if n := len(text); n > 0 && isDigit(text[0]) && isDigit(text[n-1]) {
		return text
	}
	return bytes.TrimSpace(text)
}

// cells returns the texts of all fields, trimmed.
func (r *record) cells() []string {
	cells := make([]string, len(r.fields))
	for i := range cells {
		cells[i] = string(r.trimmed(i))
	}
	return cells
}

// emptyFrom reports whether all fields from the given one on are empty.
func (r *record) emptyFrom(column int) bool {
	for i := column; i < len(r.fields); i++ {
		if len(r.trimmed(i)) > 0 {
			return false
		}
	}
	return true
}

// isBlank reports whether the record is white space only.
func (r *record) isBlank() bool {
	isStart := r.fault == atlantv1.RejectReason_REJECT_REASON_ROW_TOO_LONG
	return !isStart && len(bytes.TrimSpace(r.raw)) == 0
}

// badText finds the first field that is not UTF-8 or holds a control character; column 0 means there is none.
func (r *record) badText() (reason atlantv1.RejectReason, column int) {
	if !r.suspect {
		return 0, 0
	}
	for i, f := range r.fields {
		text := r.raw[f.start:f.end]
		if !utf8.Valid(text) {
			return atlantv1.RejectReason_REJECT_REASON_ENCODING, i + 1
		}
		if hasControl(text, f.kind == plain) {
			return atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER, i + 1
		}
	}
	return 0, 0
}

// hasControl reports whether UTF-8 text holds a control character that has no place in a field. A plain field can't
// hold line ends, so a carriage return in one is none.
func hasControl(text []byte, isPlain bool) bool {
	for i, c := range text {
		switch {
		case c == '\r' && isPlain, isControl(c):
			return true
		case c == 0xC2 && text[i+1] < 0xA0: // U+0080 to U+009F
			return true
		}
	}
	return false
}

// isControl reports whether a byte is an ASCII control character other than tab and line ends.
func isControl(c byte) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F
}
