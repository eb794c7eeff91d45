package listtext

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// charset is an encoding of text and the name under which it is reported.
type charset struct {
	name     string
	encoding encoding.Encoding // nil for UTF-8, which needs no decoding, and where the byte order is not known
}

var utf8Charset = charset{name: "utf-8"}

// Those whose characters are two or four bytes wide throughout. Byte order marks are cut off before they are decoded.
var (
	utf16le = charset{"utf-16le", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	utf16be = charset{"utf-16be", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
	utf32le = charset{"utf-32le", utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)}
	utf32be = charset{"utf-32be", utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)}

	utf16any = charset{name: "utf-16"} // the bytes tell the order
	utf32any = charset{name: "utf-32"}
)

// IsEncoding tells whether text in an encoding of this name can be read.
func IsEncoding(name string) bool {
	_, ok := lookup(name)
	return ok
}

// lookup finds an encoding by one of the names that IANA or the web have for it. As on the web, iso-8859-1 is windows-1252
// and gb2312 is gbk: text that is called the one is the other, or the same in both.
func lookup(name string) (charset, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, wide := range []charset{utf16le, utf16be, utf32le, utf32be, utf16any, utf32any} {
		if name == wide.name {
			return wide, true
		}
	}
	if e, err := htmlindex.Get(name); err == nil {
		canonical, err := htmlindex.Name(e)
		switch {
		case err != nil, canonical == "replacement", canonical == "x-user-defined":
			return charset{}, false
		case canonical == utf8Charset.name:
			return utf8Charset, true
		case canonical == utf16le.name: // the web's guess at what UCS-2 is
			return utf16any, true
		}
		return charset{canonical, e}, true
	}
	e, err := ianaindex.IANA.Encoding(name)
	if err != nil || e == nil {
		return charset{}, false
	}
	canonical, err := ianaindex.IANA.Name(e)
	if canonical = strings.ToLower(canonical); err == nil && canonical != name {
		return lookup(canonical) // a name that is reported must be one that finds the same again
	}
	return charset{canonical, e}, err == nil
}

// named is lookup of a name that is known to be one.
func named(name string) charset {
	c, ok := lookup(name)
	if !ok {
		panic("no encoding " + name) // a mistake in this package, which its tests meet
	}
	return c
}

// isWide tells whether all characters are at least two bytes wide, so that ASCII text in it is none.
func (c charset) isWide() bool {
	return strings.HasPrefix(c.name, "utf-16") || strings.HasPrefix(c.name, "utf-32")
}
