package projections

import (
	"slices"
	"sync"
)

// keptChanges is how many changes of a pass are kept in memory, about 100 bytes each. Where there are more the pass reads the
// log a second time for them: they can only be inserted when their products are.
const keptChanges = 500_000

// changeList keeps the changes of a replay, of several shards at once, and finds those of a product. It keeps all or none.
type changeList struct {
	mu   sync.Mutex
	all  pieces[listedChange]
	full bool // there were too many, none is kept
}

type listedChange struct {
	Change

	before uint32 // the one of the same product before it, counted from 1
}

// take is a changeTaker.
func (l *changeList) take(p *replayed, c *Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full = l.full || l.all.len() == keptChanges; l.full {
		l.all = pieces[listedChange]{}
		return nil
	}
	l.all.add(listedChange{*c, p.kept})
	p.kept = uint32(l.all.len())
	return nil
}

// appendOf appends the changes of a product, in their order.
func (l *changeList) appendOf(into []Change, p *replayed) []Change {
	if l.full {
		return into
	}
	start := len(into)
	for at := int(p.kept); at > 0; {
		listed := l.all.at(at - 1)
		into, at = append(into, listed.Change), int(listed.before)
	}
	slices.Reverse(into[start:])
	return into
}
