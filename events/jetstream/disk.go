package jetstream

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/atlant-log/atlant/events"
)

const (
	// RoomNeeded is how many bytes must be free before the embedded server starts. It finishes a batch then that an earlier
	// one wrote by half, and where it cannot it forgets the other half: a batch takes some megabytes at most.
	RoomNeeded = 16 << 20
	// probeFile is what is written, for a moment, to see whether there is room.
	probeFile = "room.probe"
)

// disk is what is known of the room on the embedded server's disk. A server whose write failed answers no write to that
// stream any more, not even with an error, until it is started again; what it holds it serves all the same. So whoever
// wants to write asks here first, and the server is started again when there is room.
type disk struct {
	dir     string
	isFull  atomic.Bool
	filled  chan struct{} // gets a value when the disk is found full
	probing sync.Mutex
}

func newDisk(dir string) *disk { return &disk{dir: dir, filled: make(chan struct{}, 1)} }

// full returns ErrFull while the disk is full.
func (d *disk) full() error {
	if d.isFull.Load() {
		return events.ErrFull
	}
	return nil
}

// heed looks for a full disk in what the server says. It does not block: the server holds locks while it speaks. The text
// is all that there is, for on its way the server loses what kind of error it was.
func (d *disk) heed(said string) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if strings.Contains(said, errno.Error()) {
			d.fill()
		}
	}
}

// suspect looks whether there is room after a write that failed for whatever reason: of some failures the server says
// nothing.
func (d *disk) suspect() {
	if !d.isFull.Load() && isNoSpace(d.probe()) {
		d.fill()
	}
}

func (d *disk) fill() {
	if !d.isFull.Swap(true) {
		d.filled <- struct{}{} // never blocks: the mark is taken off only after the value was taken out
	}
}

// probe writes as much as must be free, and removes it again. It takes bytes that no file system can make smaller.
func (d *disk) probe() (err error) {
	d.probing.Lock()
	defer d.probing.Unlock()
	file, err := os.OpenFile(filepath.Join(d.dir, probeFile), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	piece := make([]byte, 1<<20)
	_, _ = rand.Read(piece) // it never fails
	for range RoomNeeded / len(piece) {
		if _, err := file.Write(piece); err != nil {
			return err
		}
	}
	return nil
}

func isNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
