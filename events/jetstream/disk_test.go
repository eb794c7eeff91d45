package jetstream

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// What the server says when a write fails, as versions of it put it.
func TestDiskHeedsTheServer(t *testing.T) {
	t.Parallel()
	for said, full := range map[string]bool{
		"Filestore [PRICES_00] Critical write error: write /log/1.blk: no space left on device":        true,
		"JetStream stream '$G > PRICES_00' critical write error: write 1.blk: disk quota exceeded":     true,
		"JetStream stream '$G > PRICES_00' critical write error: write /log/1.blk: input/output error": false,
		"JetStream failed to store a msg on stream '$G > PRICES_00': maximum bytes exceeded":           false,
	} {
		d := newDisk(t.TempDir())
		d.heed(said)
		d.heed(said) // it says so many times
		if got := d.full(); errors.Is(got, events.ErrFull) != full {
			t.Errorf("after %q the disk is said to be %v", said, got)
		}
	}
}

func TestDiskProbe(t *testing.T) {
	t.Parallel()
	d := newDisk(t.TempDir())
	if err := d.probe(); err != nil {
		t.Fatal(err)
	}
	d.suspect()
	if err := d.full(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(d.dir); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	if d := newDisk(d.dir + "/gone"); d.probe() == nil || isNoSpace(d.probe()) {
		t.Error("a folder that is not there is no full disk, and none with room")
	}
}

// A limit of storage is a full disk, whoever set it.
func TestFullByLimit(t *testing.T) {
	t.Parallel()
	for code, full := range map[jetstream.ErrorCode]bool{
		codeAccountFull: true, codeServerFull: true, codeStoreFailed: true, codeUnavailable: false, codeMessageTooLarge: false,
	} {
		err := unavailable("write", &jetstream.APIError{ErrorCode: code})
		if errors.Is(err, events.ErrFull) != full || !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("%d: %v", code, err)
		}
	}
	if !isNoSpace(&os.PathError{Op: "write", Err: syscall.ENOSPC}) {
		t.Error("ENOSPC is not known")
	}
}
