package projections

// pieceSize is how many items are in a piece.
const pieceSize = 1 << 12

// pieces is a list that grows without being copied: of millions of items that would take longer than what is done with each, and
// twice the room. Items stay where they are.
type pieces[T any] struct{ all [][]T }

func (p *pieces[T]) len() int {
	if len(p.all) == 0 {
		return 0
	}
	last := len(p.all) - 1
	return last*pieceSize + len(p.all[last])
}

// at returns an item that is there.
func (p *pieces[T]) at(i int) *T { return &p.all[i/pieceSize][i%pieceSize] }

// add appends an item.
func (p *pieces[T]) add(item T) {
	last := len(p.all) - 1
	if last < 0 || len(p.all[last]) == pieceSize {
		p.all = append(p.all, make([]T, 0, pieceSize))
		last++
	}
	p.all[last] = append(p.all[last], item)
}
