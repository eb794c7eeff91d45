package pricelist

import (
	_ "embed" // headerwords.txt
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// nameMatches tell whether a key is that of a name, in the order in which they win: a list with an item, often a number, and a
// name has its names under name.
var nameMatches = []func(key string) bool{
	isIn("product name"), isIn("name"), isIn("product"), isIn("item"), isIn("description"),
	func(key string) bool { return holdsPhrase(key, "product name") },
	func(key string) bool { return holdsPhrase(key, "name") && !holdsPhrase(key, "other name") },
}

func isIn(section string) func(key string) bool { return headerWords[section].has }

// isPlainPrice reports whether a key is that of the price. Among them nothing wins: a price and a unit price are two things.
func isPlainPrice(key string) bool { return headerWords["price"].has(key) }

// isSomePrice reports whether a key is that of a price of some kind, and not plainly the price.
func isSomePrice(key string) bool {
	return !isPlainPrice(key) && (isQualifiedPrice(key) || holdsPriceWord(key) && !isNoPrice(key))
}

// isQualifiedPrice reports whether a key is that of a price of a known kind: one of the other prices, or a word for price with
// what can be said of one.
func isQualifiedPrice(key string) bool {
	if headerWords["other price"].has(key) {
		return true
	}
	found := false
	for word := range strings.FieldsSeq(key) {
		switch {
		case headerWords["price word"].has(word), headerWords["other price"].has(word):
			found = true
		case !headerWords["price qualifier"].has(word) && currencies[word] == "":
			return false
		}
	}
	return found
}

// holdsPriceWord reports whether a word of a key is one for price, or ends like one.
func holdsPriceWord(key string) bool {
	for word := range strings.FieldsSeq(key) {
		if headerWords["price word"].has(word) {
			return true
		}
		for ending := range headerWords["price ending"] {
			if strings.HasSuffix(word, ending) {
				return true
			}
		}
	}
	return false
}

// isNoPrice reports whether a key that has a word for price is of something else, or of an old price.
func isNoPrice(key string) bool {
	if key == "price list" || key == "price unit" {
		return true
	}
	return holdsPhrase(key, "no price")
}

// isOtherThanPrice reports whether a key is that of something else than the price.
func isOtherThanPrice(key string) bool {
	return isNoPrice(key) || holdsPhrase(key, "other column") || holdsPhrase(key, "article number")
}

// isOtherThanName reports whether a key is that of something else than the name.
func isOtherThanName(key string) bool {
	return headerWords["other column"].has(key) || isArticleNumber(key)
}

func isArticleNumber(key string) bool { return headerWords["article number"].has(key) }

//go:embed headerwords.txt
var headerWordsText string

// phrases are a section of headerwords.txt, as headerKey returns them.
type phrases map[string]struct{}

func (p phrases) has(key string) bool {
	_, ok := p[key]
	return ok
}

// headerWords are the sections of headerwords.txt.
var headerWords = func() map[string]phrases {
	all, section := map[string]phrases{}, ""
	for line := range strings.Lines(headerWordsText) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
			all[section] = phrases{}
		default:
			for phrase := range strings.SplitSeq(strings.TrimSuffix(line, ","), ",") {
				all[section][headerKey(phrase)] = struct{}{}
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

// headerScale returns the word of a header cell that says that what is under it is in cents, or in thousands; "" if none does.
// Roubles and kopecks together are no cents: Цена, руб. коп.
func headerScale(cell string) string {
	cell = roublesAndKopecks.ReplaceAllString(cell, "")
	isBetween := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) && r != '€' }
	for _, word := range strings.FieldsFunc(splitCamelCase(cell), isBetween) {
		if headerWords["scale"].has(headerKey(word)) {
			return word
		}
	}
	return ""
}

var roublesAndKopecks = regexp.MustCompile(`(?i)(руб|грн)\p{L}*[.,/ ]*(и )?коп\p{L}*`)

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

// holdsPhrase reports whether a phrase of a section is part of a key, as whole words.
func holdsPhrase(key, section string) bool {
	words := strings.Fields(key)
	for from := range words {
		for to := from + 1; to <= len(words); to++ {
			if headerWords[section].has(strings.Join(words[from:to], " ")) {
				return true
			}
		}
	}
	return false
}
