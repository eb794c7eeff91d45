package bench

import (
	"bufio"
	"io"
	"iter"
	"strconv"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

// microsPerCent turns the prices of lists into those of events.
const microsPerCent = 10_000

// source is the namespace of what is loaded.
const source = "bench"

// listHeader is the first line of every list.
const listHeader = "PRODUCT NAME;PRICE\n"

// list is a price list as it is at one time. The same list always has the same text, which is made as it is read: none is
// ever in memory.
type list struct {
	products int
	version  int // from 0, which is the first one
	changed  int // percent of the prices that differ from the version before, up to chance
}

// row is one line of a list.
type row struct {
	product int
	cents   int64
}

// rows returns the rows, which are neither in the order of names nor of prices.
func (l list) rows() iter.Seq[row] {
	return func(yield func(row) bool) {
		stride := 7919 // a prime: every product comes once, unless their number is a multiple of it
		if l.products%stride == 0 {
			stride = 7907
		}
		for i, product := 0, 0; i < l.products; i, product = i+1, (product+stride)%l.products {
			if !yield(row{product, l.cents(product)}) {
				return
			}
		}
	}
}

// cents returns the price of a product, which is that of the last version that changed it.
func (l list) cents(product int) int64 {
	version := l.version
	for version > 0 && !l.changes(product, version) {
		version--
	}
	return int64(mix(product, version) % 10_000_000)
}

// changes tells whether a version has another price for a product than the one before.
func (l list) changes(product, version int) bool {
	return int(mix(product, -version)%100) < l.changed
}

// mix returns bits that look like chance, the same ones for the same numbers: the finish of SplitMix64.
func mix(a, b int) uint64 {
	z := uint64(a)*0x9e3779b97f4a7c15 + uint64(b)*0xd1342543de82ef95 + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// WriteTo implements io.WriterTo: it writes the list as CSV.
func (l list) WriteTo(w io.Writer) (int64, error) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	written, err := buffered.WriteString(listHeader)
	total := int64(written)
	line := make([]byte, 0, 64)
	for r := range l.rows() {
		line = append(appendName(line[:0], r.product), ';')
		line = append(strconv.AppendInt(line, r.cents/100, 10), '.', byte('0'+r.cents/10%10), byte('0'+r.cents%10), '\n')
		if written, err = buffered.Write(line); err != nil {
			break
		}
		total += int64(written)
	}
	if err != nil {
		return total, err
	}
	return total, buffered.Flush()
}

// appendName appends the name of a product, such as Product 0007919 deluxe edition.
func appendName(buf []byte, product int) []byte {
	buf = append(buf, "Product "...)
	for digit := 1_000_000; digit > 0; digit /= 10 {
		buf = append(buf, byte('0'+product/digit%10))
	}
	return append(buf, " deluxe edition"...)
}

// productOf returns the number in a name that appendName made.
func productOf(name string) int {
	number, _ := strconv.Atoi(name[len("Product ") : len("Product ")+7]) // it is one
	return number
}

// observations returns what a fetch of the list publishes.
func (l list) observations() iter.Seq[events.Observation] {
	return func(yield func(events.Observation) bool) {
		line, position := int64(1), l.position()
		for r := range l.rows() {
			line++
			if !yield(events.Observation{
				Source: source, Name: string(appendName(nil, r.product)), Price: events.Price{Micros: r.cents * microsPerCent},
				Position: position, Line: line,
			}) {
				return
			}
		}
	}
}

// position is that of a fetch of this version.
func (l list) position() events.Position {
	const first = 1_700_000_000_000_000 // some time in 2023
	fetch := uuid.UUID{6: 0x70, 8: 0x80, 15: byte(l.version)}
	return events.Position{ObservedAt: events.Micros(first + int64(l.version)*1_000_000), Fetch: fetch}
}

// batches gathers what a sequence yields, size by size; a batch is good until the next one.
func batches[T any](all iter.Seq[T], size int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		batch := make([]T, 0, size)
		for v := range all {
			if batch = append(batch, v); len(batch) < size {
				continue
			}
			if !yield(batch) {
				return
			}
			batch = batch[:0]
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}
