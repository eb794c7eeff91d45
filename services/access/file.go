package access

import (
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookInterval is how often it is looked whether a file has changed, if it is used that often.
const lookInterval = time.Second

// files is what is read from some files, and read again when they change, also where another file takes their place. What
// cannot be read then is logged, and what was read before stays.
type files[T any] struct {
	paths  []string
	read   func() (T, error)
	logger *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	looked time.Time
	seen   []stamp
	value  T
}

// stamp tells two states of a file apart.
type stamp struct {
	changed time.Time
	size    int64
}

// readFiles reads the files for the first time.
func readFiles[T any](logger *slog.Logger, read func() (T, error), paths ...string) (*files[T], error) {
	f := &files[T]{paths: paths, read: read, logger: logger, now: time.Now}
	f.looked, f.seen = f.now(), f.stamps() // before they are read: what changes meanwhile is read again
	var err error
	f.value, err = read()
	return f, err
}

// get returns what the files say now.
func (f *files[T]) get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.looked) < lookInterval {
		return f.value
	}
	f.looked = now
	seen := f.stamps()
	if equalStamps(seen, f.seen) {
		return f.value
	}
	f.seen = seen
	value, err := f.read()
	if err != nil {
		f.logger.Error("a file that has changed cannot be read; what it said before still holds", slog.Any(logError, err))
		return f.value
	}
	f.value = value
	f.logger.Info("read again", slog.String(logFile, f.paths[0]))
	return f.value
}

func (f *files[T]) stamps() []stamp {
	all := make([]stamp, len(f.paths))
	for i, path := range f.paths {
		if info, err := os.Stat(path); err == nil {
			all[i] = stamp{changed: info.ModTime(), size: info.Size()}
		}
	}
	return all
}

func equalStamps(a, b []stamp) bool {
	for i := range a {
		if !a[i].changed.Equal(b[i].changed) || a[i].size != b[i].size {
			return false
		}
	}
	return true
}
