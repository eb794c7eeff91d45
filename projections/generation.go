package projections

import (
	"context"

	"github.com/atlant-log/atlant/events"
)

// LiveViews tells which views are served.
type LiveViews interface {
	// Live returns the views of the live generation. Ask again for every request: a rebuild may have switched to others.
	Live(ctx context.Context) (Views, error)
}

// Store keeps generations of views, of which one is live: it is served, and projected to. Its methods may be called from
// many goroutines at once, and by many processes.
type Store interface {
	LiveViews
	// Generations says which generations there are. A store that is empty has one, which is live.
	Generations(ctx context.Context) (Generations, error)
	// SetGenerations replaces the record, in one write that every reader sees. It returns ErrConflict if the record is not
	// the one with was.Revision any more; the new one's revision is that plus one, whatever now says.
	SetGenerations(ctx context.Context, was, now Generations) error
	// Views returns the views of a generation, and makes what they need to be stored, but no indexes for lists.
	Views(ctx context.Context, number int64) (Views, error)
	// DropViews removes every generation but these. Whoever uses the views of one that is removed meets errors.
	DropViews(ctx context.Context, keep ...int64) error
	// Close releases the store and all views; nothing of it may be used after.
	Close() error
}

// Generations is the record of which generations there are. A number is given once and never again; 0 stands for none.
type Generations struct {
	Revision int64 `json:"revision"`
	Live     int64 `json:"live"`     // is served
	Previous int64 `json:"previous"` // was live before, and is kept for a rollback
	Next     int64 `json:"next"`     // is being filled
	Last     int64 `json:"last"`     // the highest number given
	// How far the filling of Next has come; nil without one.
	Fill *Fill `json:"fill,omitempty"`
}

// Fill says how a generation is filled, so that whoever goes on with it writes the same.
type Fill struct {
	// For each stream: the sequence up to which it is folded before anything is inserted.
	Targets map[events.Stream]uint64 `json:"targets"`
	Passes  int                      `json:"passes"`  // over the log, each for one range of product ids
	Done    int                      `json:"done"`    // of them
	Late    map[events.Stream]int64  `json:"late"`    // observations that came too late to count, in the passes done
	Version string                   `json:"version"` // of the program that folds
}

// Fixed is views that are used whichever are live.
type Fixed struct{ Views }

// Live implements LiveViews.
func (f Fixed) Live(context.Context) (Views, error) { return f.Views, nil }
