package mongo

import (
	"context"
	"slices"
	"sync"
)

const (
	idsPerCommand     = 1000
	documentsPerWrite = 2000
	// A connection does one thing at a time, and so does the server for it. Even on the same two cores, four at once write
	// 1.4 times as fast as one.
	workers = 4
	// A command of fewer costs more than it is worth to have several of them at once.
	minChunk = 200
)

// eachChunk calls do for chunks of items, of at most size each and several at once, and returns an error if one did; the
// others are then told to end.
func eachChunk[T any](ctx context.Context, items []T, size int, do func(ctx context.Context, chunk []T) error) error {
	// Where all fits into fewer chunks than there are workers, each gets an equal part.
	size = min(size, max(minChunk, (len(items)+workers-1)/workers))
	if len(items) <= size { // nearly always
		if len(items) == 0 {
			return nil
		}
		return do(ctx, items)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	turns := make(chan struct{}, workers)
	for chunk := range slices.Chunk(items, size) {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			if err := do(ctx, chunk); err != nil {
				cancel(err) // the first one counts
			}
			<-turns
		})
	}
	group.Wait()
	return context.Cause(ctx)
}
