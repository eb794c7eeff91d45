package jetstream_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain has properties tried fewer times than elsewhere, unless -rapid.checks says how often: each case writes
// thousands of messages to the disk.
func TestMain(m *testing.M) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "rapid.checks" })
	if !said && flag.Set("rapid.checks", "10") != nil {
		os.Exit(2)
	}
	os.Exit(m.Run())
}
