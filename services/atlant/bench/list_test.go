package bench

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// TestListText reads the text of a list back: it is what the list says it is, the same each time, and has each product once.
func TestListText(t *testing.T) {
	t.Parallel()
	for _, products := range []int{1, 2, 999, 7919, 15838, 20_000} {
		l := list{products: products, version: 3, changed: 5}
		var text, again bytes.Buffer
		size, err := l.WriteTo(&text)
		if err != nil || size != int64(text.Len()) {
			t.Fatalf("%d products: %d of %d bytes, %v", products, size, text.Len(), err)
		}
		if _, err := l.WriteTo(&again); err != nil || !bytes.Equal(text.Bytes(), again.Bytes()) {
			t.Fatalf("%d products: another text the second time, %v", products, err)
		}
		reader := csv.NewReader(&text)
		reader.Comma = ';'
		records, err := reader.ReadAll()
		if err != nil || len(records) != products+1 {
			t.Fatalf("%d products: %d records, %v", products, len(records), err)
		}
		names, line := map[string]bool{}, 0
		for o := range l.observations() {
			line++
			names[o.Name] = true
			cents := o.Price.Micros / microsPerCent
			want := []string{o.Name, fmt.Sprintf("%d.%02d", cents/100, cents%100)}
			if got := records[line]; got[0] != want[0] || got[1] != want[1] || o.Line != int64(line)+1 {
				t.Fatalf("%d products: record %d is %q, observed is %q in line %d", products, line, got, want, o.Line)
			}
			if cents != l.cents(productOf(o.Name)) {
				t.Fatalf("%d products: %s is observed at another price than the list has", products, o.Name)
			}
		}
		if len(names) != products {
			t.Errorf("%d products: %d names", products, len(names))
		}
	}
}

// TestListVersions compares two versions: as many prices differ as were asked for.
func TestListVersions(t *testing.T) {
	t.Parallel()
	const products = 20_000
	rapid.Check(t, func(t *rapid.T) {
		changed, version := rapid.IntRange(0, 100).Draw(t, "changed"), rapid.IntRange(1, 20).Draw(t, "version")
		before, after := list{products, version - 1, changed}, list{products, version, changed}
		differ := 0
		for product := range products {
			if before.cents(product) != after.cents(product) {
				differ++
			}
		}
		if want := products / 100 * changed; differ < want-products/50 || differ > want+products/50 {
			t.Fatalf("%d of %d prices differ, %d were asked for", differ, products, want)
		}
	})
}

func TestBatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows, size := rapid.IntRange(1, 50).Draw(t, "rows"), rapid.IntRange(1, 20).Draw(t, "size")
		var read []int
		for batch := range batches(func(yield func(int) bool) {
			for i := range rows {
				if !yield(i) {
					return
				}
			}
		}, size) {
			if len(batch) > size || len(batch) < size && len(read)+len(batch) != rows {
				t.Fatalf("a batch of %d", len(batch))
			}
			read = append(read, batch...)
		}
		for i := range rows {
			if len(read) != rows || read[i] != i {
				t.Fatalf("read %v", read)
			}
		}
	})
}
