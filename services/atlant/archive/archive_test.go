package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/services/atlant/archive"
)

func ignore(int64) {}

// write writes an archive of files and returns its path.
func write(t *testing.T, files map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "archive.zip")
	w, err := archive.Create(path, "v1")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		to, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		for piece := range bytes.SplitAfterSeq(data, []byte{0}) { // in several writes
			if _, err := to.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("it is in its place before it is whole: %v", err)
	}
	size, err := w.Commit(map[string]int{"files": len(files)})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want %d bytes that only the owner may read", info, err, size)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Fatalf("the folder holds %v, %v", left, err)
	}
	return path
}

func sampleFiles() map[string][]byte {
	return map[string][]byte{"A/data": bytes.Repeat([]byte("some\x00data "), 1000), "A/head": []byte("{}"), "B/empty": {}}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	files := sampleFiles()
	path := write(t, files)
	r, err := archive.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var contents map[string]int
	if err := json.Unmarshal(r.Contents, &contents); err != nil || contents["files"] != len(files) || r.By != "v1" || r.ID == "" {
		t.Errorf("got manifest %+v, %v", r.Manifest, err)
	}
	var read int64
	if err := r.Check(t.Context(), func(bytes int64) { read = bytes }); err != nil || read != r.Bytes() {
		t.Errorf("read %d bytes of %d: %v", read, r.Bytes(), err)
	}
	for name, want := range files {
		if got, err := fs.ReadFile(r, name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes, %v, want %d", name, len(got), err, len(want))
		}
	}
}

// What is there stays, and what is given up leaves nothing.
func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	path := write(t, sampleFiles())
	if _, err := archive.Create(path, "v1"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	other := path + ".2"
	w, err := archive.Create(other, "v1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Create("a"); err != nil {
		t.Fatal(err)
	}
	if err := w.Discard(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// check opens an archive of these bytes and checks it.
func check(t *rapid.T, path string, data []byte) error {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := archive.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return r.Check(t.Context(), ignore)
}

// An archive of which a byte was changed is found out, or says the same as before: in a ZIP file there are some that say nothing.
func TestDamage(t *testing.T) {
	t.Parallel()
	files := sampleFiles()
	whole, err := os.ReadFile(write(t, files))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "damaged.zip")
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(whole)-1).Draw(t, "at")
		damaged := bytes.Clone(whole)
		damaged[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "change"))
		if err := check(t, path, damaged); err != nil {
			return
		}
		r, err := archive.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		for name, want := range files {
			if got, err := fs.ReadFile(r, name); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("byte %d: %s is not what was written, and nobody has noticed: %v", at, name, err)
			}
		}
	})
}

// Of an archive that was cut off nothing can be used.
func TestTruncation(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(write(t, sampleFiles()))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "part.zip")
	rapid.Check(t, func(t *rapid.T) {
		end := rapid.IntRange(0, len(whole)-1).Draw(t, "end")
		if err := check(t, path, whole[:end]); !errors.Is(err, archive.ErrDamaged) {
			t.Fatalf("%d of %d bytes: got %v", end, len(whole), err)
		}
	})
}

func TestNewerFormat(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "newer.zip")
	if err := os.WriteFile(path, withManifest(t, `{"format":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Open(path); !errors.Is(err, archive.ErrNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

// withManifest is an archive of a manifest and nothing else.
func withManifest(t *testing.T, manifest string) []byte {
	t.Helper()
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	to, err := w.Create("manifest.json")
	if err == nil {
		_, err = to.Write([]byte(manifest))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}
