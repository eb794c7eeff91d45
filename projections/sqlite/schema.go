package sqlite

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
)

//go:embed schema.sql
var schema string

//go:embed indexes.sql
var indexes string

// What schema.sql writes into the head of the file.
const (
	applicationID = 0x41544c54 // "ATLT"
	schemaVersion = 3
)

const selectHead = `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
	(SELECT count(*) FROM sqlite_schema)`

// head is what a file says of itself.
type head struct{ application, version, objects int64 }

func (h head) empty() bool { return h == head{} }

func (h head) check(path string) error {
	switch {
	case h.empty():
		return nil
	case h.application != applicationID:
		return fmt.Errorf("%s is an SQLite file of another program: %w", path, ErrUnusable)
	case h.version < schemaVersion:
		return fmt.Errorf("%s has views of %w %d, this program needs %d: %w", path, errOutdated, h.version, schemaVersion, ErrUnusable)
	case h.version > schemaVersion:
		return fmt.Errorf("%s has schema version %d, this program needs %d: %w", path, h.version, schemaVersion, ErrUnusable)
	}
	return nil
}

// errOutdated: an older version of this program made the file.
var errOutdated = errors.New("schema version")

// inspect looks at the file without writing to it, and fails where it is not ours.
func inspect(ctx context.Context, path string) (err error) {
	pool, err := connect(path, []string{"busy_timeout(10000)"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	var h head
	if err := pool.QueryRowContext(ctx, selectHead).Scan(&h.application, &h.version, &h.objects); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	return h.check(path)
}

// createSchema fills an empty file; in a transaction, because another process may be doing the same.
func createSchema(ctx context.Context, tx *transaction) error {
	var h head
	err := tx.queryRow(ctx, selectHead, nil, &h.application, &h.version, &h.objects)
	if err != nil || !h.empty() {
		return err
	}
	if err := tx.execText(ctx, schema); err != nil {
		return err
	}
	return tx.indexIDs(ctx)
}

// isIndexMissing tells whether a statement names an index that there is not.
func isIndexMissing(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no such index")
}
