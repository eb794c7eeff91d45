package mongotest

import (
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
)

const advice = `
########  No MongoDB to test with: %s %s.
########  The engine of tools/mongoengine needs Linux, root, and once the network; what it lacks here is said above.
########  Another way: set ` + variable + ` to the URI of a MongoDB of your own, such as mongodb://127.0.0.1:27017/
`

var announce sync.Once

// unavailable ends the test: a machine without an engine may test the rest, but nobody shall believe that all was tested.
func unavailable(tb testing.TB, err error) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%v"+advice, err, tb.Name(), "fails, because CI=true")
	}
	announce.Do(func() { fmt.Fprintf(callerStderr(), advice, tb.Name(), "is skipped, and others like it") })
	tb.Skipf("%v"+advice, err, tb.Name(), "is skipped")
}

// callerStderr returns the stderr of the go command if there is a way to it, because what a test prints is thrown away with
// its result if that is ok.
var callerStderr = sync.OnceValue(func() io.Writer {
	for _, path := range []string{fmt.Sprintf("/proc/%d/fd/2", os.Getppid()), "/dev/tty"} {
		if file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err == nil {
			return file
		}
	}
	return os.Stderr
})
