package mongotest_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/atlant-log/atlant/projections/mongo/mongotest"
)

func TestURI(t *testing.T) {
	t.Parallel()
	uri := mongotest.URI(t)
	if again := mongotest.URI(t); again != uri {
		t.Errorf("a second engine at %s, the first at %s", again, uri)
	}
	sayHello(t, uri)
}

func TestStart(t *testing.T) {
	t.Parallel()
	engine := mongotest.Start(t)
	if engine.URI == mongotest.URI(t) {
		t.Error("the test's own engine is the shared one")
	}
	sayHello(t, engine.URI)
	engine.Stop()
	engine.Stop()
	if conn, err := net.Dial("tcp", host(t, engine.URI)); err == nil {
		conn.Close()
		t.Error("it listens after Stop")
	}
}

func TestURIOfTheEnvironment(t *testing.T) {
	const uri = "mongodb://somewhere.example/"
	t.Setenv("ATLANT_TEST_MONGO_URI", uri)
	if got := mongotest.URI(t); got != uri {
		t.Errorf("URI is %s, want %s", got, uri)
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	t.Run("a name. with $everything/"+strings.Repeat("that Ä database may not have ", 5), func(t *testing.T) {
		t.Parallel()
		name := mongotest.Database(t)
		if len(name) > 63 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("%q is no name for a database", name)
		}
		if again := mongotest.Database(t); again == name {
			t.Errorf("%q twice", name)
		}
	})
}

// TestNoEngine runs TestURI where there is no go command, and so no engine.
func TestNoEngine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ci     string
		want   string
		passes bool
	}{
		"skips":    {"", "--- SKIP: TestURI", true},
		"fails CI": {"true", "--- FAIL: TestURI", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestURI$", "-test.v")
			cmd.Env = []string{"PATH=", "CI=" + test.ci}
			output, err := cmd.CombinedOutput()
			if (err == nil) != test.passes || !strings.Contains(string(output), test.want) ||
				!strings.Contains(string(output), "set ATLANT_TEST_MONGO_URI") {
				t.Errorf("%v, want %q and what to do:\n%s", err, test.want, output)
			}
		})
	}
}

// sayHello sends the command hello as a driver does, and expects any answer to it.
func sayHello(t *testing.T, uri string) {
	t.Helper()
	conn, err := net.Dial("tcp", host(t, uri))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	const (
		opMsg  = 2013
		id     = 7
		header = "\x00\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00" // length, id, id answered, opMsg
		hello  = "\x00\x00\x00\x00\x00" +                                           // no flags, one document
			"\x1f\x00\x00\x00\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
	)
	message := []byte(header + hello)
	binary.LittleEndian.PutUint32(message, uint32(len(message)))
	if _, err := conn.Write(message); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, len(header))
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	if answered, kind := binary.LittleEndian.Uint32(answer[8:]), binary.LittleEndian.Uint32(answer[12:]); answered != id || kind != opMsg {
		t.Errorf("an answer of kind %d to message %d, want kind %d to %d", kind, answered, opMsg, id)
	}
}

func host(t *testing.T, uri string) string {
	t.Helper()
	parsed, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Host
}
