package mongotest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

const module = "github.com/atlant-log/atlant"

// Engine is an engine that runs as a process of its own.
type Engine struct {
	// URI is where it answers, such as mongodb://127.0.0.1:40000/
	URI string

	stop func()
}

// Stop ends the engine, removes its data, and blocks until that is done. Stopping it again does nothing.
func (e *Engine) Stop() { e.stop() }

// start builds the command if it is not in Go's cache, runs it, and blocks until the engine answers.
func start() (*Engine, error) {
	cmd, err := command()
	if err != nil {
		return nil, err
	}
	var said bytes.Buffer
	cmd.Stderr = io.MultiWriter(callerStderr(), &said)
	stdin, err := cmd.StdinPipe() // the engine ends when it is closed, by us or because we are gone
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	stop := sync.OnceFunc(func() {
		_ = stdin.Close()
		_ = cmd.Wait() // nobody could do anything about it
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("the engine printed no URI: %w\n%s", err, said.String())
	}
	return &Engine{URI: strings.TrimSpace(line), stop: stop}, nil
}

// command returns `go run` of the engine: Go keeps what it builds, also when several packages are tested at once.
func command() (*exec.Cmd, error) {
	ctx := context.Background() // the pipe to its stdin is what ends it
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, fmt.Errorf("find the source of the engine with the go command: %w", err)
	}
	folder := filepath.Join(strings.TrimSpace(string(root)), "tools", "mongoengine")
	if _, err := os.ReadDir(folder); err != nil { // the go command sees that we look, and keeps no result for another engine
		return nil, fmt.Errorf("find the source of the engine: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", "run", "-race=false", ".")
	cmd.Dir = folder
	// How the tests are built says nothing of how the engine is.
	cmd.Env = append(cmd.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOOS=", "GOARCH=", "CGO_ENABLED=0")
	return cmd, nil
}
