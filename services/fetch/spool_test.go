package fetch

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"

	"github.com/google/uuid"
)

func newTestSpool(tb testing.TB) spool {
	tb.Helper()
	s, err := newSpool(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func filesIn(tb testing.TB, s spool) int {
	tb.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		tb.Fatal(err)
	}
	return len(entries)
}

func TestSpoolKeepsAWholeList(t *testing.T) {
	t.Parallel()
	s, id := newTestSpool(t), uuid.New()
	written, err := s.write(id, func(w *part) error {
		w.contentType = "text/csv; charset=utf-8"
		_, err := io.WriteString(w, "a;1\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := written.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := s.open(id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(kept)
	if err := errors.Join(err, kept.Close()); err != nil {
		t.Fatal(err)
	}
	if string(text) != "a;1\n" {
		t.Errorf("kept %q", text)
	}
	if kept, err := s.contentType(id); err != nil || kept != "text/csv; charset=utf-8" {
		t.Errorf("kept type %q, %v", kept, err)
	}
	if err := errors.Join(s.remove(id), s.remove(id)); err != nil {
		t.Errorf("removing, and removing again: %v", err)
	}
	if n := filesIn(t, s); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestSpoolKeepsNothingOfABrokenDownload(t *testing.T) {
	t.Parallel()
	s, id := newTestSpool(t), uuid.New()
	broken := errors.New("broken")
	_, err := s.write(id, func(w *part) error {
		_, err := io.WriteString(w, "a;1\n")
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := s.open(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
	if n := filesIn(t, s); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestSpoolTellsFaultsOfTheDiskApart(t *testing.T) {
	t.Parallel()
	s := newTestSpool(t)
	if err := os.Remove(s.dir); err != nil {
		t.Fatal(err)
	}
	_, err := s.write(uuid.New(), func(*part) error { return nil })
	if _, ok := errors.AsType[spoolError](err); !ok {
		t.Errorf("got %v", err)
	}
	if !isFinal(err) {
		t.Error("a disk that takes nothing must end the fetch")
	}
}
