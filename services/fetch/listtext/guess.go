package listtext

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// candidate is an encoding that a list may be in if nobody says which it is.
type candidate struct {
	charset charset
	script  script
	prior   int // the cost of being a rare encoding
}

// candidates in the order in which they are preferred where the text is the same.
var candidates = []candidate{
	{named("windows-1252"), latin, 0},
	{named("windows-1250"), latin, 20},
	{named("windows-1254"), latin, 20},
	{named("iso-8859-2"), latin, 30},
	{named("windows-1257"), latin, 30},
	{named("iso-8859-15"), latin, 30},
	{named("ibm850"), latin, 60},
	{named("ibm852"), latin, 60},
	{named("macintosh"), latin, 60},
	{named("windows-1251"), cyrillic, 0},
	{named("koi8-r"), cyrillic, 20},
	{named("koi8-u"), cyrillic, 30},
	{named("ibm866"), cyrillic, 40},
	{named("iso-8859-5"), cyrillic, 50},
	{named("x-mac-cyrillic"), cyrillic, 60},
	{named("windows-1253"), greek, 10},
	{named("iso-8859-7"), greek, 20},
	{named("windows-1255"), hebrew, 20},
	{named("windows-1256"), arabic, 20},
	{named("iso-8859-6"), arabic, 50},
	{named("windows-874"), thai, 20},
	{named("gb18030"), chinese, 0},
	{named("big5"), taiwanese, 10},
	{named("shift_jis"), japanese, 0},
	{named("euc-jp"), japanese, 20},
	{named("euc-kr"), korean, 10},
}

// reading is what words are in the encoding of a candidate.
type reading struct {
	candidate
	words []string
	cost  int
}

// guess reads words in every candidate's encoding and returns the readings that differ, the most likely first.
func guess(words []string) []reading {
	const bonus = 50 // for the one that the detector names, in which it agrees with what is found here as a rule
	all := make([]reading, 0, len(candidates))
	name, ok := detected(words)
	for _, c := range candidates {
		if ok && c.charset.name == name {
			c.prior -= bonus
		}
		r := c.read(words)
		same := slices.IndexFunc(all, func(other reading) bool { return slices.Equal(r.words, other.words) })
		switch {
		case same < 0:
			all = append(all, r)
		case r.cost < all[same].cost:
			all[same] = r
		}
	}
	slices.SortStableFunc(all, func(a, b reading) int { return a.cost - b.cost })
	return all
}

// read decodes words, and finds the language in which they are the most likely.
func (c candidate) read(words []string) reading {
	r := reading{candidate: c, words: make([]string, len(words))}
	decoder := c.charset.encoding.NewDecoder()
	for i, word := range words {
		text, err := decoder.String(word)
		if err != nil {
			text = string(utf8.RuneError)
		}
		r.words[i] = text
	}
	for i, l := range c.script.languages() {
		cost := c.prior
		for _, word := range r.words {
			cost += l.costOfWord(word)
		}
		if i == 0 || cost < r.cost {
			r.cost = cost
		}
	}
	return r
}

// What speaks against a word.
const (
	costASCIILetter = 40 // so that an encoding gains nothing by taking ASCII for a part of its characters
	costChangeCase  = 70 // an upper case letter after a lower case one
	costLongRun     = 40 // each further one of more than two letters in a row that are not ASCII, in a Latin script
	costAlone       = 80 // a letter that is a word
	costInside      = 60 // a symbol between letters
	costNotAtEnd    = 40 // a letter like à that ends words, elsewhere; in Central Europe's encodings it is a consonant
)

// costOfWord is that of one word.
func (l *language) costOfWord(word string) int {
	cost, run := 0, 0
	runes := []rune(word)
	for i, r := range runes {
		before, after := at(runes, i-1), at(runes, i+1)
		if r < utf8.RuneSelf {
			run = 0
			if isASCIILetter(r) {
				cost += costASCIILetter
			}
			continue
		}
		if !isLetter(r) {
			cost += costOfSymbol(r) + costOfPlace(r, before, after)
			run = 0
			continue
		}
		run++
		cost += l.costOfLetter(r, before, after)
		if l.mixture == 0 && run > 2 {
			cost += costLongRun
		}
	}
	return cost
}

func (l *language) costOfLetter(r, before, after rune) int {
	lower := unicode.ToLower(r)
	cost := l.cost(lower)
	if r != lower {
		cost += costUpperCase
		if unicode.IsLower(before) {
			cost += costChangeCase
		}
	}
	switch {
	case isASCIILetter(before) || isASCIILetter(after):
		cost += l.mixture
	case !isLetter(before) && !isLetter(after) && (before != '0' || r != lower || l.mixture == 0): // 5л is five litres
		cost += costAlone
	}
	if strings.ContainsRune("àìòù", lower) && isLetter(after) || strings.ContainsRune("ÀÈÌÒÙ", r) {
		cost += costNotAtEnd
	}
	return cost
}

// costOfPlace is that of a symbol's neighbours: currency signs stand at digits or alone, and few symbols touch each other or
// stand between letters.
func costOfPlace(r, before, after rune) int {
	switch {
	case strings.ContainsRune(currencySigns, r):
		if isDigitOrNone(before) && isDigitOrNone(after) {
			return 0
		}
		return costInside
	case isLetter(after) && !strings.ContainsRune("«„“’¿¡°·´•№", r):
		return costInside
	case isSymbol(before) || isSymbol(after), isLetter(before) && isLetter(after) && !strings.ContainsRune("’´·", r):
		return costInside
	}
	return 0
}

func isDigitOrNone(r rune) bool { return r == '0' || r == ' ' }

func isSymbol(r rune) bool { return r != ' ' && !isLetter(r) && !unicode.IsDigit(r) }

func at(runes []rune, i int) rune {
	if i < 0 || i >= len(runes) {
		return ' '
	}
	return runes[i]
}

func isASCIILetter(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }

// isLetter tells whether a character is part of words; so are the vowels of some scripts, but not the Spanish ordinal signs.
func isLetter(r rune) bool {
	return (unicode.IsLetter(r) || unicode.Is(unicode.Mn, r)) && r != 'ª' && r != 'º'
}
