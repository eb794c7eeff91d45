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

// settle returns the decimal mark of the list and the reason in words.
func (e *markEvidence) settle(given string) (mark byte, why string, err error) {
	point, comma := e.point.count, e.comma.count
	switch {
	case given != "":
		return given[0], "csv.decimal_mark gives the decimal mark", nil
	case point > 0 && point >= markMajority*comma:
		return '.', e.why("point", &e.point, &e.comma), nil
	case comma > 0 && comma >= markMajority*point:
		return ',', e.why("comma", &e.comma, &e.point), nil
	case point > 0:
		return noMark, "", unreadable("the decimal mark is unclear: %s with a decimal point (%v), %d with a decimal comma (%v); "+
			"csv.decimal_mark would settle it", plural(int(point), "price"), &e.point, comma, &e.comma)
	case e.unclear.count > 0:
		return noMark, fmt.Sprintf("nothing says what the mark means in %s (%v): csv.decimal_mark would settle it",
			plural(int(e.unclear.count), "price"), &e.unclear), nil
	}
	return noMark, "no price has decimals", nil
}

func (e *markEvidence) why(name string, most, other *tally) string {
	why := fmt.Sprintf("the decimal mark is a %s in %s (%v)", name, plural(int(most.count), "price"), most)
	if other.count > 0 {
		why += fmt.Sprintf(", against %d (%v)", other.count, other)
	}
	return why
}
