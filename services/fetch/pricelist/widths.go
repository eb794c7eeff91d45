package pricelist

// widths counts rows by their number of columns.
type widths map[int]*widthTally

type widthTally struct {
	rows   int
	filled []int // per column, in how many of these rows it is not empty
}

func (w widths) add(rec *record) {
	n := len(rec.fields)
	t := w[n]
	if t == nil {
		t = &widthTally{filled: make([]int, n)}
		w[n] = t
	}
	t.rows++
	for i := range n {
		if len(rec.trimmed(i)) > 0 {
			t.filled[i]++
		}
	}
}

// filledIn returns the number of columns up to the last that is not empty in at least so many rows.
func (t *widthTally) filledIn(rows int) int {
	n := len(t.filled)
	for n > 0 && t.filled[n-1] < rows {
		n--
	}
	return n
}

// most returns the width that most rows have: without columns that are always empty, and without those at the end that are
// mostly so. Where two are as frequent it is the smaller, but for 1, which no list has.
func (w widths) most() (width, filled, rows int) {
	n := 0
	for candidate, t := range w {
		if t.rows > rows || t.rows == rows && (n == 1 || candidate > 1 && candidate < n) {
			n, rows = candidate, t.rows
		}
	}
	if n <= 2 {
		return n, n, rows
	}
	return max(2, w[n].filledIn(1)), w[n].filledIn((rows + 1) / 2), rows
}
