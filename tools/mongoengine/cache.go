//go:build linux

package main

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

//go:embed prepare.sh
var prepareScript string

// cache is the folder that holds what is kept between two engines: the root file systems, named by the script that made
// them, and a folder for each engine that runs.
type cache struct{ path string }

func openCache() (cache, error) {
	base := os.Getenv("ATLANT_CACHE")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return cache{}, fmt.Errorf("find the cache folder (ATLANT_CACHE names one): %w", err)
		}
		base = filepath.Join(user, "atlant")
	}
	path, err := filepath.Abs(filepath.Join(base, "mongoengine"))
	if err != nil {
		return cache{}, fmt.Errorf("find the cache folder: %w", err)
	}
	if os.Geteuid() != 0 {
		return cache{}, errors.New("needs root, to change into a root file system of its own")
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return cache{}, fmt.Errorf("make the cache folder: %w", err)
	}
	return cache{path}, nil
}

// prepare returns the root file system, which it makes if it is not there yet, and a new folder for the engine. It waits
// while another process prepares.
func (c cache) prepare(ctx context.Context) (root string, _ *folder, err error) {
	lock, err := lockFile(filepath.Join(c.path, "lock"), syscall.LOCK_EX)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = lock.Close() }()
	root = filepath.Join(c.path, fmt.Sprintf("root-%.4x", sha256.Sum256([]byte(prepareScript))))
	if err := c.makeRoot(ctx, root, prepareScript); err != nil {
		return "", nil, err
	}
	c.sweep()
	folder, err := c.newFolder()
	return root, folder, err
}

// makeRoot lets script make the root file system, unless it is there: beside its place, to move it there when it is whole.
func (c cache) makeRoot(ctx context.Context, root, script string) error {
	if _, err := os.Stat(root); err == nil {
		return nil
	}
	part := filepath.Join(c.path, "root.part")
	if err := os.RemoveAll(part); err != nil {
		return fmt.Errorf("remove what was left half made: %w", err)
	}
	logPath := filepath.Join(c.path, "prepare.log")
	log, err := os.Create(logPath)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	defer func() { _ = log.Close() }()
	fmt.Fprintf(os.Stderr, "mongoengine: prepares PostgreSQL with DocumentDB, once, in a minute or two; see %s\n", logPath)
	if err := isolated(ctx, log, script, part).Run(); err != nil {
		return fmt.Errorf("prepare: %w; the end of %s:\n%s", explained(err), logPath, tail(logPath))
	}
	if err := os.Rename(part, root); err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	return nil
}

// folder holds the data of one engine, locked as long as it runs.
type folder struct {
	path string
	lock *os.File
}

// newFolder wants the cache locked, so that none of its folders is without its own lock for as long as others look.
func (c cache) newFolder() (*folder, error) {
	path, err := os.MkdirTemp(c.path, "run-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(path, "lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return &folder{path, lock}, nil
}

func (f *folder) remove() {
	if err := os.RemoveAll(f.path); err != nil {
		fmt.Fprintf(os.Stderr, "mongoengine: %v\n", err)
	}
	_ = f.lock.Close()
}

// sweep removes the folders of engines that were killed. What it cannot remove it leaves to the next.
func (c cache) sweep() {
	paths, _ := filepath.Glob(filepath.Join(c.path, "run-*")) // the pattern is well formed
	for _, path := range paths {
		lock, err := lockFile(filepath.Join(path, "lock"), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil {
			continue // it runs
		}
		_ = os.RemoveAll(path)
		_ = lock.Close()
	}
}

func lockFile(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return file, nil
}
