//go:build linux

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

//go:embed serve.sh
var serveScript string

const startLimit = time.Minute // far more than it takes, even on a busy machine

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

// explained adds to an error of an isolated command what a container usually lacks.
func explained(err error) error {
	if errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("%w: needs the right to make namespaces and mounts (in a container: --privileged)", err)
	}
	return err
}

type postgres struct {
	url  string
	kill func()
}

// startPostgres starts PostgreSQL on a copy of the template in folder. It returns when it takes connections, and calls
// cancel if it ends by itself.
func startPostgres(ctx context.Context, cancel context.CancelCauseFunc, root, folder string, fsync bool) (*postgres, error) {
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
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	cmd := isolated(life, log, serveScript, args...)
	if err := cmd.Start(); err != nil {
		end()
		return nil, fmt.Errorf("start PostgreSQL: %w", explained(err))
	}
	ended := make(chan struct{})
	go func() {
		err := cmd.Wait()
		cancel(fmt.Errorf("PostgreSQL ended: %v; its log:\n%s", err, tail(logPath))) // counts if nothing else was first
		close(ended)
	}()
	socket := url.Values{"host": {filepath.Join(folder, "socket")}, "user": {"postgres"}}
	p := &postgres{
		url:  "postgres:///postgres?" + socket.Encode(),
		kill: func() { end(); <-ended },
	}
	if err := p.await(ctx); err != nil {
		p.kill()
		return nil, fmt.Errorf("connect to PostgreSQL: %w; its log:\n%s", err, tail(logPath))
	}
	return p, nil
}

// await blocks until PostgreSQL takes connections. FerretDB would not wait, and panics if it is built for debugging.
func (p *postgres) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, p.url)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
