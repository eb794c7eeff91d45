package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxPrepared bounds the statements that the reader keeps: those of lists of many sources depend on how many there are.
const maxPrepared = 500

// reader is the pool of connections that read, with its prepared statements. Every read is one statement, so that no
// reader holds up the reuse of the write-ahead log for longer than that.
type reader struct {
	pool *sql.DB

	mu         sync.Mutex
	statements map[string]*sql.Stmt
}

func newReader(pool *sql.DB) *reader {
	return &reader{pool: pool, statements: map[string]*sql.Stmt{}}
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, statement := range r.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, r.pool.Close())...)
}

// prepare returns nil for a statement that is not worth keeping.
func (r *reader) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	r.mu.Lock()
	prepared, full := r.statements[text], len(r.statements) >= maxPrepared
	r.mu.Unlock()
	if prepared != nil || full {
		return prepared, nil
	}
	prepared, err := r.pool.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other, ok := r.statements[text]; ok {
		return other, prepared.Close()
	}
	r.statements[text] = prepared
	return prepared, nil
}

// query calls scan for each row that the statement gives.
func (r *reader) query(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	prepared, err := r.prepare(ctx, text)
	if err != nil {
		return err
	}
	var rows *sql.Rows
	if prepared == nil {
		rows, err = r.pool.QueryContext(ctx, text, args...)
	} else {
		rows, err = prepared.QueryContext(ctx, args...)
	}
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// eachRow calls scan for each row, and closes them.
func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
