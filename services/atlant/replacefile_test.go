package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// replaceBy has a file replaced by a text, or fails with an error after it.
func replaceBy(path, text string, failure error) error {
	return replaceFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return errors.Join(err, failure)
	})
}

func wantText(t *testing.T, path, want string) os.FileMode {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != want {
		t.Errorf("%s holds %q, error %v, want %q", path, data, err, want)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func TestReplaceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := replaceBy(path, "one", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := replaceBy(path, "two", nil); err != nil {
		t.Fatal(err)
	}
	if mode := wantText(t, path, "two"); mode.Perm() != 0o640 {
		t.Errorf("its permissions are %v", mode)
	}
	broken := errors.New("broken off")
	if err := replaceBy(path, "thr", broken); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	wantText(t, path, "two")
	if err := os.Symlink("file", link); err != nil {
		t.Skip(err) // not everybody may on every system
	}
	if err := replaceBy(link, "four", nil); err != nil {
		t.Fatal(err)
	}
	if mode := wantText(t, link, "four"); mode&os.ModeSymlink == 0 {
		t.Error("the link is none any more")
	}
	wantText(t, path, "four")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("what is there: %v, error %v", left, err)
	}
}

// A device takes what is written; it is not replaced.
func TestReplaceDevice(t *testing.T) {
	t.Parallel()
	if err := replaceBy(os.DevNull, "text", nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%v, error %v", info, err)
	}
}
