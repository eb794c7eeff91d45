package fetch

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// The sample holds the lowest hashes of all that was noted, whatever the order, each with its last price.
func TestListSample(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		products := rapid.SliceOfN(rapid.Uint64Range(0, 600), 0, 2000).Draw(t, "products")
		var sample listSample
		last := map[uint64]int64{}
		for i, product := range products {
			var id events.ProductID
			binary.BigEndian.PutUint64(id[:8], product)
			sample.note(id, int64(i), 0)
			last[product] = int64(i)
		}
		want := slices.Sorted(func(yield func(uint64) bool) {
			for product := range last {
				if !yield(product) {
					return
				}
			}
		})
		want = want[:min(len(want), maxSampled)]
		got := sample.event()
		if !slices.Equal(got.GetProducts(), want) {
			t.Fatalf("products %v, want %v", got.GetProducts(), want)
		}
		for i, product := range got.GetProducts() {
			if got.GetAmountsMicros()[i] != last[product] {
				t.Fatalf("product %d at %d, want %d", product, got.GetAmountsMicros()[i], last[product])
			}
		}
	})
}

// Where a list has dates the latest price counts, wherever it stands.
func TestListSampleOfDays(t *testing.T) {
	t.Parallel()
	var sample listSample
	id := events.NewProductID("s", "x")
	sample.note(id, 30, 3)
	sample.note(id, 10, 1)
	sample.note(id, 20, 2)
	if got := sample.event().GetAmountsMicros(); !slices.Equal(got, []int64{30}) {
		t.Errorf("%v", got)
	}
	sample.note(id, 31, 3)
	if got := sample.event().GetAmountsMicros(); !slices.Equal(got, []int64{31}) {
		t.Errorf("%v", got)
	}
}
