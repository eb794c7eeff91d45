//go:build linux

// Command mongoengine runs an engine that speaks the protocol of MongoDB, for tests, without Docker: FerretDB in front of
// PostgreSQL with the DocumentDB extension, from Debian. When the engine answers, its URI is printed to stdout.
//
// It ends, and nothing of it remains, when its stdin (if a pipe) is closed, or by SIGINT or SIGTERM.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

const hint = "Another way: set ATLANT_TEST_MONGO_URI to the URI of a MongoDB of your own, such as mongodb://127.0.0.1:27017/"

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	fsync := flag.Bool("fsync", false, "make every write durable, as benchmarks must (slower)")
	prepareOnly := flag.Bool("prepare", false, "fill the cache and end")
	flag.Parse()
	if err := run(*listen, *fsync, *prepareOnly); err != nil {
		fmt.Fprintf(os.Stderr, "mongoengine: %v\n%s\n", err, hint)
		os.Exit(1)
	}
}

func run(listen string, fsync, prepareOnly bool) error {
	runtime.LockOSThread() // children are killed when the thread that started them ends, so let it be one that does not
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go endWithCaller(cancel)

	cache, err := openCache()
	if err != nil {
		return err
	}
	root, folder, err := cache.prepare(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	defer folder.remove()
	if prepareOnly {
		return nil
	}
	postgres, err := startPostgres(ctx, cancel, root, folder.path, fsync)
	if err != nil {
		return ended(ctx, err)
	}
	defer postgres.kill()
	uri, err := startFerretDB(ctx, postgres.url, folder.path, listen)
	if err != nil {
		return ended(ctx, err)
	}
	if _, err := fmt.Fprintln(os.Stdout, uri); err != nil {
		return fmt.Errorf("print the URI: %w", err)
	}
	<-ctx.Done()
	return ended(ctx, nil)
}

var errAsked = errors.New("asked to end")

// ended tells what ended ctx, if anything did, and else err.
func ended(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errAsked):
		return nil
	case cause != nil:
		return cause
	}
	return err
}

// endWithCaller cancels at SIGINT, SIGTERM, SIGHUP, and when stdin ends. A terminal and /dev/null are not listened to: they
// say nothing about the caller.
func endWithCaller(cancel context.CancelCauseFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE) // the caller's end of stderr may be gone before we have cleaned up
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice == 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel(errAsked)
		}()
	}
	<-signals
	cancel(errAsked)
}

// tail returns the end of a log, for an error message.
func tail(path string) string {
	const enough = 2000
	log, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return err.Error()
	}
	return string(log[max(0, len(log)-enough):])
}
