package listtext

import "slices"

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

// read decodes words, and tells how likely they are in the language in which they are the most likely.
func (c candidate) read(words []string) reading {
	r := reading{candidate: c, words: c.charset.decodeWords(words), cost: c.prior}
	letters := map[rune]int{}
	for _, word := range r.words {
		r.cost += c.script.costOfShape(word, letters)
	}
	r.cost += c.script.costOfLetters(letters)
	return r
}
