package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/atlant-log/atlant/projections"
)

// firstGenerations is the record of a store that is empty.
var firstGenerations = projections.Generations{Revision: 1, Live: 1, Last: 1}

// record is the file that says which generations there are. It is replaced by renaming, so a reader finds one whole; who
// replaces it holds a lock.
type record struct{ dir string }

func (r record) path() string { return filepath.Join(r.dir, "generations.json") }

// read returns what the file says; without a file there is the first generation, and nothing else.
func (r record) read() (projections.Generations, error) {
	data, err := os.ReadFile(r.path())
	if errors.Is(err, fs.ErrNotExist) {
		return firstGenerations, nil
	}
	if err != nil {
		return projections.Generations{}, fmt.Errorf("read generations of the views: %w", err)
	}
	var now projections.Generations
	if err := json.Unmarshal(data, &now); err != nil || now.Live < 1 {
		return now, fmt.Errorf("read %s: it is damaged: stop Atlant, delete the folder of the views, and they are rebuilt", r.path())
	}
	return now, nil
}

// write replaces the record if its revision is the one given.
func (r record) write(revision int64, now projections.Generations) (err error) {
	lock := flock.New(filepath.Join(r.dir, "lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	before, err := r.read()
	if err != nil {
		return err
	}
	if before.Revision != revision {
		return projections.ErrConflict
	}
	now.Revision = revision + 1
	data, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		return fmt.Errorf("encode generations of the views: %w", err)
	}
	part := r.path() + ".part"
	if err := writeSynced(part, data); err != nil {
		return fmt.Errorf("write generations of the views: %w", err)
	}
	return os.Rename(part, r.path())
}

func writeSynced(path string, data []byte) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		return errors.Join(err, file.Close())
	}
	return errors.Join(file.Sync(), file.Close())
}

// Generations implements projections.Store.
func (s *Store) Generations(context.Context) (projections.Generations, error) { return s.record.read() }

// SetGenerations implements projections.Store.
func (s *Store) SetGenerations(_ context.Context, was, now projections.Generations) error {
	return s.record.write(was.Revision, now)
}
