//go:build unix

package folder_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Whoever opens a pipe waits for somebody at its other end.
func TestPipeIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.csv"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, dir, "file:///pipe.csv", 0); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("got %v", err)
	}
}
