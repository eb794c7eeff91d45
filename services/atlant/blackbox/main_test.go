package blackbox_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// program is the path of the program under test.
var program string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
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
	arguments := append([]string{"build", "-o", program}, raceFlags...)
	build := exec.Command("go", append(arguments, "github.com/atlant-log/atlant/services/atlant")...)
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program under test: %v\n%s", err, output)
		return 1
	}
	return m.Run()
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
