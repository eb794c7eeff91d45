package pricelist

import (
	"bytes"
	"regexp"
)

// gap is what is between columns that are lined up with spaces.
var gap = regexp.MustCompile(`\S {3,}`)

// aligned returns why a list can't be read whose columns are lined up with spaces, nil if they are not. Where a column ends
// nothing says for sure there: texts that are cut off run into the next one, and a number may hold a space as well.
func (s *sample) aligned(newline byte) error {
	const fewLines, gapsEach = 3, 2
	lines, withGaps := 0, 0
	for line := range bytes.SplitSeq(s.text, []byte{newline}) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lines++
		if len(gap.FindAll(bytes.TrimRight(line, " \r"), gapsEach)) == gapsEach {
			withGaps++
		}
	}
	if lines < fewLines || 10*withGaps < 9*lines {
		return nil
	}
	return unreadable("the columns of the list are lined up with spaces, as %d of %d lines have them between their texts: where a column "+
		"ends nothing says for sure, so that is not read; have the list with ; , | or tabs between its columns", withGaps, lines)
}
