package pricelist

import (
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// calmRunes has a bit for each calm rune of the basic plane: one that is neither white space nor a control character, that NFC
// leaves as it is and that nothing before it changes. Text of such runes only is in NFC, which takes norm ten times as long to
// tell.
type calmRunes [(1 << 16) / 64]uint64

func (c *calmRunes) has(r rune) bool { return r < 1<<16 && c[r>>6]>>(r&63)&1 != 0 }

// calm is made when the first name comes that is not ASCII: it takes some milliseconds.
var calm = sync.OnceValue(func() *calmRunes {
	var c calmRunes
	for r := range rune(1 << 16) {
		text := string(r) // U+FFFD for surrogates, which no text has
		stays := norm.NFC.IsNormalString(text) && norm.NFC.PropertiesString(text).BoundaryBefore()
		if stays && !unicode.IsControl(r) && !unicode.IsSpace(r) {
			c[r>>6] |= 1 << (r & 63)
		}
	}
	return &c
})
