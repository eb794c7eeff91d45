package listtext

import (
	"slices"
	"sync"
)

// script is what several languages are written in.
type script struct {
	mixture   int // the cost of an ASCII letter beside one of these; 0 in Latin scripts, where words are made of both
	languages func() []*language
}

// Costs of a mixture of scripts in one word. Chinese has words like T恤.
const (
	someMixture   = 50
	hardlyMixture = 100
)

var (
	latin    = script{0, sync.OnceValue(func() []*language { return alphabets(latinAlphabets, 28) })}
	cyrillic = ofAlphabets(cyrillicAlphabets)
	greek    = ofAlphabets(greekAlphabets)
	hebrew   = ofAlphabets(hebrewAlphabets)
	arabic   = ofAlphabets(arabicAlphabets)
	thai     = ofAlphabets(thaiAlphabets)

	chinese = ofCharacters(func() *language {
		common := slices.DeleteFunc(rows("gb18030", 0xB0, 0xD7), func(r rune) bool { return !isGB2312(r) })
		return eastAsian(common, costOf3800)
	})
	taiwanese = ofCharacters(func() *language { return eastAsian(rows("big5", 0xA4, 0xC6), costOf5400) })
	japanese  = ofCharacters(func() *language { return eastAsian(rows("euc-jp", 0xB0, 0xCF), costOf3000, kana...) })
	korean    = ofCharacters(func() *language { return eastAsian(rows("euc-kr", 0xB0, 0xC8), costOf2400) })
)

func ofAlphabets(all []string) script {
	return script{hardlyMixture, sync.OnceValue(func() []*language { return alphabets(all, 16) })}
}

func ofCharacters(l func() *language) script {
	return script{someMixture, sync.OnceValue(func() []*language { return []*language{l()} })}
}

// costOfLetters is that of so many of each letter, in the language that has them the most.
func (s script) costOfLetters(letters map[rune]int) int {
	var costs []int
	for _, l := range s.languages() {
		cost := 0
		for r, n := range letters {
			cost += n * l.cost(r)
		}
		costs = append(costs, cost)
	}
	return slices.Min(costs)
}
