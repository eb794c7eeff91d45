package pricelist

import (
	"fmt"
	"strings"
)

// minConfidence is how much must speak for the least certain decision about a list, in percent, lest it be refused. At half, as
// much speaks for another way to read it.
const minConfidence = 50

const (
	// headerWeight is as how many rows the words of a header count.
	headerWeight = markMajority
	// nextBestWeight is how often what speaks for the next best choice counts: one that is half as good is too close.
	nextBestWeight = 2
	// missesPerDoubt is how many rows without a price are one that speaks against how a list without a header is read: any list
	// may have some, but where one row in fifty has a price it is a list of something else.
	missesPerDoubt = 50
	// maxAlternatives is how many are told.
	maxAlternatives = 8
)

// decision is something that was settled about a list.
type decision struct {
	what         string   // in words: that column 2 is the price
	seen         string   // that speaks for it, in words
	options      string   // that would settle it
	support      int      // rows that bear it out
	against      int      // rows that bear out another one
	misses       int      // rows that bear out none
	alternatives []string // in words
	isCertain    bool     // the options say so
	isRemembered bool     // it is as in the list before
}

// confidence is the rule of succession, in percent, rounded down: where nothing is seen it is a half, and few rows say little.
func (d *decision) confidence() int {
	const one = missesPerDoubt
	if d.isCertain {
		return 100
	}
	return 100 * one * (d.support + 1) / (one*(d.support+d.against+2) + d.misses)
}

// decisions are all that were taken about a list.
type decisions []decision

// weakest returns the least certain one and its confidence; 100 where the options say it all. What was remembered is as certain as
// it was in the list before, if that is more.
func (all decisions) weakest(remembered int) (weakest *decision, confidence int) {
	confidence = 100
	for i := range all {
		c := all[i].confidence()
		if all[i].isRemembered {
			c = max(c, remembered)
		}
		if c < confidence {
			weakest, confidence = &all[i], c
		}
	}
	return weakest, confidence
}

// alternatives returns what else the list could have been.
func (all decisions) alternatives() []string {
	var told []string
	for i := range all {
		told = append(told, all[i].alternatives...)
	}
	return told[:min(len(told), maxAlternatives)]
}

// refuse says that a decision is not certain enough, what speaks for another one, and what would settle it.
func (d *decision) refuse(confidence int) error {
	const most = 3
	instead := ""
	if len(d.alternatives) > 0 {
		instead = "; it could be " + strings.Join(d.alternatives[:min(len(d.alternatives), most)], ", or ")
	}
	return unreadable("it is not certain enough %s: %s%s; the confidence is %d %%, %d %% are needed; %s would settle it",
		d.what, d.seen, instead, confidence, minConfidence, d.options)
}

func shareOf(n, all int, noun string) string { return fmt.Sprintf("%d of %s", n, plural(all, noun)) }
