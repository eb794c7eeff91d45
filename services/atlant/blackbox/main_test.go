package blackbox_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// program is the path of the program under test.
var program string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	flag.Parse()
	atOnce := strconv.Itoa(2 * runtime.GOMAXPROCS(0)) // they wait for processes, and for time to pass; -parallel may say otherwise
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "test.parallel" {
			atOnce = f.Value.String()
		}
	})
	if err := flag.Set("test.parallel", atOnce); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if os.Getenv(rowsVariable) != "" {
		patience = time.Hour // for as many as there are
	}
	if program = os.Getenv("ATLANT_BLACKBOX_BINARY"); program != "" {
		return m.Run()
	}
	folder, err := os.MkdirTemp("", "atlant-blackbox-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(folder) }() // what is left is in the system's folder for such things
	program = filepath.Join(folder, "atlant"+executableSuffix())
	arguments := []string{"build", "-o", program}
	if os.Getenv("ATLANT_BLACKBOX_RACE") != "" { // takes several times as long; else it is the program as users have it
		arguments = append(arguments, "-race")
	}
	build := exec.Command("go", append(arguments, "github.com/atlant-log/atlant/services/atlant")...)
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program under test: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// TestSources looks at every source of the program: the go command takes a result from its cache only if no file that the
// tests looked at has changed, and of the build in TestMain it knows nothing.
func TestSources(t *testing.T) {
	t.Parallel()
	const root = "../../.."
	for _, folder := range []string{"events", "projections", "proto/gen", "services", "go.mod", "go.sum"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.Name() == "node_modules": // no part of the program, and comes and goes
				return fs.SkipDir
			}
			_, err = os.Stat(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func executableSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// environment is that of this process, without what would configure Atlant or lead its downloads elsewhere.
func environment(extra ...string) []string {
	var kept []string
	for _, variable := range os.Environ() {
		name := strings.ToUpper(variable)
		if strings.HasPrefix(name, "ATLANT_") || strings.Contains(strings.SplitN(name, "=", 2)[0], "_PROXY") {
			continue
		}
		kept = append(kept, variable)
	}
	return append(append(kept, "GORACE=halt_on_error=1 atexit_sleep_ms=0"), extra...)
}
