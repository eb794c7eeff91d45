package folder_test

import (
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/fetch/remote/folder"
)

const list = "Oat Milk;1.99\n"

// tree makes a folder of lists with a file beside it, and returns both paths.
func tree(tb testing.TB) (dir, outside string) {
	tb.Helper()
	base := tb.TempDir()
	dir, outside = filepath.Join(base, "lists"), filepath.Join(base, "secret.csv")
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "a"), 0o700),
		os.WriteFile(outside, []byte("secret;1\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "a", "list 1.csv"), []byte(list), 0o600),
		os.Symlink("a/list 1.csv", filepath.Join(dir, "inside.csv")),
		os.Symlink("../secret.csv", filepath.Join(dir, "relative.csv")),
		os.Symlink(outside, filepath.Join(dir, "absolute.csv")),
		os.Symlink("..", filepath.Join(dir, "up")),
	)
	if err != nil {
		tb.Fatal(err)
	}
	return dir, outside
}

func read(tb testing.TB, dir, text string, offset int64) (string, error) {
	tb.Helper()
	u, err := url.Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	file, err := (&folder.Opener{Dir: dir}).Open(tb.Context(), u, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	body, err := file.From(offset)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(body)
	if want := file.Info().Size - offset; int64(len(got)) != want {
		tb.Errorf("%s: %d bytes, want %d", text, len(got), want)
	}
	return string(got), errors.Join(err, body.Close())
}

func TestFileIsRead(t *testing.T) {
	t.Parallel()
	dir, _ := tree(t)
	for _, text := range []string{"file:///a/list%201.csv", "file://localhost/a/list%201.csv", "file:///inside.csv", "file:////a//list%201.csv", "file:///a/../a/list%201.csv"} {
		if got, err := read(t, dir, text, 0); err != nil || got != list {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
	}
	if got, err := read(t, dir, "file:///inside.csv", 4); err != nil || got != list[4:] {
		t.Errorf("got %q, %v", got, err)
	}
}

// Nothing leads out of the folder, and no error says where it is.
func TestNothingLeadsOut(t *testing.T) {
	t.Parallel()
	dir, outside := tree(t)
	for text, want := range map[string]string{
		"file:///../secret.csv":      "cannot be read: path escapes",
		"file:///%2e%2e/secret.csv":  "cannot be read: path escapes",
		"file:///a/../../secret.csv": "cannot be read: path escapes",
		"file:///relative.csv":       "cannot be read: path escapes",
		"file:///absolute.csv":       "cannot be read: path escapes",
		"file:///up/secret.csv":      "cannot be read: path escapes",
		"file://" + outside:          "no such file",
		"file:///etc/passwd":         "no such file",
		"file:///none.csv":           "no such file",
		"file:///a":                  "is no file",
		"file:///a/list%201.csv/x":   "",
		"file:///a%00b":              "",
	} {
		got, err := read(t, dir, text, 0)
		_, refused := errors.AsType[*remote.RefusedError](err)
		if !refused || got != "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), filepath.Dir(dir)) {
			t.Errorf("%s: got %q, %v", text, got, err)
		}
	}
}

// Whatever path one makes of what there is, it gives the list or nothing.
func TestNoPathLeadsOut(t *testing.T) {
	t.Parallel()
	dir, _ := tree(t)
	parts := rapid.SampledFrom([]string{
		"..", ".", "", "a", "up", "lists", "list 1.csv", "inside.csv", "relative.csv", "absolute.csv", "secret.csv", "%2e%2e", "\\", "a/..",
	})
	rapid.Check(t, func(rt *rapid.T) {
		path := strings.Join(rapid.SliceOfN(parts, 1, 6).Draw(rt, "parts"), "/")
		file, err := (&folder.Opener{Dir: dir}).Open(t.Context(), &url.URL{Scheme: "file", Path: "/" + path}, nil)
		if _, refused := errors.AsType[*remote.RefusedError](err); refused {
			return
		}
		body, err := file.From(0)
		if err != nil {
			rt.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err := errors.Join(err, file.Close()); err != nil || string(text) != list {
			rt.Errorf("%q: got %q, %v", path, text, err)
		}
	})
}

func TestItIsOffUnlessAllowed(t *testing.T) {
	t.Parallel()
	if _, err := read(t, "", "file:///etc/passwd", 0); err == nil || !strings.Contains(err.Error(), "--lists-folder") {
		t.Errorf("got %v", err)
	}
	if err := (&folder.Opener{}).Check(); err != nil {
		t.Error(err)
	}
	dir, outside := tree(t)
	for path, want := range map[string]bool{dir: true, outside: false, filepath.Join(dir, "none"): false} {
		if err := (&folder.Opener{Dir: path}).Check(); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}
