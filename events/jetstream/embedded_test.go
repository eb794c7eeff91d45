package jetstream_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

func TestStartEmbeddedRefusesNoFolder(t *testing.T) {
	t.Parallel()
	if _, err := jetstream.StartEmbedded("", quiet); err == nil {
		t.Fatal("no error")
	}
}

func TestStartEmbeddedRefusesWhatIsNoFolder(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	wantNoError(t, os.WriteFile(file, nil, 0o600))
	if _, err := jetstream.StartEmbedded(file, quiet); err == nil {
		t.Fatal("no error")
	}
}

func TestStartEmbeddedMakesTheFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	start(t, dir)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Fatal(info, err)
	}
}

func TestOneServerAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, stop := start(t, dir)
	other, err := jetstream.StartEmbedded(dir, quiet)
	wantError(t, err, jetstream.ErrDataInUse)
	if other != nil {
		t.Fatal("a server besides the error")
	}
	stop()
	start(t, dir) // the folder is free again
}

func TestLogSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	nc, stop := start(t, dir)
	log := open(t, nc, jetstream.Config{Shards: 2})
	publish(t, log, 10)
	want := [][]events.Message{readAll(t, log, events.PriceStream(0), 0), readAll(t, log, events.PriceStream(1), 0)}
	stop()

	nc, _ = start(t, dir)
	log = open(t, nc, jetstream.Config{})
	if log.Shards() != 2 {
		t.Fatalf("%d shards", log.Shards())
	}
	for shard := range want {
		got := readAll(t, log, events.PriceStream(shard), 0)
		if len(got) != len(want[shard]) {
			t.Fatalf("shard %d: %d messages, there were %d", shard, len(got), len(want[shard]))
		}
		for i := range got {
			if string(got[i].Data) != string(want[shard][i].Data) || got[i].Subject != want[shard][i].Subject {
				t.Errorf("shard %d: message %d is another one", shard, i)
			}
		}
	}
}
