package archive

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/uuid"
)

// Writer writes an archive beside its place, and puts it there when it is whole. Its methods are for one goroutine at a time.
type Writer struct {
	path     string
	file     *os.File
	zip      *zip.Writer
	manifest Manifest
	sum      hash.Hash // of the file that is being written
}

// Create begins an archive, which only its owner may read. It returns fs.ErrExist where there is something at the path. One of
// Commit and Discard must be called at the end.
func Create(path, by string) (*Writer, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s: %w", path, fs.ErrExist)
		}
		return nil, err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return nil, err
	}
	return &Writer{
		path: path, file: file, zip: zip.NewWriter(file),
		manifest: Manifest{Format: format, ID: uuid.NewString(), Written: time.Now().UTC(), By: by},
	}, nil
}

// Create begins a file of the archive. What is written goes there until the next one begins; it is not compressed.
func (w *Writer) Create(name string) (io.Writer, error) {
	w.endFile()
	to, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: w.manifest.Written})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", w.path, err)
	}
	w.sum = sha256.New()
	w.manifest.Files = append(w.manifest.Files, File{Name: name})
	return &fileWriter{Writer: w, file: &w.manifest.Files[len(w.manifest.Files)-1], to: io.MultiWriter(to, w.sum)}, nil
}

// endFile notes the sum of the file that was written last.
func (w *Writer) endFile() {
	if w.sum != nil {
		w.manifest.Files[len(w.manifest.Files)-1].SHA256 = hex.EncodeToString(w.sum.Sum(nil))
		w.sum = nil
	}
}

// fileWriter writes one file.
type fileWriter struct {
	*Writer

	file *File
	to   io.Writer
}

// Write implements io.Writer.
func (w *fileWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.file.Bytes += int64(n)
	if err != nil {
		err = fmt.Errorf("write %s: %w", w.path, err)
	}
	return n, err
}

// Commit ends the archive with what is to be said of its files, and puts it in its place: it is on the disk then. It returns the
// size of the archive in bytes.
func (w *Writer) Commit(contents any) (size int64, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", w.path, errors.Join(err, w.Discard()))
		}
	}()
	w.endFile()
	if w.manifest.Contents, err = json.Marshal(contents); err != nil {
		return 0, err
	}
	to, err := w.zip.Create(manifestName)
	if err != nil {
		return 0, err
	}
	if err := json.NewEncoder(to).Encode(w.manifest); err != nil {
		return 0, err
	}
	if err := errors.Join(w.zip.Close(), w.file.Sync()); err != nil {
		return 0, err
	}
	info, err := w.file.Stat()
	if err != nil {
		return 0, err
	}
	if err := w.file.Close(); err != nil {
		return 0, err
	}
	if err := os.Rename(w.file.Name(), w.path); err != nil {
		return 0, err
	}
	return info.Size(), syncFolder(filepath.Dir(w.path))
}

// Discard removes what was written.
func (w *Writer) Discard() error {
	_ = w.file.Close() // it is of no use, however it ends
	if err := os.Remove(w.file.Name()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder puts the names in a folder on the disk; on Windows that cannot be asked for.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
