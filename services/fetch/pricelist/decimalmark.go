package pricelist

import "fmt"

// markMajority is by how much one kind of evidence has to outweigh the other to settle a question. Less is a coin toss.
const markMajority = 20

// tally counts prices of one kind.
type tally struct {
	count int64
	line  int64  // of the first
	text  string // of the first
}

func (t *tally) add(line int64, cell []byte) {
	if t.count++; t.count == 1 {
		t.line, t.text = line, excerpt(cell)
	}
}

func (t *tally) String() string {
	return fmt.Sprintf("%s on line %d", t.text, t.line)
}

// markEvidence is what the prices of a list say about its decimal mark.
type markEvidence struct {
	point, comma tally // prices in which it can't be a thousands separator
	unclear      tally // prices like 1.234
}

// add takes in the price of a row with nothing else wrong. Prices that would be rejected anyway prove nothing.
func (e *markEvidence) add(line int64, cell []byte) (good bool) {
	n, reason := scanNumber(cell)
	switch {
	case reason != 0:
		return false
	case n.mark == noMark:
	case !n.sure:
		e.unclear.add(line, cell)
	case n.mark == '.':
		e.point.add(line, cell)
	default:
		e.comma.add(line, cell)
	}
	return true
}

// decimalMark is what the decimal mark of a list is, and why.
type decimalMark struct {
	mark      byte
	contested bool // so many prices speak against it that one like 1.234 stays ambiguous
	why       string
}

// settle returns the decimal mark of the list. What speaks for the other mark is rejected row by row.
func (e *markEvidence) settle(given string) decimalMark {
	point, comma := e.point.count, e.comma.count
	switch {
	case given != "":
		return decimalMark{mark: given[0], why: "csv.decimal_mark gives the decimal mark"}
	case point > comma:
		return decimalMark{mark: '.', contested: point < markMajority*comma, why: e.why("point", &e.point, &e.comma)}
	case comma > point:
		return decimalMark{mark: ',', contested: comma < markMajority*point, why: e.why("comma", &e.comma, &e.point)}
	case point > 0:
		return decimalMark{mark: noMark, why: fmt.Sprintf("as many prices have a decimal point (%v) as a decimal comma (%v): "+
			"csv.decimal_mark would settle it", &e.point, &e.comma)}
	case e.unclear.count > 0:
		return decimalMark{mark: noMark, why: fmt.Sprintf("nothing says what the mark means in %s (%v): csv.decimal_mark would settle it",
			plural(int(e.unclear.count), "price"), &e.unclear)}
	}
	return decimalMark{mark: noMark, why: "no price has decimals"}
}

func (e *markEvidence) why(name string, most, other *tally) string {
	why := fmt.Sprintf("the decimal mark is a %s in %s (%v)", name, plural(int(most.count), "price"), most)
	if other.count > 0 {
		why += fmt.Sprintf(", against %d (%v)", other.count, other)
	}
	return why
}
