// Package folder gets lists from one folder of the machine, and from nowhere else on it.
package folder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
)

// Opener finds files in a folder: file:///a/b.csv is a/b.csv in it. Neither .. nor a link leads out of it.
type Opener struct {
	// Dir is the folder; empty means that nothing is taken from the machine.
	Dir string
}

var _ remote.Opener = (*Opener)(nil)

// Check tells whether there is such a folder, if there is to be one.
func (o *Opener) Check() error {
	if o.Dir == "" {
		return nil
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return err
	}
	return root.Close()
}

// Open implements remote.Opener. It does not wait for anybody.
func (o *Opener) Open(_ context.Context, list *url.URL, _ *atlantv1.Credentials) (remote.File, error) {
	if o.Dir == "" {
		return nil, remote.Refused("lists are not taken from the machine that Atlant runs on; " +
			"whoever runs it can allow one folder with --lists-folder")
	}
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, explain(err)
	}
	defer func() { _ = root.Close() }() // files stay open
	name := filepath.FromSlash(strings.TrimLeft(list.Path, "/"))
	info, err := root.Stat(name) // to open what is no file can take for ever
	if err != nil {
		return nil, explain(err)
	}
	if !info.Mode().IsRegular() {
		return nil, remote.Refused("that is no file in the folder of lists")
	}
	opened, err := root.Open(name)
	if err != nil {
		return nil, explain(err)
	}
	if info, err = opened.Stat(); err != nil {
		return nil, errors.Join(explain(err), opened.Close())
	}
	return &file{File: opened, size: info.Size()}, nil
}

// explain says what is wrong, and keeps to itself where the folder is.
func explain(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		err = failed.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return remote.Refused("there is no such file in the folder of lists")
	case errors.Is(err, fs.ErrPermission):
		return remote.Refused("Atlant may not read that file in the folder of lists")
	default:
		return remote.Refused("the file in the folder of lists cannot be read: %w", err)
	}
}

// file is a file of the folder. Its time tells nothing: it may be a copy's, and reading the file costs little.
type file struct {
	*os.File
	size int64
}

// Info implements remote.File.
func (f *file) Info() remote.Info { return remote.Info{Size: f.size} }

// From implements remote.File.
func (f *file) From(offset int64) (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(f.File, offset, 1<<62)), nil
}
