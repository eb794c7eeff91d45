package archive

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
)

// manifestLimit bounds what is read of a manifest, which names two files for each of at most a hundred streams.
const manifestLimit = 16 << 20

// Reader reads an archive. It implements fs.FS.
type Reader struct {
	Manifest

	zip *zip.ReadCloser
}

var _ fs.FS = (*Reader)(nil)

// Open opens an archive and reads its manifest. It returns fs.ErrNotExist, ErrDamaged or ErrNewer. What is in the files it does
// not look at: Check does.
func Open(path string) (*Reader, error) {
	opened, err := zip.OpenReader(path)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	r := &Reader{zip: opened}
	if err := r.readManifest(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, errors.Join(err, opened.Close()))
	}
	return r, nil
}

func (r *Reader) readManifest() error {
	file, err := r.zip.Open(manifestName)
	if err != nil {
		return fmt.Errorf("%w: it has no manifest", ErrDamaged)
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, manifestLimit))
	if err == nil {
		err = json.Unmarshal(data, &r.Manifest)
	}
	if err != nil {
		return fmt.Errorf("%w: its manifest cannot be read: %w", ErrDamaged, err)
	}
	if r.Format > format {
		return fmt.Errorf("%w: its format is %d, this one knows %d", ErrNewer, r.Format, format)
	}
	return nil
}

// Open implements fs.FS.
func (r *Reader) Open(name string) (fs.File, error) { return r.zip.Open(name) }

// Close closes the archive.
func (r *Reader) Close() error { return r.zip.Close() }

// Check reads all of the archive and returns ErrDamaged unless each file is there and as it was written, and no other. It
// reports how many bytes it has read.
func (r *Reader) Check(ctx context.Context, report func(bytes int64)) error {
	if there, want := len(r.zip.File), len(r.Files)+1; there != want {
		return fmt.Errorf("%w: it holds %d files, its manifest names %d", ErrDamaged, there-1, want-1)
	}
	done := int64(0)
	for _, want := range r.Files {
		sum := &summer{ctx: ctx, hash: sha256.New(), done: done, report: report}
		file, err := r.zip.Open(want.Name)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		_, err = io.Copy(sum, file)
		_ = file.Close() // it was only read
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("%w: read %s: %w", ErrDamaged, want.Name, err)
		case sum.done-done != want.Bytes || hex.EncodeToString(sum.hash.Sum(nil)) != want.SHA256:
			return fmt.Errorf("%w: %s is not what was written", ErrDamaged, want.Name)
		}
		done = sum.done
	}
	return nil
}

// summer sums up what is written to it, until its context ends.
type summer struct {
	ctx    context.Context //nolint:containedctx // a writer is not given any
	hash   hash.Hash
	done   int64
	report func(int64)
}

// Write implements io.Writer.
func (s *summer) Write(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.hash.Write(p)
	s.done += int64(n)
	s.report(s.done)
	return n, err
}
