package projections

import (
	"context"
	"errors"
	"sync"
	"time"
)

// waitingBatch is the batch that waits to be applied. It grows until somebody takes it: the longer the views take to write
// one batch, the larger is the next.
type waitingBatch struct {
	limit int           // in bytes of messages, unless a single portion has more
	added chan struct{} // holds something when there may be something to take
	taken chan struct{} // holds something when there may be room

	mu    sync.Mutex
	batch *decodedBatch // nil if none waits
	ended bool
	err   error // why nothing more comes; nil: all was read
}

func newWaitingBatch(limit int) *waitingBatch {
	return &waitingBatch{limit: limit, added: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// add blocks while there is no room, and returns an error only when the context ends.
func (w *waitingBatch) add(ctx context.Context, next *decodedBatch) error {
	for !w.tryAdd(next) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.taken:
		}
	}
	signal(w.added)
	return nil
}

func (w *waitingBatch) tryAdd(next *decodedBatch) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.batch == nil:
		w.batch = next
	case w.batch.bytes+next.bytes <= w.limit:
		w.batch.join(next)
	default:
		return false
	}
	return true
}

// end says that nothing more comes, and why.
func (w *waitingBatch) end(err error) {
	w.mu.Lock()
	w.ended, w.err = true, err
	w.mu.Unlock()
	signal(w.added)
}

// errIdle says that no batch came for a while.
var errIdle = errors.New("nothing waits")

// take blocks until a batch waits. It returns none when nothing more comes, with the reason, when the context ends, or, with
// errIdle, when none came in time.
func (w *waitingBatch) take(ctx context.Context, patience time.Duration) (*decodedBatch, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		w.mu.Lock()
		batch, ended, err := w.batch, w.ended, w.err
		w.batch = nil
		w.mu.Unlock()
		if batch != nil {
			signal(w.taken)
			return batch, nil
		}
		if ended {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-late.C:
			return nil, errIdle
		case <-w.added:
		}
	}
}

// signal never blocks: one signal that waits is as good as many.
func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}
