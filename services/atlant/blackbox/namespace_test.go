package blackbox_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// smallDisk is a file system of a few megabytes that only the processes see which are started in its mount namespace.
type smallDisk struct {
	holder string // the id of the process that keeps the namespace
	path   string // to the file system, from outside
}

// newSmallDisk mounts one at a folder. It goes with the process that holds its namespace, which ends with the test, however
// that ends, because its input is closed then.
func newSmallDisk(tb testing.TB, dir string, megabytes int) *smallDisk {
	tb.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		noNamespace(tb, "this takes Linux and root")
	}
	holder := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c",
		`mount -t tmpfs -o size="$1"m none "$2" && echo ready && exec cat`, "sh", strconv.Itoa(megabytes), dir)
	var said strings.Builder
	holder.Stderr = &said
	input, err := holder.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	output, err := holder.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		noNamespace(tb, err.Error())
	}
	tb.Cleanup(func() {
		_ = input.Close() // ends it
		_ = holder.Wait()
	})
	if line, _ := bufio.NewReader(output).ReadString('\n'); line != "ready\n" {
		_ = holder.Process.Kill()
		_ = holder.Wait()
		noNamespace(tb, said.String())
	}
	id := strconv.Itoa(holder.Process.Pid)
	return &smallDisk{holder: id, path: filepath.Join("/proc", id, "root", dir)}
}

// noNamespace ends the test: who cannot mount may test the rest, but nobody shall believe that all was tested.
func noNamespace(tb testing.TB, why string) {
	tb.Helper()
	text := fmt.Sprintf("########  %s needs a mount namespace, which cannot be had: %s", tb.Name(), strings.TrimSpace(why))
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s; it fails, because CI=true", text)
	}
	// What a test prints is thrown away with its result if that is ok, so it goes to the stderr of the go command.
	if stderr, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/2", os.Getppid()), os.O_WRONLY|os.O_APPEND, 0); err == nil {
		fmt.Fprintf(stderr, "\n%s; it is skipped\n", text)
		_ = stderr.Close()
	}
	tb.Skip(text)
}

// launch is launch, where the small disk can be seen.
func (d *smallDisk) launch(tb testing.TB, arguments ...string) *atlant {
	tb.Helper()
	inside := append([]string{"--mount", "--target", d.holder, "--", program}, arguments...)
	return launchCommand(tb, exec.Command("nsenter", inside...), nil) // which becomes the program, with its process id
}

// ballast is what fills the disk; it does not lie in the folder of the log's streams.
func (d *smallDisk) ballast() string { return filepath.Join(d.path, "ballast") }

// fill leaves some room only.
func (d *smallDisk) fill(tb testing.TB, leave int64) {
	tb.Helper()
	file, err := os.Create(d.ballast())
	if err != nil {
		tb.Fatal(err)
	}
	for piece := make([]byte, 64<<10); err == nil; {
		_, err = file.Write(piece)
	}
	size, err := file.Seek(0, 2)
	if err == nil {
		err = file.Truncate(max(size-leave, 0))
	}
	if err != nil {
		tb.Fatal(err)
	}
	_ = file.Close()
}

// makeRoom takes the ballast away.
func (d *smallDisk) makeRoom(tb testing.TB) {
	tb.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		tb.Fatal(err)
	}
}
