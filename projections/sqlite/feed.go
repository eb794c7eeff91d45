package sqlite

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/atlant-log/atlant/projections"
)

// selectFeed reads up to the message that the last of so many changes is of.
const selectFeed = "SELECT " + changeColumns + ` FROM changes c INDEXED BY changes_by_place CROSS JOIN products p ON p.product = c.product
	WHERE c.shard = ?1 AND c.sequence > ?2 AND c.sequence <= coalesce(
		(SELECT l.sequence FROM changes l INDEXED BY changes_by_place WHERE l.shard = ?1 AND l.sequence > ?2
			ORDER BY l.sequence LIMIT 1 OFFSET ?3 - 1), 0x7fffffffffffffff)`

// FeedChanges implements projections.ProductQueries.
func (db *DB) FeedChanges(ctx context.Context, shard uint32, after uint64, limit int) ([]projections.Change, error) {
	changes, err := db.readChanges(ctx, selectFeed, []any{shard, int64(min(after, math.MaxInt64)), limit})
	if err != nil {
		return nil, db.failed("read changes of", fmt.Sprintf("shard %d", shard), err)
	}
	slices.SortFunc(changes, projections.CompareInFeed)
	return changes, nil
}
