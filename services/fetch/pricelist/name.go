package pricelist

import (
	"bytes"
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

// normal does what events.NormalizeName does. Nearly all names are in normal form as they stand.
func (c *nameChunk) normal(raw []byte) (string, atlantv1.RejectReason) {
	if isNormal(raw) {
		if c.text.Cap()-c.text.Len() < len(raw) {
			c.text = strings.Builder{}
			c.text.Grow(nameChunkBytes)
		}
		from := c.text.Len()
		c.text.Write(raw)
		return c.text.String()[from:], 0
	}
	name, err := events.NormalizeName(string(raw))
	return name, nameReason(err)
}

// checkName tells what normal would say, and allocates nothing for most names.
func checkName(raw []byte) atlantv1.RejectReason {
	if isNormal(raw) {
		return 0
	}
	_, err := events.NormalizeName(string(raw))
	return nameReason(err)
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
	last := ' '
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1, unicode.IsControl(r):
			return false
		case unicode.IsSpace(r) && (r != ' ' || last == ' '):
			return false
		}
		last = r
	}
	return last != ' ' && norm.NFC.IsNormal(raw)
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

// rawName joins the columns of the name with a space.
func (c *columns) rawName(rec *record) []byte {
	if len(c.names) == 1 {
		return rec.value(c.names[0])
	}
	parts := make([][]byte, 0, 16) // as many as CsvOptions allows, on the stack
	for _, column := range c.names {
		parts = append(parts, rec.value(column))
	}
	return bytes.Join(parts, []byte(" "))
}
