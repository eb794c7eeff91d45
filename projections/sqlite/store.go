package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/atlant-log/atlant/projections"
)

var _ projections.Store = (*Store)(nil)

// Store is a folder with a file for each generation, and the record of which there are. Several processes may use it.
type Store struct {
	dir    string
	record record

	mu     sync.Mutex
	opened map[int64]*DB
	listed map[int64]bool // which of them have their indexes for lists
	closed bool

	outdated bool // when it was opened
}

// Open opens the views in the folder, which is made if it is missing. Where an older version of this program has made the
// live generation, an empty one takes its place: see Outdated. It returns an error that wraps ErrUnusable where the live
// generation cannot be used.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder of the views: %w", err)
	}
	s := &Store{dir: dir, record: record{dir: dir}, opened: map[int64]*DB{}, listed: map[int64]bool{}}
	now, err := s.Generations(ctx)
	if err == nil {
		_, err = s.listedViews(ctx, now.Live)
	}
	if errors.Is(err, errOutdated) {
		err = s.beginAnew(ctx, now)
	} else if err == nil {
		err = s.leaveOutdated(ctx, now.Live)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Outdated tells whether Open found views of an older version of this program, and put empty ones in their place: the
// projectors fill them from the log.
func (s *Store) Outdated() bool { return s.outdated }

// beginAnew makes an empty generation live, in place of the one that was found to be of an older version, and removes all others.
func (s *Store) beginAnew(ctx context.Context, found projections.Generations) error {
	s.outdated = true
	empty := projections.Generations{Live: found.Last + 1, Last: found.Last + 1}
	err := s.SetGenerations(ctx, found, empty)
	if err == nil {
		err = s.DropViews(ctx, empty.Live)
	}
	if err == nil || errors.Is(err, projections.ErrConflict) { // another process has done it
		_, err = s.Live(ctx)
	}
	return err
}

// leaveOutdated removes what was opened if it was made just then, in place of outdated views that another process had removed.
func (s *Store) leaveOutdated(ctx context.Context, opened int64) error {
	now, err := s.Generations(ctx)
	if err != nil || opened == now.Live || opened == now.Previous || opened == now.Next {
		return err
	}
	return s.DropViews(ctx, now.Live, now.Previous, now.Next)
}

// Live implements projections.LiveViews.
func (s *Store) Live(ctx context.Context) (projections.Views, error) {
	now, err := s.Generations(ctx)
	if err != nil {
		return nil, err
	}
	return s.listedViews(ctx, now.Live)
}

// listedViews returns the views of a generation, which have their indexes for lists.
func (s *Store) listedViews(ctx context.Context, number int64) (projections.Views, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	db, err := s.open(ctx, number)
	if err != nil || s.listed[number] {
		return db, err
	}
	if err := db.BuildIndexes(ctx); err != nil {
		return nil, err
	}
	s.listed[number] = true
	return db, nil
}

// Views implements projections.Store.
func (s *Store) Views(ctx context.Context, number int64) (projections.Views, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(ctx, number)
}

// open returns the views of a generation, opened once.
func (s *Store) open(ctx context.Context, number int64) (*DB, error) {
	if s.closed {
		return nil, errors.New("sqlite: the store is closed")
	}
	if db := s.opened[number]; db != nil {
		return db, nil
	}
	db, err := openDB(ctx, s.path(number), number)
	if err != nil {
		return nil, err
	}
	s.opened[number] = db
	return db, nil
}

// Names of the files in the folder: generation-1.db, and with the same name in front what SQLite puts beside it.
const (
	filePrefix = "generation-"
	fileSuffix = ".db"
)

func (s *Store) path(number int64) string {
	return filepath.Join(s.dir, filePrefix+strconv.FormatInt(number, 10)+fileSuffix)
}

// DropViews implements projections.Store.
func (s *Store) DropViews(_ context.Context, keep ...int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for number, db := range s.opened {
		if !slices.Contains(keep, number) {
			errs = append(errs, db.close())
			delete(s.opened, number)
			delete(s.listed, number)
		}
	}
	files, err := filepath.Glob(filepath.Join(s.dir, filePrefix+"*"+fileSuffix+"*"))
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, file := range files {
		number, ok := generationOf(filepath.Base(file))
		if ok && !slices.Contains(keep, number) {
			errs = append(errs, os.Remove(file))
		}
	}
	return errors.Join(errs...)
}

// generationOf returns the generation that a file is of.
func generationOf(name string) (int64, bool) {
	digits, _, ok := strings.Cut(strings.TrimPrefix(name, filePrefix), fileSuffix)
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, ok && err == nil
}

// Close implements projections.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for number, db := range s.opened {
		errs = append(errs, db.close())
		delete(s.opened, number)
	}
	return errors.Join(errs...)
}
