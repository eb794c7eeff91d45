package pricelist

import (
	"fmt"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

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

// markEvidence is what the prices of a list say about its decimal mark. Each array holds one tally for the point and one for
// the comma, see markIndex.
type markEvidence struct {
	sure    [2]tally // prices in which it is the decimal mark, or the other one separates thousands
	unclear [2]tally // prices like 1.234
	groups  [2]tally // prices in which it separates thousands
}

func markIndex(mark byte) int {
	if mark == ',' {
		return 1
	}
	return 0
}

// add takes in the price of a row with nothing else wrong. Prices that would be rejected anyway prove nothing.
func (e *markEvidence) add(line int64, cell []byte, n *number) {
	switch i := markIndex(n.mark); {
	case n.mark == noMark:
	case !n.sure:
		e.unclear[i].add(line, cell)
	default:
		e.sure[i].add(line, cell)
		if n.groups != 0 {
			e.groups[markIndex(n.groups)].add(line, cell)
		}
	}
}

// decimalMark is what the decimal mark of a list is, and why.
type decimalMark struct {
	mark    byte
	trusted [2]bool // whether a price like 1.234, or 1,234, can be read: as a decimal mark or as a separator of thousands
	why     string

	thousands    byte // the other mark, if it is seen to separate thousands, else noMark
	isOpen       bool // whether prices are rejected that an option would settle
	isRemembered bool // whether something is read as in the list before
}

// settle returns the decimal mark of the list. What speaks for the other mark is rejected row by row.
func (e *markEvidence) settle(given string, m *Remembered) decimalMark {
	d := e.settleAlone(given)
	if d.isOpen {
		m.fillMark(&d, e)
	}
	for i, mark := range []byte{'.', ','} {
		if e.groups[i].count > 0 && d.mark != mark && d.mark != noMark {
			d.thousands = mark
		}
	}
	return d
}

// settleAlone returns what the list itself says.
func (e *markEvidence) settleAlone(given string) decimalMark {
	point, comma := &e.sure[0], &e.sure[1]
	switch {
	case given != "":
		return decimalMark{mark: given[0], trusted: [2]bool{true, true}, why: "csv.decimal_mark gives the decimal mark"}
	case point.count > comma.count:
		return e.decide('.', "point")
	case comma.count > point.count:
		return e.decide(',', "comma")
	case point.count > 0:
		return decimalMark{mark: noMark, isOpen: true, why: fmt.Sprintf(
			"as many prices have a decimal point (%v) as a decimal comma (%v): "+
				"csv.decimal_mark would settle it", point, comma)}
	}
	for i := range e.unclear {
		if unclear := &e.unclear[i]; unclear.count > 0 {
			return decimalMark{mark: noMark, isOpen: true, why: fmt.Sprintf(
				"nothing says what the mark means in %s (%v): csv.decimal_mark would settle it",
				plural(int(unclear.count), "price"), unclear)}
		}
	}
	return decimalMark{mark: noMark, why: "no price has decimals"}
}

// decide returns the decision for one mark, called name. A price like 1.234 is read only where what is sure bears it: a
// single 99.5 among a thousand of them may be a slip, and they would be wrong by a factor of a thousand.
func (e *markEvidence) decide(mark byte, name string) decimalMark {
	i := markIndex(mark)
	other := 1 - i
	d := decimalMark{mark: mark, why: e.why(name, &e.sure[i], &e.sure[other])}
	if e.sure[i].count >= markMajority*e.sure[other].count {
		d.trusted[i] = bears(&e.sure[i], &e.unclear[i])
		d.trusted[other] = bears(&e.groups[other], &e.unclear[other]) || e.sure[i].count >= markMajority*e.unclear[other].count
	}
	for j := range e.unclear {
		if !d.trusted[j] && e.unclear[j].count > 0 {
			d.isOpen = true
			d.why += fmt.Sprintf("; that does not say what the mark means in %s (%v): csv.decimal_mark would settle it",
				plural(int(e.unclear[j].count), "price"), &e.unclear[j])
		}
	}
	return d
}

// decision weighs the mark; nil where nothing was decided. That more speaks for it than against it is enough: what speaks
// against it is rejected.
func (e *markEvidence) decision(d *decimalMark, given string) []decision {
	if given == "" && d.mark == noMark {
		return nil
	}
	i := markIndex(d.mark)
	other := &e.sure[1-i]
	weighed := decision{
		what: "what the decimal mark is", seen: d.why, options: markOptions, isCertain: given != "", isRemembered: d.isRemembered,
		support: int(e.sure[i].count), against: int(other.count),
	}
	if other.count > 0 && given == "" {
		weighed.alternatives = []string{fmt.Sprintf("decimal mark %s in %s (%v)",
			markNames[1-i], plural(int(other.count), "price"), other)}
	}
	return []decision{weighed}
}

// markNames are in the order of markIndex.
var markNames = [2]string{"point", "comma"}

// bears reports whether so many prices that are sure say how to read those that are not.
func bears(sure, unclear *tally) bool {
	return markMajority*sure.count >= unclear.count && sure.count > 0
}

func (e *markEvidence) why(name string, most, other *tally) string {
	why := fmt.Sprintf("the decimal mark is a %s in %s (%v)", name, plural(int(most.count), "price"), most)
	if other.count > 0 {
		why += fmt.Sprintf(", against %d (%v)", other.count, other)
	}
	return why
}

// read returns the value of a number that was scanned without a fault.
func (d *decimalMark) read(n *number) (micros int64, reason atlantv1.RejectReason) {
	switch {
	case n.mark == noMark, n.sure && n.mark == d.mark:
		micros = n.micros
	case n.sure && d.mark != noMark:
		return 0, atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER
	case n.negative:
	case n.sure || !d.trusted[markIndex(n.mark)]:
		return 0, atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
	case n.mark == d.mark:
		micros = n.micros
	default:
		micros = n.thousands
	}
	if n.negative {
		return 0, atlantv1.RejectReason_REJECT_REASON_PRICE_NEGATIVE
	}
	return micros, 0
}
