package jetstream

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
)

// ErrNoLog says that a folder holds no log.
var ErrNoLog = errors.New("the folder holds no log")

// MovedError says that a log was moved, or that a move has begun that cannot be undone.
type MovedError struct {
	To string // the URLs of the servers, separated by commas
}

// Error implements error.
func (e MovedError) Error() string {
	return "this log was moved to " + e.To + " and takes nothing here any more"
}

// moveFile is where the folder of a log that is moved keeps its mark, beside the streams. Sealing the streams themselves
// would not do: the server updates a stream in two files, and one that is killed between them does not find it again.
const moveFile = "move"

// moveMark is what a folder says of a move.
type moveMark struct {
	// ID names the log to the servers it is moved to. Mirrors find their source by it: two logs must not have the same, or
	// one would go on with the other's messages.
	ID string `json:"id"`
	// To is where it was moved to; once it is there, the log is sealed.
	To string `json:"to,omitempty"`
}

// domain is that of the old log's JetStream.
func (m moveMark) domain() string { return "atlant-" + m.ID }

// readMark returns the mark of a folder, empty if it was never moved.
func readMark(dir string) (mark moveMark, err error) {
	data, err := os.ReadFile(filepath.Join(dir, moveFile))
	if errors.Is(err, fs.ErrNotExist) {
		return moveMark{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &mark)
	}
	if err == nil {
		_, err = uuid.Parse(mark.ID)
	}
	if err != nil {
		return moveMark{}, fmt.Errorf("read whether the log in %s was moved: %w", dir, err)
	}
	return mark, nil
}

// sealed returns a MovedError if the log in a folder was moved.
func sealed(dir string) error {
	mark, err := readMark(dir)
	if err == nil && mark.To != "" {
		return MovedError{To: mark.To}
	}
	return err
}

// markOf returns the mark of a folder with a log, and makes one at the first time.
func markOf(dir string) (moveMark, error) {
	if _, err := os.Stat(filepath.Join(dir, server.JetStreamStoreDir)); errors.Is(err, fs.ErrNotExist) {
		return moveMark{}, fmt.Errorf("%w: %s", ErrNoLog, dir)
	}
	mark, err := readMark(dir)
	if err != nil || mark.ID != "" {
		return mark, err
	}
	// A link fails where another process was first: then its id counts.
	err = moveMark{ID: uuid.NewString()}.write(dir, func(from, to string) error {
		if err := os.Link(from, to); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return moveMark{}, err
	}
	return readMark(dir)
}

// write puts the mark into a folder, as a whole or not at all; it is on the disk then.
func (m moveMark) write(dir string, place func(from, to string) error) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, moveFile+"-*")
	if err != nil {
		return fmt.Errorf("mark the log as moved: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }() // it is in its place, or of no use
	_, err = file.Write(append(data, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = place(file.Name(), filepath.Join(dir, moveFile))
	}
	if err == nil {
		err = syncFolder(dir)
	}
	if err != nil {
		return fmt.Errorf("mark the log as moved: %w", err)
	}
	return nil
}

// syncFolder puts the names in a folder on the disk; on Windows that cannot be asked for.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
