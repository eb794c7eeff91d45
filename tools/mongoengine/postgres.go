//go:build linux

package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

//go:embed serve.sh
var serveScript string

// isolated returns a command that runs a script as init of namespaces of its own: its mounts are seen by nobody else, and
// when it ends, or this process does, the kernel kills what it started and unmounts what it mounted.
func isolated(ctx context.Context, log *os.File, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "bash", append([]string{"-c", script, "mongoengine"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Unshareflags: syscall.CLONE_NEWNS, // unlike by Cloneflags, mounts are private then
		Pdeathsig:    syscall.SIGKILL,
		Setpgid:      true, // Ctrl-C is for us
	}
	return cmd
}

type postgres struct {
	kill func()
}

// startPostgres starts PostgreSQL on a copy of the template in folder. It calls cancel if PostgreSQL ends by itself.
func startPostgres(root, folder string, fsync bool, cancel context.CancelCauseFunc) (*postgres, error) {
	logPath := filepath.Join(folder, "postgres.log")
	log, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer func() { _ = log.Close() }()
	args := []string{root, folder}
	if !fsync {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	ctx, kill := context.WithCancel(context.Background())
	cmd := isolated(ctx, log, serveScript, args...)
	if err := cmd.Start(); err != nil {
		kill()
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	done := make(chan struct{})
	go func() {
		err := cmd.Wait()
		cancel(fmt.Errorf("PostgreSQL ended: %v; its log:\n%s", err, tail(logPath))) // the first cause counts
		close(done)
	}()
	return &postgres{kill: func() { kill(); <-done }}, nil
}
