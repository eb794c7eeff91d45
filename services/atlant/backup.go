package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/services/atlant/archive"
)

// backupCommand copies the log into a file.
type backupCommand struct {
	natsFlags
	Data     string     `default:"atlant-data" placeholder:"DIR" help:"The folder of the 'atlant up' whose log to back up, whether it runs or not (${default})."`
	To       string     `arg:"" type:"path" name:"file" help:"Where to write the back-up; in a folder it gets a name that tells the time."`
	LogLevel slog.Level `default:"warn" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

// Validate is called by kong.
func (b *backupCommand) Validate() error { return b.check() }

// Run backs the log up, and says what is in the back-up.
func (b *backupCommand) Run(ctx context.Context, c *console) (err error) {
	path := b.To
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, time.Now().UTC().Format("atlant-20060102T150405Z.zip"))
	}
	conn, closeLog, err := b.connect(ctx, newLogger(c, b.LogLevel))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	to, err := archive.Create(path, buildVersion())
	if errors.Is(err, fs.ErrExist) {
		return failed("nothing is written over: say another file", "%s is there already", path)
	}
	if err != nil {
		return failed("", "cannot write the back-up: %v", err)
	}
	shown := newSteps(c)
	defer shown.done()
	contents, err := jetstream.Backup(ctx, conn, to, func(stream string, bytes int64) {
		shown.showBytes("copying "+stream, bytes, 0)
	})
	shown.done()
	if err != nil {
		return errors.Join(b.explain(err), to.Discard())
	}
	size, err := to.Commit(contents)
	if err != nil {
		return failed("", "cannot write the back-up: %v", err)
	}
	return printBackup(c, path, size, contents)
}

// connect connects to the log: elsewhere, of the process that works on the folder, or in the folder itself.
func (b *backupCommand) connect(ctx context.Context, logger *slog.Logger) (*jetstream.Conn, func() error, error) {
	if b.NATS != "" {
		conn, err := jetstream.Connect(ctx, b.connectConfig(processName(), logger))
		if err != nil {
			return nil, nil, err
		}
		return conn, func() error { conn.Close(); return nil }, nil
	}
	dir := filepath.Join(b.Data, logFolder)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) { // which would be made
		return nil, nil, b.explain(jetstream.ErrNoLog)
	}
	embedded, err := jetstream.StartEmbedded(dir, logger)
	if errors.Is(err, jetstream.ErrDataInUse) {
		conn, err := jetstream.ConnectLocal(dir, logger)
		if err != nil {
			return nil, nil, failed("stop it, and call this again", "another Atlant works on %s and cannot be reached: %v", b.Data, err)
		}
		return conn, func() error { conn.Close(); return nil }, nil
	}
	if err != nil {
		return nil, nil, explainMoved(err)
	}
	conn, err := embedded.Connect()
	if err != nil {
		return nil, nil, errors.Join(err, embedded.Close())
	}
	return conn, embedded.Close, nil
}

func (b *backupCommand) explain(err error) error {
	if !errors.Is(err, jetstream.ErrNoLog) {
		return err
	}
	if b.NATS != "" {
		return failed("say which servers keep it with --nats", "there is no log on these servers")
	}
	return failed("say which folder `atlant up` keeps its data in with --data", "there is no log in %s", b.Data)
}

func printBackup(c *console, path string, size int64, contents *jetstream.BackedUp) error {
	if err := printContents(c, contents); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.out, "%s was written, %s\n", path, humanize.Bytes(uint64(size)))
	if err == nil {
		c.notef("It holds what passwords the sources have: keep it as safe as the log. `atlant restore --check` reads it.")
	}
	return err
}

// printContents prints which streams a back-up holds.
func printContents(c *console, contents *jetstream.BackedUp) error {
	rows := make([][]string, len(contents.Streams))
	for i, s := range contents.Streams {
		rows[i] = []string{s.Name, humanize.Comma(int64(s.Messages)), strconv.FormatUint(s.Last, 10), humanize.Bytes(uint64(s.Bytes))}
	}
	return (&pagedTable{console: c, columns: []column{
		{name: "stream"}, {name: "messages", right: true}, {name: "last sequence", right: true}, {name: "size", right: true},
	}}).write(rows)
}
