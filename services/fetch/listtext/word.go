package listtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What speaks against a word.
const (
	costASCIILetter = 40 // so that an encoding gains nothing by taking ASCII for a part of its characters
	costUpperCase   = 7
	costChangeCase  = 70 // an upper case letter after a lower case one
	costLongRun     = 40 // each further one of more than two letters in a row that are not ASCII, in a Latin script
	costAlone       = 80 // a letter that is a word
	costInside      = 60 // a symbol between letters
	costNotAtEnd    = 40 // a letter like à that ends words, elsewhere; in Central Europe's encodings it is a consonant
)

// costOfShape is that of a word whatever its language is, and counts its letters that are not ASCII, in lower case.
func (s script) costOfShape(word string, letters map[rune]int) int {
	cost, run := 0, 0
	runes := []rune(word)
	for i, r := range runes {
		before, after := at(runes, i-1), at(runes, i+1)
		switch {
		case r < utf8.RuneSelf:
			run = 0
			if isASCIILetter(r) {
				cost += costASCIILetter
			}
		case !isLetter(r):
			run = 0
			cost += costOfSymbol(r) + costOfPlace(r, before, after)
		default:
			lower := unicode.ToLower(r)
			letters[lower]++
			cost += s.costOfLetterPlace(r, lower, before, after)
			if run++; run > 2 && s.mixture == 0 {
				cost += costLongRun
			}
		}
	}
	return cost
}

// costOfLetterPlace is that of a letter's case and neighbours.
func (s script) costOfLetterPlace(r, lower, before, after rune) int {
	cost := 0
	if r != lower {
		cost += costUpperCase
		if unicode.IsLower(before) {
			cost += costChangeCase
		}
	}
	switch {
	case isASCIILetter(before) || isASCIILetter(after):
		cost += s.mixture
	case !isLetter(before) && !isLetter(after) && (before != '0' || r != lower || s.mixture == 0): // 5л is five litres
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

const currencySigns = "€£¥¢"

// costOfSymbol is that of a character that is no letter.
func costOfSymbol(r rune) int {
	switch {
	case isUndecoded(r), unicode.Is(unicode.Co, r), !unicode.IsPrint(r) && r != '\u00A0':
		return costBroken
	case strings.ContainsRune(currencySigns, r):
		return costCurrency
	case r == '\u00A0':
		return costSpace
	case strings.ContainsRune("°²³´’‘“”„«»–—…™®©½¼¾×±µ№•·§¡¿ªº", r):
		return costFew
	}
	return costStrange
}
