package jetstream_test

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"
)

// TestMain has properties tried fewer times than elsewhere, because each case writes thousands of messages to the disk, and more
// tests run at once than there are processors, because those of a cluster wait for its elections. The flags may say otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	defaults := map[string]string{"rapid.checks": "10", "test.parallel": strconv.Itoa(3 * runtime.GOMAXPROCS(0))}
	flag.Visit(func(f *flag.Flag) { delete(defaults, f.Name) })
	for name, value := range defaults {
		if flag.Set(name, value) != nil {
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
