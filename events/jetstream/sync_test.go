package jetstream

import (
	"log/slog"
	"testing"
)

// TestFsync looks behind the server's options: what is confirmed must be on the disk.
func TestFsync(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	embedded, err := StartEmbedded(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := embedded.Close(); err != nil {
			t.Error(err)
		}
	}()
	config := embedded.server.JetStreamConfig()
	if config == nil || !config.SyncAlways {
		t.Fatalf("SyncAlways is off: %+v", config)
	}
	if addr := embedded.server.Addr(); addr != nil {
		t.Errorf("it listens on %v", addr)
	}
}
