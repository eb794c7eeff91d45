package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/uuid"
)

// replaceFile writes a file that is there whole, or as it was before: beside it first, with its permissions. Where a link leads
// there, the link stays. What is no file, such as a pipe, is written to as it is.
func replaceFile(path string, write func(io.Writer) error) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return writeInto(path, write)
	case err == nil:
		target, err := filepath.EvalSymlinks(path)
		if err != nil {
			return failed("", "cannot write %s: %v", path, err)
		}
		path = target
	case !errors.Is(err, fs.ErrNotExist):
		return failed("", "cannot write %s: %v", path, err)
	}
	part := path + ".part-" + uuid.NewString()
	file, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) //nolint:gosec // less what the umask takes
	if err != nil {
		return failed("", "cannot write %s: %v", path, err)
	}
	if info != nil {
		err = file.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = write(file)
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return failed("", "cannot write %s: %v", path, errors.Join(err, os.Remove(part)))
	}
	return nil
}

func writeInto(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return failed("", "cannot write %s: %v", path, err)
	}
	return errors.Join(write(file), file.Close())
}
