package projections

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// TestPortions: of any number of portions each id is in one, behind the id before it and not behind the one before the next, and in
// one of its parts. Ids at the bounds are likely.
func TestPortions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of, parts := rapid.IntRange(1, 3000).Draw(t, "portions"), rapid.IntRange(1, 300).Draw(t, "parts")
		var id events.ProductID
		bound := uint64(rapid.IntRange(0, of*parts).Draw(t, "bound")) << 32 / uint64(of*parts)
		binary.BigEndian.PutUint32(id[:4], uint32(bound)+uint32(rapid.IntRange(-1, 1).Draw(t, "beside")))
		id[15] = rapid.Byte().Draw(t, "end")

		whole := portion{portionOf(id, of), of}
		if !whole.holds(id) || whole.index < 0 || whole.index >= of {
			t.Fatalf("%v is in portion %d of %d", id, whole.index, of)
		}
		wantBetween(t, id, whole)
		var within []portion
		for i := range parts {
			if part := whole.part(i, parts); part.holds(id) {
				within = append(within, part)
			}
		}
		if len(within) != 1 {
			t.Fatalf("%v is in %v of the parts of %v", id, within, whole)
		}
		wantBetween(t, id, within[0])
	})
}

// wantBetween checks that an id of a portion is between the ids before it and before the next.
func wantBetween(t *rapid.T, id events.ProductID, p portion) {
	t.Helper()
	if before := p.before(); before != nil && bytes.Compare(id[:], before[:]) <= 0 {
		t.Fatalf("%v of %v is not behind %v", id, p, before)
	}
	if p.index+1 < p.of {
		next := portion{p.index + 1, p.of}
		if before := next.before(); bytes.Compare(id[:], before[:]) > 0 {
			t.Fatalf("%v of %v is behind %v", id, p, before)
		}
	}
}
