package listtext

import (
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// decoded returns the UTF-8 text of what r reads. A byte 0xFF, which UTF-8 has no use for, stands where something cannot be
// decoded: the row that holds it is then rejected, where a replacement character would pass for part of a name.
func (c charset) decoded(r io.Reader) io.Reader {
	return transform.NewReader(r, transform.Chain(c.encoding.NewDecoder(), marker{}))
}

// decodeWords decodes words at once, which is much faster than one by one. In every encoding here, line ends are themselves
// whatever stands before them.
func (c charset) decodeWords(words []string) []string {
	text, err := c.encoding.NewDecoder().String(strings.Join(words, "\n"))
	decoded := strings.Split(text, "\n")
	if err != nil || len(decoded) != len(words) {
		return slices.Repeat([]string{string(utf8.RuneError)}, len(words)) // as good as not decodable
	}
	return decoded
}

const undecodable = 0xFF

// marker puts the byte 0xFF in place of replacement characters, and of the control characters U+0080 to U+009F: decoders
// make those of bytes to which an encoding assigns nothing.
type marker struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (marker) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
		n := copy(dst[written:], src[read:read+unsuspicious(src[read:])])
		written, read = written+n, read+n
		if read == len(src) {
			break
		}
		if !atEOF && !utf8.FullRune(src[read:]) {
			return written, read, transform.ErrShortSrc
		}
		r, size := utf8.DecodeRune(src[read:])
		if written+size > len(dst) {
			return written, read, transform.ErrShortDst
		}
		if isUndecoded(r) {
			dst[written] = undecodable
			written++
		} else {
			written += copy(dst[written:], src[read:read+size])
		}
		read += size
	}
	return written, read, nil
}

// unsuspicious returns how many bytes come before the first that may begin what is to be marked.
func unsuspicious(text []byte) int {
	for i, c := range text {
		if c == 0xC2 || c == 0xEF {
			return i
		}
	}
	return len(text)
}

func isUndecoded(r rune) bool { return r == utf8.RuneError || r >= 0x80 && r < 0xA0 }
