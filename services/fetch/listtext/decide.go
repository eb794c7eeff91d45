package listtext

import (
	"bytes"
	"fmt"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// decision is in which encoding a list is read.
type decision struct {
	charset charset
	mark    int64    // bytes of a byte order mark to leave out
	why     []string // in words

	isOpen       bool // some bytes are left as they are
	isRemembered bool
}

// decide settles the encoding, by what is surest: a byte order mark, what the request says, what only one encoding has, what the
// server says if the bytes agree, and in the end what the words are in which encoding. It returns an *UnreadableError if that
// leaves a doubt about more than a few bytes.
func (s *survey) decide(hints Hints) (decision, error) {
	if c, length, ok := marked(s.head); ok {
		return decision{charset: c, mark: length, why: because("a byte order mark tells the encoding")}, nil
	}
	if hints.Settled != "" {
		return s.told(hints.Settled, "the encoding is that in which the list was read before")
	}
	if hints.Encoding != "" {
		return s.told(hints.Encoding, "csv.encoding tells the encoding")
	}
	if c, ok := wide(s.head); ok {
		return decision{charset: c, why: because("the zeros between ASCII characters are those of %s", c.name)}, nil
	}
	server, isTold := s.server(hints.ContentType)
	switch {
	case isTold && server.name == "iso-2022-jp" && bytes.IndexByte(s.head, '\x1B') >= 0:
		return decision{charset: server, why: because("the server tells the encoding")}, nil
	case !isText(s.head), mimetype.Detect(s.head).Is("text/html"):
		return decision{charset: utf8Charset}, nil // no encoding makes a list of it; let pricelist say what it is
	case s.characters == 0 && s.invalid == 0:
		return decision{charset: utf8Charset, why: because("all characters are ASCII")}, nil
	case s.isUTF8(server, isTold):
		return decision{charset: utf8Charset, why: s.whyUTF8()}, nil
	}
	return s.weigh(server, isTold, hints.Remembered)
}

func because(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }

// told decides for the encoding of that name.
func (s *survey) told(name, why string) (decision, error) {
	c, ok := lookup(name)
	if !ok {
		return decision{}, unreadable("csv.encoding = %q is not known; names are those of IANA, like utf-8, windows-1251 or gb18030", name)
	}
	if c == utf16any || c == utf32any {
		found, ok := wide(s.head)
		if !ok || !strings.HasPrefix(found.name, c.name) {
			return decision{}, unreadable("csv.encoding is %s, but the bytes do not tell their order; %[1]sle or %[1]sbe would", c.name)
		}
		c = found
	}
	return decision{charset: c, why: because("%s", why)}, nil
}

// server returns the encoding that the server tells. It is of no use if its characters are wide: such text was found already.
func (s *survey) server(contentType string) (c charset, isTold bool) {
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return charset{}, false
	}
	c, ok := lookup(parameters["charset"])
	return c, ok && !c.isWide()
}

const fewCharacters = 3 // that other encodings may have by chance as well

// isUTF8 tells whether the text is UTF-8, but for some rows perhaps: bytes in another encoding hardly ever look like it. Servers
// that tell another one do so for all their files. Only a few characters could be two of East Asia, if the server says so.
func (s *survey) isUTF8(server charset, isTold bool) bool {
	const mostly = 2 // valid characters for each byte that is not
	if s.characters < mostly*s.invalid || s.characters == 0 {
		return false
	}
	return s.invalid > 0 || s.characters >= fewCharacters || !isTold || !server.isEastAsian() || !server.fits(s.words)
}

func (s *survey) whyUTF8() []string {
	if s.invalid > 0 {
		return because("nearly all that is not ASCII is valid UTF-8; %d bytes are not", s.invalid)
	}
	return because("all that is not ASCII is valid UTF-8")
}

func (c charset) isEastAsian() bool {
	switch c.name {
	case "gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr":
		return true
	}
	return false
}

// fits tells whether all words can be decoded.
func (c charset) fits(words []string) bool {
	if c.encoding == nil {
		return false // the words are not UTF-8, or there was no need to ask
	}
	return !slices.ContainsFunc(c.decodeWords(words), func(word string) bool { return strings.IndexFunc(word, isUndecoded) >= 0 })
}

const (
	sure      = 100 // how much less the best guess costs than the next, a thousand times as likely
	surest    = 200 // the same to doubt what the server says
	worstWord = 85  // cost of a byte in words that are none
	fewBytes  = 4   // that a list may have in another encoding
)

// weigh decides by what the words are in each encoding that they can be in, and if that does not tell, for the remembered one.
func (s *survey) weigh(server charset, isTold bool, remembered string) (decision, error) {
	readings := guess(s.words)
	best := readings[0]
	if isTold && server.fits(s.words) && !contradicted(server, s.words, readings) {
		return decision{charset: server, why: because("the server tells the encoding, and the bytes agree")}, nil
	}
	if readings[1].cost-best.cost >= sure && best.costPerByte(s.words) <= worstWord {
		example, _ := differing(best, readings[1])
		why := because("read as %s, what is not ASCII makes words like %q", best.charset.name, example)
		return decision{charset: best.charset, why: why}, nil
	}
	if c, ok := lookup(remembered); ok && c.fits(s.words) && !contradicted(c, s.words, readings) {
		return decision{charset: c, isRemembered: true, why: because("the encoding is that in which the list before was read")}, nil
	}
	one, other := differing(best, readings[1])
	doubt := fmt.Sprintf("it could be %s (%q) or %s (%q); csv.encoding would settle it",
		best.charset.name, one, readings[1].charset.name, other)
	if s.isMostlyASCII() {
		why := because("%d bytes are not ASCII, too few to tell the encoding: %s", s.invalid, doubt)
		return decision{charset: utf8Charset, why: why, isOpen: true}, nil
	}
	message := "the list is not encoded in UTF-8, and its bytes do not tell the encoding for sure: " + doubt
	return decision{}, &UnreadableError{Message: message, IsEncodingOpen: true}
}

// isMostlyASCII tells whether so little is in doubt that it is better to reject the rows that hold it than the list.
func (s *survey) isMostlyASCII() bool {
	return s.invalid*100 <= s.size || s.invalid <= fewBytes && s.invalid*20 <= s.size
}

// contradicted tells whether the words are far more likely in another encoding than in the one that the server tells.
func contradicted(server charset, words []string, readings []reading) bool {
	for _, c := range candidates {
		if c.charset.name == server.name {
			return c.read(words).cost-readings[0].cost >= surest
		}
	}
	return false // nothing is known of what it is used for
}

// costPerByte is that of bytes that are not ASCII.
func (r reading) costPerByte(words []string) int {
	cost, high := r.cost-r.prior, 0
	for _, word := range words {
		for _, c := range []byte(word) {
			switch {
			case c >= utf8.RuneSelf:
				high++
			case isASCIILetter(rune(c)):
				cost -= costASCIILetter
			}
		}
	}
	return cost / max(high, 1)
}

// differing returns the first word that two readings read differently, in both.
func differing(a, b reading) (one, other string) {
	for i := range a.words {
		if a.words[i] != b.words[i] {
			return excerpt(a.words[i]), excerpt(b.words[i])
		}
	}
	return "", ""
}

// isText tells whether the start of a list is text in some encoding that has ASCII in it: hardly any control characters.
func isText(head []byte) bool {
	control := int64(0)
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
			control++
		}
	}
	return control <= fewBytes || control*100 <= int64(len(head))
}
