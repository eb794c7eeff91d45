package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
)

// writer is the one connection that writes, with its prepared statements.
type writer struct {
	turn       chan struct{} // holds one token: whoever has it may write
	pool       *sql.DB
	conn       *sql.Conn // nil until it is needed, and after a failure that left it in doubt
	statements map[statementKey]*sql.Stmt
	known      numberTable
	begun      atomic.Int64 // transactions so far
}

type statementKey struct {
	statement *rowStatement
	rows      int
}

func newWriter(pool *sql.DB) *writer {
	w := &writer{turn: make(chan struct{}, 1), pool: pool, statements: map[statementKey]*sql.Stmt{}}
	w.turn <- struct{}{}
	return w
}

// do runs a transaction: all that fn writes, or nothing if it fails.
func (w *writer) do(ctx context.Context, fn func(context.Context, *transaction) error) error {
	return w.inTurn(ctx, func() error { return w.transact(ctx, fn) })
}

// How large the cache of the writer is: in KiB, which the minus says. While it sorts it is half as large.
const (
	writerCache  = "-65536"
	sortingCache = "-32768"
)

// doSorting runs a transaction that sorts much. Half of the cache makes room for it: as much as the cache may then hold is sorted in
// memory, and what does not fit goes to temporary files.
func (w *writer) doSorting(ctx context.Context, fn func(context.Context, *transaction) error) error {
	return w.inTurn(ctx, func() error {
		if err := w.connect(ctx); err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(ctx, "PRAGMA temp_store = FILE; PRAGMA cache_size = "+sortingCache); err != nil {
			return fmt.Errorf("sort in files: %w", err)
		}
		err := w.transact(ctx, fn)
		if w.conn == nil { // the next one has the pragmas of all
			return err
		}
		// Not a new connection: to give all of a cache back, page by page, can take as long as building the indexes.
		const asBefore = "PRAGMA temp_store = MEMORY; PRAGMA cache_size = " + writerCache
		if _, failed := w.conn.ExecContext(context.WithoutCancel(ctx), asBefore); failed != nil {
			return errors.Join(err, failed, w.discard())
		}
		return err
	})
}

func (w *writer) inTurn(ctx context.Context, do func() error) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.turn:
	}
	defer func() { w.turn <- struct{}{} }()
	return do()
}

func (w *writer) transact(ctx context.Context, fn func(context.Context, *transaction) error) error {
	w.begun.Add(1)
	if err := w.begin(ctx); err != nil {
		return errors.Join(err, w.discard())
	}
	if err := fn(ctx, &transaction{w}); err != nil {
		w.known.forget() // what was inserted now is not
		return errors.Join(err, w.rollback(ctx))
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		w.known.forget()
		return errors.Join(fmt.Errorf("commit: %w", err), w.discard())
	}
	return nil
}

// begin takes the write lock at once: a lock that is asked for after reading can fail without waiting.
func (w *writer) begin(ctx context.Context) error {
	if err := w.connect(ctx); err != nil {
		return err
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

func (w *writer) connect(ctx context.Context) (err error) {
	if w.conn != nil {
		return nil
	}
	if w.conn, err = w.pool.Conn(ctx); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

func (w *writer) rollback(ctx context.Context) error {
	_, err := w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err != nil {
		// SQLite has rolled back already, as it does after some failures, or the connection is broken. Either way a new
		// one is clean.
		return w.discard()
	}
	return nil
}

// discard closes the connection; the next transaction makes another one.
func (w *writer) discard() error {
	if w.conn == nil {
		return nil
	}
	var errs []error
	for key, statement := range w.statements {
		errs = append(errs, statement.Close())
		delete(w.statements, key)
	}
	// The pool would keep it otherwise.
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	if err := w.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
		errs = append(errs, err)
	}
	w.conn = nil
	return errors.Join(errs...)
}

// close waits for the transaction that runs. Those after it fail, because the pool is closed.
func (w *writer) close() error {
	<-w.turn
	defer func() { w.turn <- struct{}{} }()
	return errors.Join(w.discard(), w.pool.Close())
}

func (w *writer) prepare(ctx context.Context, s *rowStatement, rows int) (*sql.Stmt, error) {
	key := statementKey{s, rows}
	if prepared, ok := w.statements[key]; ok {
		return prepared, nil
	}
	prepared, err := w.conn.PrepareContext(ctx, s.text(rows))
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	w.statements[key] = prepared
	return prepared, nil
}

// transaction is the writer between BEGIN and COMMIT.
type transaction struct{ w *writer }

// execText runs SQL that is needed once.
func (tx *transaction) execText(ctx context.Context, text string, args ...any) error {
	_, err := tx.w.conn.ExecContext(ctx, text, args...)
	return err
}

// queryRow reads one row of SQL that is needed rarely.
func (tx *transaction) queryRow(ctx context.Context, text string, args []any, into ...any) error {
	return tx.w.conn.QueryRowContext(ctx, text, args...).Scan(into...)
}

// query calls scan for each row that the statement gives for a list of parameters.
func (tx *transaction) query(ctx context.Context, s *rowStatement, args []any, scan func(*sql.Rows) error) error {
	prepared, err := tx.w.prepare(ctx, s, len(args))
	if err != nil {
		return err
	}
	rows, err := prepared.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// exec runs the statement for so many rows and returns how many it wrote.
func (tx *transaction) exec(ctx context.Context, s *rowStatement, rows int, args []any) (int64, error) {
	prepared, err := tx.w.prepare(ctx, s, rows)
	if err != nil {
		return 0, err
	}
	result, err := prepared.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// execRows runs the statement for n rows, many at a time, and returns how many it wrote; bind appends the parameters of
// a row.
func (tx *transaction) execRows(
	ctx context.Context, s *rowStatement, n int, bind func(args []any, i int) []any,
) (int64, error) {
	var args []any
	var written int64
	for start := 0; start < n; start += rowsPerStatement {
		rows := min(rowsPerStatement, n-start)
		args = args[:0]
		for i := range rows {
			args = bind(args, start+i)
		}
		affected, err := tx.exec(ctx, s, rows, args)
		if err != nil {
			return 0, err
		}
		written += affected
	}
	return written, nil
}
