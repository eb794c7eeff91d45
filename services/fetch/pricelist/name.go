package pricelist

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// nameChunkBytes is how much memory names get at once: one allocation for some thousands of them. Who keeps a name keeps it all.
const nameChunkBytes = 32 << 10

// nameChunk is what names are cut from.
type nameChunk struct{ text strings.Builder }

// cut returns a name as a string.
func (c *nameChunk) cut(name []byte) string {
	if c.text.Cap()-c.text.Len() < len(name) {
		c.text = strings.Builder{}
		c.text.Grow(nameChunkBytes)
	}
	from := c.text.Len()
	c.text.Write(name)
	return c.text.String()[from:]
}

// name returns the name of a row in the form that events.NormalizeName gives it. Nearly all are in that form as they stand.
func (h *rowReader) name(rec *record) (string, atlantv1.RejectReason) {
	raw := h.rawName(rec)
	if h.hasNormalName(rec, raw) {
		return h.chunk.cut(raw), 0
	}
	name, err := events.NormalizeName(string(raw))
	return name, nameReason(err)
}

// checkName tells what name would say, and allocates nothing for most names.
func (h *reading) checkName(rec *record) atlantv1.RejectReason {
	raw := h.rawName(rec)
	if h.hasNormalName(rec, raw) {
		return 0
	}
	_, err := events.NormalizeName(string(raw))
	return nameReason(err)
}

// hasNormalName reports whether the record's name, which is raw, is in normal form as it stands. It may say no to some of them.
func (c *columns) hasNormalName(rec *record, raw []byte) bool {
	if n := len(raw); rec.tidy && len(c.names) == 1 && n > 0 && n <= events.MaxNameBytes {
		return raw[0] != ' ' && raw[n-1] != ' '
	}
	return isNormal(raw)
}

// isNormal reports whether events.NormalizeName would return the name as it is. It may say no to some of them.
func isNormal(raw []byte) bool {
	if len(raw) == 0 || len(raw) > events.MaxNameBytes {
		return false
	}
	if !isPrintable(raw) {
		return isNormalUnicode(raw)
	}
	if raw[0] == ' ' || raw[len(raw)-1] == ' ' {
		return false
	}
	for rest := raw; ; {
		i := bytes.IndexByte(rest, ' ')
		if i < 0 {
			return true
		}
		if rest = rest[i+1:]; rest[0] == ' ' { // a space is not the last
			return false
		}
	}
}

func isNormalUnicode(raw []byte) bool {
	calm, isCalm, last := calm(), true, ' '
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			return false
		case calm.has(r):
		case r == ' ' && last != ' ':
		case unicode.IsControl(r), unicode.IsSpace(r):
			return false
		default:
			isCalm = false
		}
		last = r
	}
	return last != ' ' && (isCalm || norm.NFC.IsNormal(raw))
}

func nameReason(err error) atlantv1.RejectReason {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, events.ErrNameTooLong):
		return atlantv1.RejectReason_REJECT_REASON_NAME_TOO_LONG
	case errors.Is(err, events.ErrNameControl):
		return atlantv1.RejectReason_REJECT_REASON_CONTROL_CHARACTER
	case errors.Is(err, events.ErrNameNotUTF8):
		return atlantv1.RejectReason_REJECT_REASON_ENCODING
	default:
		return atlantv1.RejectReason_REJECT_REASON_NAME_MISSING
	}
}

// rawName returns the name of a record as it stands, or its columns joined with a space.
func (c *columns) rawName(rec *record) []byte {
	if len(c.names) == 1 {
		return rec.value(c.names[0])
	}
	return rec.join(c.names)
}

// isPrintable reports whether a text is printable ASCII, eight bytes at a time.
func isPrintable(text []byte) bool {
	var found uint64
	for ; len(text) >= wordBytes; text = text[wordBytes:] {
		word := binary.LittleEndian.Uint64(text)
		deleted := word ^ sevens
		found |= word | (word-' '*ones)&^word | (deleted-ones)&^deleted
	}
	for _, c := range text {
		if c < ' ' || c >= 0x7F {
			return false
		}
	}
	return found&highs == 0
}
