package fetch

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/services/fetch/listtext"
)

// spool keeps downloaded lists until they are published, so that a retry reads the same bytes, and reads them in the same way. A
// list is there whole or not at all. Beside it is what the server said its type is, and while it is worked on its text, where that
// is not the bytes as they are.
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

func (s spool) typePath(id events.FetchID) string { return filepath.Join(s.dir, id.String()+".type") }

func (s spool) textPath(id events.FetchID) string { return filepath.Join(s.dir, id.String()+".text") }

// open returns the list of a fetch, or fs.ErrNotExist.
func (s spool) open(id events.FetchID) (*os.File, error) { return os.Open(s.path(id)) }

// contentType returns the type of a list that is in the spool, empty if the server told none.
func (s spool) contentType(id events.FetchID) (string, error) {
	text, err := os.ReadFile(s.typePath(id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", spoolError{err}
	}
	return string(text), nil
}

// write stores what fill writes and the content type that it notes, durably, and returns the list open for reading. Where fill
// fails nothing is kept.
func (s spool) write(id events.FetchID, fill func(*part) error) (*os.File, error) {
	path := s.path(id) + ".part"
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, spoolError{err}
	}
	to := &part{file: file}
	if err := fill(to); err != nil {
		return nil, errors.Join(err, discard(file))
	}
	if err := s.writeType(id, to.contentType); err != nil { // before the list is there: where it is, its type is known
		return nil, errors.Join(spoolError{err}, discard(file))
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

func (s spool) writeType(id events.FetchID, contentType string) error {
	file, err := os.OpenFile(s.typePath(id), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, contentType)
	return errors.Join(err, file.Sync(), file.Close())
}

// createText makes an empty file for the text of a list, in place of what an earlier attempt left.
func (s spool) createText(id events.FetchID) (*textFile, error) {
	file, err := os.OpenFile(s.textPath(id), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, spoolError{err}
	}
	return &textFile{File: file}, nil
}

// remove forgets the list of a fetch; there need not be one.
func (s spool) remove(id events.FetchID) error {
	for _, path := range []string{s.path(id), s.path(id) + ".part", s.typePath(id), s.textPath(id)} {
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
	file        *os.File
	size        int64
	contentType string // as the server says
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
	if err := empty(p.file); err != nil {
		return err
	}
	p.size = 0
	return nil
}

// empty throws away what a file holds.
func empty(file *os.File) error {
	_, err := file.Seek(0, io.SeekStart)
	if err := errors.Join(err, file.Truncate(0)); err != nil {
		return spoolError{err}
	}
	return nil
}

// textFile holds the text of a list while it is worked on. It can be made again from the list, so that it need not be durable.
type textFile struct{ *os.File }

var _ listtext.File = (*textFile)(nil)

// Write implements listtext.File.
func (f *textFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil {
		return n, spoolError{err}
	}
	return n, nil
}

// Reset implements listtext.File.
func (f *textFile) Reset() error { return empty(f.File) }

// discard ends the work with the text.
func (f *textFile) discard() error { return discard(f.File) }

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
