package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// wordIndexer takes the names of new products into the index on their words, behind the writes that brought them: taking one
// in costs about what the whole rest of a new product does. Searches test the names that are not in it yet. Should it fail, it
// goes on when the next products come, or the file is opened again.
type wordIndexer struct {
	writer *writer
	wake   chan struct{} // holds one token: there may be something to do
	held   atomic.Bool
	stop   context.CancelFunc
	ended  sync.WaitGroup
}

// newWordIndexer returns one that is held. It works until it is closed, whatever becomes of the context.
func newWordIndexer(ctx context.Context, w *writer) *wordIndexer {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	x := &wordIndexer{writer: w, wake: make(chan struct{}, 1), stop: stop}
	x.held.Store(true)
	x.ended.Go(func() { x.run(ctx) })
	return x
}

// hold makes it rest, while many products are inserted at once.
func (x *wordIndexer) hold() { x.held.Store(true) }

// release ends that.
func (x *wordIndexer) release() {
	x.held.Store(false)
	x.follow()
}

// follow tells it that there are new products.
func (x *wordIndexer) follow() {
	select {
	case x.wake <- struct{}{}:
	default: // it has not yet begun with what it was told before
	}
}

// close blocks until it has ended.
func (x *wordIndexer) close() {
	x.stop()
	x.ended.Wait()
}

const (
	wordsPerTransaction = 1000 // products; a writer waits as long as these take, some 20 ms
	busyShare           = 4    // while others write, it rests this many times as long as it works
)

func (x *wordIndexer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.wake:
		}
		for more := true; more && !x.held.Load() && ctx.Err() == nil; {
			more = x.advance(ctx)
		}
	}
}

// advance takes some products in, and tells whether it did and there may be more.
func (x *wordIndexer) advance(ctx context.Context) bool {
	began, before := time.Now(), x.writer.begun.Load()
	var taken int64
	err := x.writer.do(ctx, func(ctx context.Context, tx *transaction) (err error) {
		taken, err = tx.indexWords(ctx, wordsPerTransaction)
		return err
	})
	if err != nil || taken < wordsPerTransaction {
		return false
	}
	if x.writer.begun.Load() > before+1 {
		select {
		case <-ctx.Done():
		case <-time.After(busyShare * time.Since(began)):
		}
	}
	return true
}

// forgetWords is executed before a product is removed. The index holds no names, and has to be told what to forget.
const forgetWords = `INSERT INTO name_words (name_words, rowid, words) SELECT 'delete', product, words_of(name)
	FROM products WHERE id = ? AND product <= (SELECT product FROM name_words_end)`

// indexWords takes the next products into the index, at most so many, and returns how many that were.
func (tx *transaction) indexWords(ctx context.Context, most int64) (taken int64, err error) {
	const behind = "FROM products WHERE product > (SELECT product FROM name_words_end) ORDER BY product LIMIT ?"
	var last int64
	text := "SELECT count(*), coalesce(max(product), 0) FROM (SELECT product " + behind + ")"
	if err := tx.queryRow(ctx, text, []any{most}, &taken, &last); err != nil || taken == 0 {
		return 0, err
	}
	if err := tx.execText(ctx, "INSERT INTO name_words (rowid, words) SELECT product, words_of(name) "+behind, most); err != nil {
		return 0, err
	}
	return taken, tx.execText(ctx, "UPDATE name_words_end SET product = ?", last)
}
