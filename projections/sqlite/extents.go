package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// ListProductsAt implements projections.ProductQueries. While nothing is written it is one query, and two looks at whether
// anything was.
func (db *DB) ListProductsAt(
	ctx context.Context, query projections.ProductQuery, shards int,
) ([]projections.Product, []projections.Extent, error) {
	before, extents, err := db.extents.read(ctx, shards)
	if isIndexMissing(err) { // the last changes cannot be found
		return projections.ListAfterPosition(ctx, db, query, shards)
	}
	if err != nil {
		return nil, nil, db.failed("tell", "how far the views are", err)
	}
	page, err := db.ListProducts(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	after, err := db.extents.version(ctx)
	if err != nil {
		return nil, nil, db.failed("tell", "whether the views have changed", err)
	}
	if after != before {
		for shard := range extents {
			extents[shard].LastChange = projections.AnyChange
		}
	}
	return page, extents, nil
}

// extentsReader tells how far the views are, and reads it again only once something was written, by whichever process. It has a
// connection of its own: the version that SQLite gives a file counts what this one connection has noticed.
type extentsReader struct {
	pool *sql.DB

	mu    sync.Mutex
	conn  *sql.Conn // nil until it is needed, and after a failure
	look  *sql.Stmt // reads the version
	known []projections.Extent
	at    int64 // the version that known was read at
}

// read returns how far the views are in each shard, which is the caller's, and at which version of the file that is so.
func (r *extentsReader) read(ctx context.Context, shards int) (int64, []projections.Extent, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, err := r.lookAt(ctx)
	if err != nil {
		return 0, nil, err
	}
	if now != r.at || len(r.known) != shards {
		r.known = nil
		if r.known, r.at, err = r.readExtents(ctx, shards); err != nil {
			return 0, nil, err
		}
	}
	return r.at, slices.Clone(r.known), nil
}

// version returns a number that is another one after anything was written to the file.
func (r *extentsReader) version(ctx context.Context) (int64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookAt(ctx)
}

// lookAt reads the version, on a new connection if there is none, whose versions are others.
func (r *extentsReader) lookAt(ctx context.Context) (version int64, err error) {
	ctx = context.WithoutCancel(ctx) // to watch over it takes longer than it does
	if r.conn == nil {
		r.known = nil
		if r.conn, err = r.pool.Conn(ctx); err != nil {
			return 0, fmt.Errorf("connect: %w", err)
		}
		if r.look, err = r.conn.PrepareContext(ctx, "PRAGMA data_version"); err != nil {
			return 0, errors.Join(err, r.disconnect())
		}
	}
	if err := r.look.QueryRowContext(ctx).Scan(&version); err != nil {
		return 0, errors.Join(err, r.disconnect())
	}
	return version, nil
}

// selectExtents is one statement, so that all of it is so at one version.
var selectExtents = &rowStatement{
	before: withRows, row: "(?,?)",
	after: `) SELECT (SELECT data_version FROM pragma_data_version),
		coalesce((SELECT sequence FROM checkpoints WHERE stream = v.column2), 0),
		coalesce((SELECT max(sequence) FROM changes INDEXED BY changes_by_place WHERE shard = v.column1), 0)
		FROM v ORDER BY v.column1`,
}

func (r *extentsReader) readExtents(ctx context.Context, shards int) (extents []projections.Extent, version int64, err error) {
	var args []any
	for shard := range shards {
		args = append(args, shard, string(events.PriceStream(shard)))
	}
	rows, err := r.conn.QueryContext(ctx, selectExtents.text(shards), args...)
	if err != nil {
		return nil, 0, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var checkpoint, lastChange int64
		err := rows.Scan(&version, &checkpoint, &lastChange)
		extents = append(extents, projections.Extent{Checkpoint: uint64(checkpoint), LastChange: uint64(lastChange)})
		return err
	})
	return extents, version, err
}

// disconnect gives the connection back; the next look takes another one.
func (r *extentsReader) disconnect() error {
	if r.conn == nil {
		return nil
	}
	var errs []error
	if r.look != nil {
		errs = append(errs, r.look.Close())
	}
	errs = append(errs, r.conn.Close())
	r.conn, r.look = nil, nil
	return errors.Join(errs...)
}

func (r *extentsReader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.disconnect()
}
