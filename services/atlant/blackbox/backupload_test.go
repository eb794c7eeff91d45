package blackbox_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestBackupUnderLoad backs a log up at some moments of traffic. Of each copy a log is made in which every receipt is true: what a
// fetch says that it has published is there once, and what had not ended ends.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	const copies = 2
	data, backups := t.TempDir(), t.TempDir()
	a := start(t, data, allowPrivate)
	tr := newTraffic(t, a)
	tr.flow(t)
	defer func() { tr.ebbs() }()
	file := func(n int) string { return filepath.Join(backups, fmt.Sprintf("%d.zip", n)) }
	for n := range copies {
		before, _ := a.prices(t)
		eventuallyf(t, func() bool { now, _ := a.prices(t); return now > before+20 }, "nothing is published")
		if r := run(t, "backup", "--data", data, file(n)); r.code != 0 {
			t.Fatalf("got %+v", r)
		}
	}
	tr.ebb(t)
	a.stop(t)
	for n := range copies {
		to := t.TempDir()
		r := run(t, "restore", "--data", to, file(n))
		if r.code != 0 {
			t.Fatalf("got %+v", r)
		}
		t.Log(r.out[strings.LastIndex(strings.TrimSpace(r.out), "\n")+1:])
		restored := start(t, to, allowPrivate)
		restored.caughtUp(t) // or the views do not know of all fetches yet
		var fetches []*atlantv1.Fetch
		for _, f := range restored.allFetches(t, largestPage, "") {
			f = awaitEndOf(t, restored, f.GetId())
			if f.GetState() != completed && !strings.Contains(f.GetError(), "the back-up was made while") {
				t.Errorf("got %v", f)
			}
			if f.GetState() == completed {
				fetches = append(fetches, f)
			}
		}
		restored.caughtUp(t)
		restored.cli(t, 0, "verify").holds(t, "equal")
		wantReceipts(t, filepath.Join(to, "log"), fetches)
		restored.stop(t)
	}
}

// wantReceipts sees that the log of an Atlant that runs has each row that the fetches have published, once.
func wantReceipts(t *testing.T, dir string, fetches []*atlantv1.Fetch) {
	t.Helper()
	nc, err := jetstream.ConnectLocal(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := jetstream.Open(t.Context(), nc, jetstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	auditor := auditorOf(log)
	auditor.take(t)
	lost, accepted := auditor.lost(t, fetches)
	if lost != 0 || auditor.doubled != 0 || accepted == 0 {
		t.Errorf("%d rows of %d fetches accepted, %d of them lost, %d there twice", accepted, len(fetches), lost, auditor.doubled)
	}
}
