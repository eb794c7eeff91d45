package pricelist

import (
	_ "embed" // headerwords.txt
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

var (
	// nameTiers are in the order in which they win: a list with an item, often a number, and a name has its names under name.
	nameTiers = [][]string{
		headerWords["product name"], headerWords["name"], headerWords["product"], headerWords["item"], headerWords["description"],
	}
	// Among priceHeaders nothing wins: a price and a unit price are two things.
	priceHeaders = headerWords["price"]
	// A header of one of the priceWords and else nothing but priceQualifiers is of some price; with any other word it may be of
	// something else: a price group.
	priceWords, priceQualifiers = headerWords["price word"], headerWords["price qualifier"]
)

//go:embed headerwords.txt
var headerWordsText string

// headerWords are the sections of headerwords.txt, as headerKey returns the phrases.
var headerWords = func() map[string][]string {
	all, section := map[string][]string{}, ""
	for line := range strings.Lines(headerWordsText) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			for phrase := range strings.SplitSeq(strings.TrimSuffix(line, ","), ",") {
				all[section] = append(all[section], headerKey(phrase))
			}
		}
	}
	return all
}()

// headerKey brings a header cell into the form in which cells are compared: small letters without accents, words apart, and
// without what is in brackets or behind a comma, and without a currency.
func headerKey(cell string) string {
	cell = withoutBrackets(cell)
	cell, _, _ = strings.Cut(cell, ",")
	words := strings.FieldsFunc(splitCamelCase(cell), func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("_-./:*", r) })
	for len(words) > 1 && (currencies[words[len(words)-1]] != "" || slices.Contains(prepositions, words[len(words)-1])) {
		words = words[:len(words)-1]
	}
	text := strings.ToLower(strings.Join(words, " "))
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), text)
	if err != nil {
		return text
	}
	return plain
}

// prepositions stand before a currency.
var prepositions = []string{"in", "en", "em", "w", "v", "в", "u"}

func withoutBrackets(cell string) string {
	for _, brackets := range []string{"()", "[]", "（）"} {
		pair := []rune(brackets)
		for {
			before, rest, found := strings.Cut(cell, string(pair[0]))
			_, after, closed := strings.Cut(rest, string(pair[1]))
			if !found || !closed || strings.TrimSpace(before+after) == "" {
				break
			}
			cell = before + " " + after
		}
	}
	return cell
}

// splitCamelCase puts a space before each capital that follows a small letter.
func splitCamelCase(cell string) string {
	var b strings.Builder
	last := ' '
	for _, r := range cell {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// holdsPhrase reports whether one of the phrases is part of a key, as whole words.
func holdsPhrase(key string, phrases []string) bool {
	return slices.ContainsFunc(phrases, func(phrase string) bool { return strings.Contains(" "+key+" ", " "+phrase+" ") })
}

// isQualifiedPrice reports whether a key has a word for price, and else nothing but what can be said of one.
func isQualifiedPrice(key string) bool {
	found := false
	for word := range strings.FieldsSeq(key) {
		switch {
		case slices.Contains(priceWords, word):
			found = true
		case !slices.Contains(priceQualifiers, word):
			return false
		}
	}
	return found
}
