package projections

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A product is found by the words of its name. A word is a run of letters, digits and the marks that belong to them, folded:
// in compatibility decomposition (NFKD), without accents, with all cases one. In scripts that are written without spaces each
// character begins a word of itself and the next one, so that every part of such a run is found.

// NameWords returns the words that a name is found by, folded, each once and in their order. They hold letters, digits and
// marks only.
func NameWords(name string) []string {
	var words []string
	eachWord(name, func(word string, _ bool) bool {
		words = append(words, word)
		return true
	})
	slices.Sort(words)
	return slices.Compact(words)
}

// QueryWords returns the beginnings of words that a query asks for, folded and in their order: without those that say nothing
// beside the others.
func QueryWords(query string) []string {
	var words []string
	eachWord(query, func(word string, implied bool) bool {
		if !implied {
			words = append(words, word)
		}
		return true
	})
	slices.Sort(words)
	// What begins another word comes right before it, or before others that it begins.
	kept := words[:0]
	for i, word := range words {
		if i+1 == len(words) || !strings.HasPrefix(words[i+1], word) {
			kept = append(kept, word)
		}
	}
	return kept
}

// NameMatches tells whether for each of the beginnings, as QueryWords returns them, a word of the name begins with it.
func NameMatches(name string, beginnings []string) bool {
	var found uint64 // a bit for each of the first beginnings
	for chunk := range slices.Chunk(beginnings, 64) {
		found = 0
		all := ^uint64(0) >> (64 - len(chunk))
		eachWord(name, func(word string, _ bool) bool {
			for i, beginning := range chunk {
				if strings.HasPrefix(word, beginning) {
					found |= 1 << i
				}
			}
			return found != all
		})
		if found != all {
			return false
		}
	}
	return true
}

// eachWord calls do for each word of a text as it comes, until do returns false. A word is implied if another one holds what
// it asks for: the last character of a run of several, in a script without spaces.
func eachWord(text string, do func(word string, implied bool) bool) {
	text = fold(text)
	for text != "" {
		first, _ := utf8.DecodeRuneInString(text)
		var end int
		switch {
		case isUnspaced(first):
			end = spanOf(text, func(r rune) bool { return isUnspaced(r) || unicode.IsMark(r) })
			if !eachPair(text[:end], do) {
				return
			}
		case isInWord(first):
			end = spanOf(text, func(r rune) bool { return isInWord(r) && !isUnspaced(r) })
			if !do(text[:end], false) {
				return
			}
		default:
			end = utf8.RuneLen(first)
		}
		text = text[end:]
	}
}

// eachPair calls do for each character of a run with the one that follows, and then for the last one. A character is a letter
// with its marks.
func eachPair(run string, do func(word string, implied bool) bool) bool {
	for single := true; ; single = false {
		one := characterLength(run)
		if one == len(run) {
			return do(run, !single)
		}
		if !do(run[:one+characterLength(run[one:])], false) {
			return false
		}
		run = run[one:]
	}
}

func characterLength(text string) int {
	_, first := utf8.DecodeRuneInString(text)
	return first + spanOf(text[first:], func(r rune) bool { return unicode.Is(unicode.M, r) })
}

// spanOf returns how many bytes at the beginning of a text are of runes for which is holds.
func spanOf(text string, is func(rune) bool) int {
	if end := strings.IndexFunc(text, func(r rune) bool { return !is(r) }); end >= 0 {
		return end
	}
	return len(text)
}

func isInWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

// isUnspaced tells whether a character is of a script that is written without spaces between words.
func isUnspaced(r rune) bool {
	const prolongedSound = 'ー' // of no script of its own, but only ever among kana
	return r >= firstUnspaced && (r == prolongedSound || unicode.IsLetter(r) && unicode.In(r, unicode.Han, unicode.Hiragana,
		unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar))
}

const firstUnspaced = '\u0e00' // Thai comes first

// fold makes texts equal that differ in case, accents or the form of characters only.
func fold(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	text = cases.Fold().String(strip(text))
	return strip(text) // a few characters fold to ones that can be taken apart
}

// strip takes characters apart, and drops their accents and what cannot be seen.
func strip(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case isDropped(r):
			return -1
		case r >= firstCherokee && unicode.Is(unicode.Cherokee, r): // whose capitals cases.Fold makes small, and the other way round
			return unicode.ToUpper(r)
		}
		return r
	}, norm.NFKD.String(text))
}

// isDropped tells whether a character is an accent, or one that only says how to show others, such as a soft hyphen. The marks
// of Indic and some other scripts are vowels, and stay.
func isDropped(r rune) bool {
	return r >= firstDropped && (unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Mn, unicode.Me) && unicode.In(r,
		unicode.Inherited, unicode.Common, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic, unicode.Syriac))
}

const firstCherokee = '\u13a0'

const firstDropped = '\u00ad' // the soft hyphen

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
