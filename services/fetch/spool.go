package fetch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/atlant-log/atlant/events"
)

// spool keeps downloaded lists until they are published, so that a retry reads the same bytes. A file is there whole or
// not at all.
type spool struct {
	dir string
}

func newSpool(dir string) (spool, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return spool{}, fmt.Errorf("make spool: %w", err)
	}
	return spool{dir: dir}, nil
}

func (s spool) path(id events.FetchID) string { return filepath.Join(s.dir, id.String()+".csv") }

// open returns the list of a fetch, or fs.ErrNotExist.
func (s spool) open(id events.FetchID) (*os.File, error) { return os.Open(s.path(id)) }

// write stores what fill writes, durably, and returns it open for reading. Where fill fails nothing is kept.
func (s spool) write(id events.FetchID, fill func(*part) error) (*os.File, error) {
	path := s.path(id) + ".part"
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, spoolError{err}
	}
	if err := fill(&part{file: file}); err != nil {
		return nil, errors.Join(err, discard(file))
	}
	if err := file.Sync(); err != nil {
		return nil, errors.Join(spoolError{err}, discard(file))
	}
	if err := os.Rename(path, s.path(id)); err != nil {
		return nil, errors.Join(spoolError{err}, discard(file))
	}
	if err := syncDir(s.dir); err != nil {
		return nil, errors.Join(spoolError{err}, file.Close())
	}
	return file, nil
}

// remove forgets the list of a fetch; there need not be one.
func (s spool) remove(id events.FetchID) error {
	for _, path := range []string{s.path(id), s.path(id) + ".part"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("empty spool: %w", err)
		}
	}
	return nil
}

// spoolError is a fault of this machine's disk, not of the list.
type spoolError struct{ err error }

func (e spoolError) Error() string { return "the list cannot be kept on disk: " + e.err.Error() }
func (e spoolError) Unwrap() error { return e.err }

// part is a list that is being written. Its errors are spoolErrors.
type part struct {
	file *os.File
	size int64
}

func (p *part) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.size += int64(n)
	if err != nil {
		return n, spoolError{err}
	}
	return n, nil
}

// restart throws away what was written.
func (p *part) restart() error {
	if p.size == 0 {
		return nil
	}
	_, err := p.file.Seek(0, io.SeekStart)
	if err := errors.Join(err, p.file.Truncate(0)); err != nil {
		return spoolError{err}
	}
	p.size = 0
	return nil
}

func discard(file *os.File) error {
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// syncDir makes a rename durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
