package pricelist

import "encoding/binary"

// Text is looked at in words of eight bytes. A set of them is a word with the highest bit set in each byte that is in it.
const (
	wordBytes = 8
	ones      = 0x0101010101010101 // times c: a word of eight c
	highs     = 0x80 * ones
	sevens    = 0x7F * ones
	gather    = 0x0002040810204081 // times a set: has its bits side by side in the highest byte
)

// blockBytes is how many bytes get their marks at once: as many as a word has bits.
const blockBytes = 64

// lookahead is how much of a buffer must be there behind any byte that is looked at; what is in it does not matter.
const lookahead = blockBytes + wordBytes

// marker marks the bytes that may end a field: delimiters, quotes where they quote, and control characters, line ends among
// them.
type marker struct {
	delimiter uint64 // eight of it
	flip, add uint64 // after the one and the other, the highest bit tells what is neither a quote nor a control character
}

func newMarker(f format) marker {
	m := marker{delimiter: uint64(f.delimiter) * ones, add: (0x80 - ' ') * ones}
	if f.quotes { // quote and space trade places
		m.flip, m.add = (quoteByte^' ')*ones, (0x80-' '-1)*ones
	}
	return m
}

// block tells which bytes of a block are marked, the lowest bit for the first. Of the rest it tells whether there are odd
// bytes, which are not ASCII or DEL, and spaces before another one. It decides nothing on the way, so that there is nothing to
// mispredict.
func (m *marker) block(text *[lookahead]byte) (marked uint64, isOdd, isDoubled bool) {
	var odd, doubled uint64
	delimiter, flip, add := m.delimiter, m.flip, m.add
	for at := 0; at < blockBytes; at += wordBytes {
		word := binary.LittleEndian.Uint64(text[at : at+wordBytes])
		ascii := word & sevens
		unmarked := ((ascii^flip)+add)&((ascii^delimiter)+sevens) | word
		marked = marked>>8 | (unmarked&highs)*gather&(0xFF<<56)
		odd |= word | (ascii + ones)
		pairs := (word | binary.LittleEndian.Uint64(text[at+1:at+1+wordBytes])) ^ ' '*ones
		doubled |= (pairs - ones) &^ pairs
	}
	return ^marked, odd&highs != 0, doubled&highs != 0
}
