package pricelist

// totals notices the sums at the end of a list: rows that look like any other, and whose name says that they are the total. A
// product may be called that as well, but hardly the last one.
type totals struct {
	names [3][]byte // of the last good rows
	lines [3]int64
	n     int
}

func (t *totals) add(line int64, name []byte) {
	i := t.n % len(t.names)
	t.names[i] = append(t.names[i][:0], name...)
	t.lines[i] = line
	t.n++
}

// from returns the line from which on good rows are sums, or 0 if there are none.
func (t *totals) from() (line int64) {
	const rest = 2 // rows there must be at least for a sum to make sense
	for i := t.n - 1; i >= rest && i >= t.n-len(t.names) && isTotal(t.names[i%len(t.names)]); i-- {
		line = t.lines[i%len(t.names)]
	}
	return line
}

func isTotal(name []byte) bool {
	return len(name) <= maxExcerptBytes && headerWords["total"].has(headerKey(string(name)))
}
