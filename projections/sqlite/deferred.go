package sqlite

import (
	"context"
	"fmt"

	"github.com/atlant-log/atlant/projections"
)

// idIndex is the index on the ids of products. A first load does without it as well as the others, for ids are random: once
// the index is larger than the cache, each batch writes all of it.
const idIndex = "products_by_id"

// BuildIndexes implements projections.Filling. Writers wait meanwhile, readers do not. The words of names are not waited for:
// lists do without, see wordIndexer.
func (db *DB) BuildIndexes(ctx context.Context) error {
	err := db.writer.doSorting(ctx, func(ctx context.Context, tx *transaction) error { return tx.buildIndexes(ctx) })
	if err == nil {
		db.words.release()
	}
	return db.failed("build indexes of", db.path, err)
}

func (tx *transaction) buildIndexes(ctx context.Context) error {
	if err := tx.indexIDs(ctx); err != nil {
		return err
	}
	return tx.execText(ctx, indexes)
}

// DeferIndexes implements projections.Filling. If the process dies before they are built, the next one builds them when it
// opens the store.
func (db *DB) DeferIndexes(ctx context.Context, most int64) (projections.FirstLoad, error) {
	deferred := false
	err := db.writer.do(ctx, func(ctx context.Context, tx *transaction) error {
		var some int64
		err := tx.queryRow(ctx, "SELECT count(*) FROM (SELECT 1 FROM products LIMIT ?)", []any{most + 1}, &some)
		if err != nil {
			return err
		}
		if some > most {
			// Unless another shard's first load is at it: then this one joins.
			indexed, err := tx.idsIndexed(ctx)
			deferred = err == nil && !indexed
			return err
		}
		deferred = true
		db.words.hold()
		for key := projections.SortByName; key <= projections.SortByFirstObservedAt; key++ {
			if err := tx.execText(ctx, "DROP INDEX IF EXISTS "+sortOrderOf(key).index); err != nil {
				return err
			}
		}
		return tx.execText(ctx, "DROP INDEX IF EXISTS "+idIndex)
	})
	if err != nil || !deferred {
		return nil, db.failed("drop indexes of", db.path, err)
	}
	return db, nil
}

// IndexIDs implements projections.FirstLoad.
func (db *DB) IndexIDs(ctx context.Context) error {
	err := db.writer.doSorting(ctx, func(ctx context.Context, tx *transaction) error { return tx.indexIDs(ctx) })
	return db.failed("index ids of", db.path, err)
}

// indexIDs builds the index on ids if a first load went without it. Whoever looks up ids, or relies on each being stored only
// once, calls it first, in the same transaction.
func (tx *transaction) indexIDs(ctx context.Context) error {
	return tx.execText(ctx, "CREATE UNIQUE INDEX IF NOT EXISTS "+idIndex+" ON products (id)")
}

// AppendPrices implements projections.FirstLoad. It is one transaction.
func (db *DB) AppendPrices(
	ctx context.Context, products []projections.Product, behind uint64, checkpoint projections.Checkpoint, index bool,
) error {
	do := db.writer.do
	if index {
		do = db.writer.doSorting
	}
	err := do(ctx, func(ctx context.Context, tx *transaction) error {
		// Two projectors that append the same products would store them twice where no index forbids it: only one moves the
		// checkpoint from here.
		var at int64
		const text = "SELECT coalesce(max(sequence), 0) FROM checkpoints WHERE stream = ?"
		if err := tx.queryRow(ctx, text, []any{string(checkpoint.Stream)}, &at); err != nil {
			return err
		}
		if uint64(at) != behind {
			return projections.ErrConflict
		}
		if err := tx.appendProducts(ctx, products); err != nil {
			return fmt.Errorf("insert products: %w", err)
		}
		if index {
			if err := tx.buildIndexes(ctx); err != nil {
				return fmt.Errorf("build indexes: %w", err)
			}
		}
		return tx.writeCheckpoint(ctx, checkpoint)
	})
	switch {
	case err == nil && index:
		db.words.release()
	case err == nil:
		db.words.follow()
	}
	return db.failed("append prices of", string(checkpoint.Stream), err)
}

// appendProducts inserts products as insertProducts does, but relies on no index.
func (tx *transaction) appendProducts(ctx context.Context, products []projections.Product) error {
	indexed, err := tx.idsIndexed(ctx)
	if err != nil {
		return err
	}
	if indexed { // another projector needed it
		return tx.insertProducts(ctx, products)
	}
	return tx.writeProducts(ctx, appendProducts, products)
}

func (tx *transaction) idsIndexed(ctx context.Context) (indexed bool, err error) {
	const text = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?)"
	err = tx.queryRow(ctx, text, []any{idIndex}, &indexed)
	return indexed, err
}
