package projections

import (
	"math/rand/v2"
	"testing"

	"github.com/atlant-log/atlant/events"
)

// TestUnequalParts: where little differs the parts that hold it are compared, and where much does all of the portion.
func TestUnequalParts(t *testing.T) {
	t.Parallel()
	const products = 600_000
	random := rand.New(rand.NewPCG(1, 2))
	ids := make([]events.ProductID, 20_000) // of those a few are enough
	for i := range ids {
		for b := range ids[i] {
			ids[i][b] = byte(random.Uint32())
		}
	}
	unequal := func(damaged []events.ProductID) (all []portion, sums *comparedSums) {
		sums = newComparedSums(products)
		for i, id := range ids {
			sums.want.AddProduct(id, uint64(i))
			other := ids[len(ids)-1-i] // in another order
			sums.got.AddProduct(other, uint64(len(ids)-1-i))
		}
		for _, id := range damaged {
			sums.got.Add(id, random.Uint64())
		}
		for index := range sums.portions {
			all = append(all, sums.unequal(index)...)
		}
		return all, sums
	}

	if all, sums := unequal(nil); len(all) != 0 || sums.portions != 3 || sums.ranges < 100 {
		t.Fatalf("%v of equal sums differ; %d portions of %d ranges", all, sums.portions, sums.ranges)
	}
	for _, id := range ids[:100] {
		all, sums := unequal([]events.ProductID{id})
		if len(all) != 1 || !all[0].holds(id) || all[0].of != sums.portions*sums.ranges {
			t.Fatalf("%v was changed, and %v differ", id, all)
		}
	}
	all, sums := unequal(ids)
	if len(all) != sums.portions {
		t.Fatalf("%d pieces are compared where all differs", len(all))
	}
	for i, p := range all {
		if p != (portion{i, sums.portions}) {
			t.Errorf("piece %d is %v", i, p)
		}
	}
}
