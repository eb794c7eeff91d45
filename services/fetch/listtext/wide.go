package listtext

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// marks are the byte order marks. That of UTF-32 begins with that of UTF-16.
var marks = []struct {
	bytes   string
	charset charset
}{
	{"\xEF\xBB\xBF", utf8Charset},
	{"\xFF\xFE\x00\x00", utf32le},
	{"\x00\x00\xFE\xFF", utf32be},
	{"\xFF\xFE", utf16le},
	{"\xFE\xFF", utf16be},
	{"\x84\x31\x95\x33", named("gb18030")},
}

// marked returns the encoding that a byte order mark tells, and how long the mark is.
func marked(head []byte) (c charset, length int64, ok bool) {
	for _, mark := range marks {
		if bytes.HasPrefix(head, []byte(mark.bytes)) {
			return mark.charset, int64(len(mark.bytes)), true
		}
	}
	return charset{}, 0, false
}

// wide returns the encoding of text whose characters are two or four bytes wide: the many ASCII characters that a list has,
// delimiters, digits and line ends, are zeros in all bytes but one.
func wide(head []byte) (charset, bool) {
	for _, c := range []struct {
		charset charset
		width   int
		read    func([]byte) rune
	}{
		{utf32le, 4, func(b []byte) rune { return rune(binary.LittleEndian.Uint32(b)) }},
		{utf32be, 4, func(b []byte) rune { return rune(binary.BigEndian.Uint32(b)) }},
		{utf16le, 2, func(b []byte) rune { return rune(binary.LittleEndian.Uint16(b)) }},
		{utf16be, 2, func(b []byte) rune { return rune(binary.BigEndian.Uint16(b)) }},
	} {
		if isWideText(head, c.width, c.read) {
			return c.charset, true
		}
	}
	return charset{}, false
}

// isWideText tells whether the bytes, read as units of a width, are text of which at least a tenth is ASCII.
func isWideText(head []byte, width int, read func([]byte) rune) bool {
	const leastASCII = 10 // one character of so many
	ascii, all := 0, 0
	for i := 0; i+width <= len(head); i += width {
		r := read(head[i:])
		switch {
		case r == '\t', r == '\n', r == '\r', r >= ' ' && r < 0x7F:
			ascii++
		case r < 0xA0, r >= 0xFFFE && r < 0x10000: // control characters, and what is no character
			return false
		case width == 4 && !utf8.ValidRune(r):
			return false
		case width == 2 && utf16.IsSurrogate(r) && r < 0xDC00 && i+4 <= len(head) && !isLowSurrogate(read(head[i+2:])):
			return false
		}
		all++
	}
	return all > 1 && ascii*leastASCII >= all
}

func isLowSurrogate(r rune) bool { return r >= 0xDC00 && r < 0xE000 }
