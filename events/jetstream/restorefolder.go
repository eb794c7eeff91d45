package jetstream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// restoringSuffix ends the name of a folder into which a log is being restored.
const restoringSuffix = ".restoring"

// RestoreFolder restores a log into a folder of an embedded server, which must not be there: it is once all of the log is in it.
// Until then the log is in a folder beside it, from which a restore that is interrupted begins anew. It blocks like Restore, and
// returns a FaultsError where the folder is there, and ErrDataInUse where another process restores into it.
func RestoreFolder(ctx context.Context, dir string, config RestoreConfig, logger *slog.Logger) error {
	if err := mustBeMissing(dir); err != nil {
		return err
	}
	if err := restoreBeside(ctx, dir+restoringSuffix, config, logger); err != nil {
		return err
	}
	if err := mustBeMissing(dir); err != nil {
		return err
	}
	if err := os.Rename(dir+restoringSuffix, dir); err != nil {
		return fmt.Errorf("put the log in its place: %w", err)
	}
	return syncFolder(filepath.Dir(dir))
}

func restoreBeside(ctx context.Context, dir string, config RestoreConfig, logger *slog.Logger) (err error) {
	embedded, err := StartEmbedded(dir, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, embedded.Close()) }()
	nc, err := embedded.Connect()
	if err != nil {
		return err
	}
	return Restore(ctx, nc, config)
}

func mustBeMissing(dir string) error {
	_, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for a log: %w", err)
	}
	return FaultsError{{
		Where: "the folder " + dir, What: "a log", Is: "there", Must: "missing",
		Todo: "restore into another folder; if nobody needs this log, move it away first",
	}}
}
