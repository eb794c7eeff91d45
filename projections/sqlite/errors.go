package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// ErrUnusable says that the file cannot serve as views. Its text tells the operator what to do.
var ErrUnusable = errors.New("the views cannot be used. The log has everything: stop Atlant, delete this file and those " +
	"beside it that end in -wal and -shm, and the views are rebuilt")

// failed says what the operation was and what it was on; nil stays nil.
func (db *DB) failed(operation, object string, err error) error {
	if err == nil {
		return nil
	}
	if isDamage(err) && !errors.Is(err, ErrUnusable) {
		err = fmt.Errorf("%s is damaged or not an SQLite file: %w: %w", db.path, err, ErrUnusable)
	}
	return fmt.Errorf("sqlite: %s %s: %w", operation, object, err)
}

func isDamage(err error) bool {
	const primary = 0xff // the rest of a code says more about the same
	var failure *driver.Error
	if !errors.As(err, &failure) {
		return false
	}
	code := failure.Code() & primary
	return code == codes.SQLITE_CORRUPT || code == codes.SQLITE_NOTADB
}
