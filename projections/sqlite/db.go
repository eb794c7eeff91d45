// Package sqlite keeps the views in SQLite files, one for each generation.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"

	_ "modernc.org/sqlite" // the driver

	"github.com/atlant-log/atlant/projections"
)

var _ projections.Views = (*DB)(nil)

// DB is one generation of the views, in one file. One connection writes; a pool of others reads, and none waits for another.
type DB struct {
	generation int64
	path       string
	writer     *writer
	reader     *reader
	extents    *extentsReader
	words      *wordIndexer
}

// Pragmas of every connection. The writer holds the upper part of the indexes in its cache; a reader needs one page of a
// list at a time.
var (
	writerPragmas = []string{
		"page_size(4096)", // counts only for a new file, and only before the journal is set
		"journal_mode(WAL)",
		// Not FULL: after a power cut the views may have lost their last batches, and the checkpoint with them, because it
		// is in the same file. They are then folded again.
		"synchronous(NORMAL)",
		"cache_size(" + writerCache + ")",
		// A batch dirties pages all over the indexes. The longer the log of pages, the fewer times each is written back.
		"wal_autocheckpoint(65536)",
		// One transaction that builds indexes makes the log as large as the file; it is cut back when it begins anew.
		"journal_size_limit(268435456)",
		"temp_store(MEMORY)",
		"busy_timeout(10000)",
	}
	readerPragmas = []string{"query_only(1)", "cache_size(-8192)", "temp_store(MEMORY)", "busy_timeout(10000)"}
)

// openDB opens the views in the file, which is made, without indexes for lists, if it does not exist. It returns an error
// that wraps ErrUnusable where the file holds something else, or views of another version, or is damaged: deleting it has
// the views rebuilt.
func openDB(ctx context.Context, path string, generation int64) (*DB, error) {
	db := &DB{generation: generation, path: path}
	if err := db.open(ctx); err != nil {
		return nil, errors.Join(db.failed("open views", path, err), db.close())
	}
	return db, nil
}

// Generation implements projections.Views.
func (db *DB) Generation() int64 { return db.generation }

func (db *DB) open(ctx context.Context) error {
	// Before anything is written: the file may be somebody else's.
	if err := inspect(ctx, db.path); err != nil {
		return err
	}
	pool, err := connect(db.path, writerPragmas)
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1)
	db.writer = newWriter(pool)
	if err := db.writer.do(ctx, createSchema); err != nil {
		return err
	}
	pool, err = connect(db.path, readerPragmas)
	if err != nil {
		return err
	}
	connections := max(4, runtime.GOMAXPROCS(0))
	pool.SetMaxOpenConns(connections + 1) // that of extents
	pool.SetMaxIdleConns(connections)
	db.reader, db.extents = newReader(pool), &extentsReader{pool: pool}
	db.words = newWordIndexer(ctx, db.writer)
	return nil
}

// connect returns a pool of connections to the file with these pragmas.
func connect(path string, pragmas []string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("resolve path: %w", err)
	}
	// A URI, so that a path may hold a question mark.
	location := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return sql.Open("sqlite", location.String())
}

// close closes the file. The writer goes last: whoever does folds the write-ahead log into the file.
func (db *DB) close() error {
	var errs []error
	if db.words != nil {
		db.words.close()
	}
	if db.reader != nil {
		errs = append(errs, db.extents.close(), db.reader.close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	return db.failed("close views", db.path, errors.Join(errs...))
}
