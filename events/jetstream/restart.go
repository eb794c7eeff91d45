package jetstream

import (
	"log/slog"
	"time"
)

// probePause is how often it is looked whether a full disk has room again.
const probePause = time.Second

// Keys of this file's log records.
const (
	logFolder = "folder"
	logAfter  = "after"
)

// watchDisk starts the server again each time that the disk was full and there is room again, until it is closed. Until
// then the server serves what it holds.
func (e *Embedded) watchDisk() {
	for {
		select {
		case <-e.closed:
			return
		case <-e.disk.filled:
		}
		began := time.Now()
		e.logger.Error("the disk of the log is full: nothing can be stored until there is room", slog.String(logFolder, e.dir))
		for e.disk.probe() != nil {
			if !e.rest() {
				return
			}
		}
		e.halt()
		e.disk.isFull.Store(false) // before the start, which may find it full again
		for err := e.start(); err != nil; err = e.start() {
			e.logger.Error("the log cannot be started again, it keeps trying", slog.Any(logError, err))
			if !e.rest() {
				return
			}
		}
		e.logger.Info("the disk of the log has room again: the log goes on", slog.Duration(logAfter, time.Since(began)))
	}
}

// rest pauses, and returns false when the server is closed meanwhile.
func (e *Embedded) rest() bool {
	select {
	case <-e.closed:
		return false
	case <-time.After(probePause):
		return true
	}
}
