package deploycheck

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// root is the folder of the repository.
const root = "../.."

func inRoot(t testing.TB, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(inRoot(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// moduleFile parses a go.mod of the repository.
func moduleFile(t testing.TB, name string) *modfile.File {
	t.Helper()
	file, err := modfile.Parse(name, read(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// versionIn returns the version of a module that a go.mod asks for.
func versionIn(t testing.TB, file *modfile.File, module string) string {
	t.Helper()
	for _, require := range file.Require {
		if require.Mod.Path == module {
			return require.Mod.Version
		}
	}
	t.Fatalf("%s does not require %s", file.Syntax.Name, module)
	return ""
}

// output runs a program in the folder and returns what it printed to stdout.
func output(t testing.TB, dir string, env []string, name string, args ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), name, args...)
	var stdout, stderr bytes.Buffer
	command.Dir, command.Env, command.Stdout, command.Stderr = dir, append(os.Environ(), env...), &stdout, &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.Bytes()
}
