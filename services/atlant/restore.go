package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/services/atlant/archive"
	"github.com/atlant-log/atlant/services/fetch"
)

// restoreCommand makes a log of a back-up.
type restoreCommand struct {
	natsFlags
	From     string     `arg:"" type:"existingfile" name:"file" help:"The back-up."`
	Data     string     `default:"atlant-data" placeholder:"DIR" help:"The data folder to restore to, for 'atlant up' (${default}). It must hold neither a log nor views."`
	Replicas int        `placeholder:"N" help:"With --nats: on how many servers to keep each stream (1)."`
	Check    bool       `help:"Only look whether the back-up is whole."`
	LogLevel slog.Level `default:"warn" placeholder:"LEVEL" help:"debug, info, warn or error (${default})."`
}

// Validate is called by kong.
func (r *restoreCommand) Validate() error {
	var alone error
	if r.NATS == "" && r.Replicas > 1 {
		alone = errors.New("--replicas goes with --nats")
	}
	return errors.Join(alone, r.check(), checkReplicas(r.Replicas))
}

// Run restores, once all of the back-up was read and found good.
func (r *restoreCommand) Run(ctx context.Context, c *console) (err error) {
	shown := newSteps(c)
	defer shown.done()
	from, contents, err := openBackup(ctx, shown, r.From)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	shown.done()
	if !r.Check {
		return r.restore(ctx, c, from, contents)
	}
	if err := printContents(c, contents); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s is whole: made %s by Atlant %s on NATS %s\n",
		r.From, humanize.Time(from.Written), printable(from.By), printable(contents.Server))
	return err
}

func (r *restoreCommand) restore(ctx context.Context, c *console, from *archive.Reader, contents *jetstream.BackedUp) error {
	shown := newSteps(c)
	defer shown.done()
	var recovered fetch.Recovered
	config := jetstream.RestoreConfig{
		ID: from.ID, Files: from, Contents: *contents, Replicas: r.Replicas,
		Recover: func(ctx context.Context, log *jetstream.Log) (err error) {
			recovered, err = fetch.Recover(ctx, log)
			return err
		},
		Report: func(stream string, bytes int64) {
			if stream == "" {
				shown.show("putting fetches that had not ended on the queue", step{})
				return
			}
			shown.showBytes("restoring "+stream, bytes, 0)
		},
	}
	if err := r.restoreTo(ctx, newLogger(c, r.LogLevel), config); err != nil {
		return explainRestore(err)
	}
	shown.done()
	if err := printContents(c, contents); err != nil {
		return err
	}
	where := r.Data
	if r.NATS != "" {
		where = jetstream.WithoutUsers(r.NATS)
	}
	_, err := fmt.Fprintf(c.out, "restored to %s; %d fetches had not ended and are on the queue, %d cannot go on\n",
		printable(where), recovered.Queued, recovered.Failed)
	c.notef("Views are filled from the log when Atlant is started on it; `atlant verify` compares the two.")
	return err
}

// restoreTo restores to where the flags say.
func (r *restoreCommand) restoreTo(ctx context.Context, logger *slog.Logger, config jetstream.RestoreConfig) error {
	if r.NATS == "" {
		views := filepath.Join(r.Data, viewsFolder)
		if left, err := os.ReadDir(views); err == nil && len(left) > 0 {
			return failed("move them away: they are made anew", "there are views in %s, of another log", views)
		}
		if err := os.MkdirAll(r.Data, 0o750); err != nil {
			return err
		}
		return jetstream.RestoreFolder(ctx, filepath.Join(r.Data, logFolder), config, logger)
	}
	if err := r.checkFsync(ctx, logger); err != nil {
		return err
	}
	conn, err := jetstream.Connect(ctx, r.connectConfig(processName(), logger))
	if err != nil {
		return err
	}
	defer conn.Close()
	return jetstream.Restore(ctx, conn, config)
}

func explainRestore(err error) error {
	if errors.Is(err, jetstream.ErrDataInUse) {
		return failed("wait until it is done", "another process restores to the same folder")
	}
	return err
}

// openBackup opens a back-up, reads what its manifest says of it, and then all of it, to see that it is whole.
func openBackup(ctx context.Context, shown *steps, path string) (*archive.Reader, *jetstream.BackedUp, error) {
	from, err := archive.Open(path)
	if err != nil {
		return nil, nil, explainArchive(path, err)
	}
	contents := &jetstream.BackedUp{}
	if err := json.Unmarshal(from.Contents, contents); err != nil {
		return nil, nil, errors.Join(explainArchive(path, fmt.Errorf("%w: %w", archive.ErrDamaged, err)), from.Close())
	}
	err = from.Check(ctx, func(bytes int64) { shown.showBytes("reading the back-up", bytes, from.Bytes()) })
	if err != nil {
		return nil, nil, errors.Join(explainArchive(path, err), from.Close())
	}
	return from, contents, nil
}

func explainArchive(path string, err error) error {
	switch {
	case errors.Is(err, archive.ErrDamaged):
		return failed("nothing was written: take another back-up", "%s cannot be used: %v", path, err)
	case errors.Is(err, archive.ErrNewer):
		return failed("restore it with that version", "%s cannot be used: %v", path, err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return failed("", "%v", err)
	}
	return err
}
