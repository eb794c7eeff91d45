package projections

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/atlant-log/atlant/events"
)

// DigestSums are the sums of the digests of what views hold of products, one for each of so many equal ranges of ids: the same in
// whatever order it was read. Several goroutines may add to them at once.
type DigestSums struct {
	Seed     maphash.Seed // of the digests; sums can be compared where it is the same
	sums     []atomic.Uint64
	products atomic.Int64
}

// NewDigestSums returns sums of nothing.
func NewDigestSums(seed maphash.Seed, ranges int) *DigestSums {
	return &DigestSums{Seed: seed, sums: make([]atomic.Uint64, ranges)}
}

// AddProduct adds the digest of a product itself.
func (s *DigestSums) AddProduct(id events.ProductID, digest uint64) {
	s.Add(id, digest)
	s.products.Add(1)
}

// Add adds the digest of something else that is stored of a product.
func (s *DigestSums) Add(id events.ProductID, digest uint64) {
	s.sums[portionOf(id, len(s.sums))].Add(digest)
}

// Products returns how many products were added.
func (s *DigestSums) Products() int64 { return s.products.Load() }

// Equal tells whether both are sums of the same in a range of ids.
func (s *DigestSums) Equal(other *DigestSums, index int) bool {
	return s.sums[index].Load() == other.sums[index].Load()
}

const (
	productsPerRange = 1000 // that are compared one by one where the sums differ
	// If more than one in so many ranges of a portion differ, as when a list is being taken in, all of the portion is compared at once.
	scatteredRanges = 4
)

// comparedSums are what two generations hold, summed up: the ranges of several portions, which are compared product by product only
// where they differ. To read all products by id, as that needs, takes several times as long as to read them in any order.
type comparedSums struct {
	portions, ranges int // portions, and ranges in each
	want, got        *DigestSums
}

func newComparedSums(products int64) *comparedSums {
	s := &comparedSums{portions: portions(products, productsPerPass/2)} // of both generations
	s.ranges = portions(products/int64(s.portions), productsPerRange)
	seed := maphash.MakeSeed()
	s.want, s.got = NewDigestSums(seed, s.portions*s.ranges), NewDigestSums(seed, s.portions*s.ranges)
	return s
}

// unequal returns the parts of a portion that differ, or the whole if they are many.
func (s *comparedSums) unequal(index int) []portion {
	whole := portion{index, s.portions}
	var parts []portion
	for i := range s.ranges {
		if part := whole.part(i, s.ranges); !s.want.Equal(s.got, part.index) {
			parts = append(parts, part)
		}
	}
	if len(parts) > s.ranges/scatteredRanges {
		return []portion{whole}
	}
	return parts
}
