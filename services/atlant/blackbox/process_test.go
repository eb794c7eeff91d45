package blackbox_test

import (
	"bytes"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take before a test gives up on it. Nothing is measured against it.
var patience = 5 * time.Minute

const allowPrivate = "--allow-private-urls"

// atlant is a running process of Atlant, with clients of its services if it has any.
type atlant struct {
	api
	url    string // where it answers
	name   string // what it works as beside others
	cmd    *exec.Cmd
	stderr *transcript
	exited chan struct{} // closed when the process has ended
}

// transcript gathers what a process prints.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// start runs Atlant on a folder and waits until it is up.
func start(tb testing.TB, data string, flags ...string) *atlant {
	tb.Helper()
	a := launch(tb, nil, upArguments(data, flags...)...)
	a.awaitUp(tb)
	return a
}

// startOpen runs Atlant on a new folder, and lets it fetch from loopback.
func startOpen(tb testing.TB, flags ...string) *atlant {
	tb.Helper()
	return start(tb, tb.TempDir(), append(flags, allowPrivate)...)
}

func upArguments(data string, flags ...string) []string {
	return append([]string{"up", "--listen", "127.0.0.1:0", "--data", data}, flags...)
}

// launch starts the process and does not wait for anything; at the end of the test it is stopped, and must not have
// panicked or raced.
func launch(tb testing.TB, variables []string, arguments ...string) *atlant {
	tb.Helper()
	return launchCommand(tb, exec.Command(program, arguments...), variables)
}

// launchCommand is launch with a command that becomes the program.
func launchCommand(tb testing.TB, command *exec.Cmd, variables []string) *atlant {
	tb.Helper()
	a := &atlant{cmd: command, stderr: &transcript{}, exited: make(chan struct{})}
	a.cmd.Env = environment(variables...)
	a.cmd.Stderr = a.stderr
	if err := a.cmd.Start(); err != nil {
		tb.Fatalf("start %q: %v", command.Args, err)
	}
	go func() {
		defer close(a.exited)
		_ = a.cmd.Wait() // whoever wants to know looks at ProcessState
	}()
	tb.Cleanup(func() {
		a.stop(tb)
		text := a.stderr.String()
		if strings.Contains(text, "DATA RACE") || strings.Contains(text, "panic: ") {
			tb.Errorf("the program raced or panicked:\n%s", text)
		} else if tb.Failed() {
			tb.Logf("stderr of %q:\n%s", command.Args, text)
		}
	})
	return a
}

var upMessage = regexp.MustCompile(`Atlant is up(?: at|: it .*answers at) (https?://[0-9.]+:[0-9]+)`)

// awaitUp waits for the start message.
func (a *atlant) awaitUp(tb testing.TB) {
	tb.Helper()
	if !a.isUp() {
		tb.Fatalf("Atlant did not come up:\n%s", a.stderr)
	}
	a.api = newAPI(tb, a.url)
}

// isUp waits for the start message; false if the process ends without it.
func (a *atlant) isUp() bool {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if match := upMessage.FindStringSubmatch(a.stderr.String()); match != nil {
			a.url = match[1]
			return true
		}
		select {
		case <-a.exited:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
	return false
}

// stop ends Atlant as a user does, and demands that it ends well.
func (a *atlant) stop(tb testing.TB) {
	tb.Helper()
	select {
	case <-a.exited:
		return
	default:
	}
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Errorf("stop Atlant: %v", err)
	}
	if code := a.exitCode(tb); code != 0 {
		tb.Errorf("after SIGTERM Atlant exited with %d:\n%s", code, a.stderr)
	}
}

// exitCode waits for the end of the process.
func (a *atlant) exitCode(tb testing.TB) int {
	tb.Helper()
	select {
	case <-a.exited:
	case <-time.After(patience):
		tb.Errorf("Atlant does not end:\n%s", a.stderr)
		a.kill(tb)
	}
	return a.cmd.ProcessState.ExitCode()
}

// kill ends the process at once, as kill -9 does.
func (a *atlant) kill(tb testing.TB) {
	tb.Helper()
	_ = a.cmd.Process.Kill() // it may have ended already
	<-a.exited
}

// result is what a command left behind.
type result struct {
	code        int
	out, errOut string
}

// run runs a command to its end.
func run(tb testing.TB, arguments ...string) result {
	tb.Helper()
	var out, errOut bytes.Buffer
	command := exec.CommandContext(within(tb), program, arguments...)
	command.Env, command.Stdout, command.Stderr = environment(), &out, &errOut
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("run %q: %v", arguments, err)
	}
	return result{command.ProcessState.ExitCode(), out.String(), errOut.String()}
}
