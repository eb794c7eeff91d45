package pricelist

// minUniform is how many prices must have the same number of decimals before one that has fewer is suspected.
const minUniform = 3

// endEvidence tells whether a list is cut off within its last price, as 22533.63 becomes 2253: the last row has no line end,
// and fewer decimals than every other price, all of which have as many. Of a list of whole numbers it can tell nothing.
type endEvidence struct {
	prices   int
	decimals int // of every price so far
	mixed    bool
	cut      int64 // line of a last row that looks cut off
}

// add takes in how many decimals a good price has; atEnd says that nothing follows it, not even a line end.
func (e *endEvidence) add(line int64, decimals int, atEnd bool) {
	switch {
	case atEnd && !e.mixed && e.prices >= minUniform && decimals < e.decimals:
		e.cut = line
	case e.prices == 0:
		e.decimals = decimals
	case decimals != e.decimals:
		e.mixed = true
	}
	e.prices++
}

// cutLine returns the line of the last row if the list is cut off within its price, else 0.
func (e *endEvidence) cutLine() int64 { return e.cut }
