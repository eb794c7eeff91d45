package fetch

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// replacedRows is what repeats should find, the plain way.
func replacedRows(names []string) map[int]bool {
	last := map[string]int{}
	for i, name := range names {
		last[name] = i
	}
	replaced := map[int]bool{}
	for i, name := range names {
		if last[name] != i {
			replaced[i] = true
		}
	}
	return replaced
}

func TestRepeatsFindsAllButTheLastRowOfAProduct(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[a-f]{1,2}`), 0, 200).Draw(t, "names")
		var r repeats
		for _, name := range names {
			r.note(events.NewProductID("s", name))
		}
		r.forgetRows()
		for i, name := range names {
			r.settle(events.NewProductID("s", name), int64(i))
		}
		got := map[int]bool{}
		for i, name := range names {
			if r.replaced(events.NewProductID("s", name), int64(i)) {
				got[i] = true
			}
		}
		want := replacedRows(names)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if r.rowsReplaced() != int64(len(want)) || r.any() != (len(want) > 0) {
			t.Fatalf("counted %d, any %t, want %d", r.rowsReplaced(), r.any(), len(want))
		}
	})
}

// Two products with one hash must not be taken for one.
func TestRepeatsKeepsProductsWithOneHashApart(t *testing.T) {
	t.Parallel()
	a := events.NewProductID("s", "a")
	b := a
	b[0], b[8] = b[0]^0xff, b[8]^0xff // the halves are combined by xor
	if hashOf(a) != hashOf(b) {
		t.Fatal("the ids were to share a hash")
	}
	var r repeats
	r.note(a)
	r.note(b)
	r.settle(a, 1)
	r.settle(b, 2)
	if !r.any() {
		t.Error("the hash came up twice")
	}
	if r.replaced(a, 1) || r.replaced(b, 2) || r.rowsReplaced() != 0 {
		t.Error("a product was taken for another one")
	}
}

func TestHashSetIsASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.Uint64Range(0, 5000)).Draw(t, "hashes")
		var s hashSet
		seen := map[uint64]bool{}
		for _, h := range hashes {
			if s.add(h) == seen[h] {
				t.Fatalf("add(%d) is new: %t", h, seen[h])
			}
			seen[h] = true
		}
	})
}

func BenchmarkRepeatsNote(b *testing.B) {
	ids := make([]events.ProductID, 1<<16)
	for i := range ids {
		ids[i] = events.NewProductID("s", string(rune('a'+i%26))+string(rune(i)))
	}
	var r repeats
	for i := 0; b.Loop(); i++ {
		r.note(ids[i%len(ids)])
	}
}
