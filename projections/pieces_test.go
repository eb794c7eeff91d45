package projections

import "testing"

// TestPieces: what was added is found in its place, and stays where it is.
func TestPieces(t *testing.T) {
	t.Parallel()
	var p pieces[int]
	var first *int
	for i := range 3*pieceSize + 1 {
		if p.len() != i {
			t.Fatalf("%d items after %d", p.len(), i)
		}
		p.add(i)
		if i == 0 {
			first = p.at(0)
		}
	}
	for i := range p.len() {
		if got := *p.at(i); got != i {
			t.Fatalf("item %d is %d", i, got)
		}
	}
	if p.at(0) != first {
		t.Error("the first item was moved")
	}
}
