package blackbox_test

import (
	"log/slog"
	"testing"

	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// readLog opens the log of an Atlant that was stopped, and returns how many rows it holds. Each must be of a fetch that is
// known, and of a fetch there must be as many as its receipt says, each once.
func readLog(t *testing.T, dir string, known map[string]*atlantv1.Fetch) (rows int64) {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = embedded.Close() }() // it was only read
	conn, err := embedded.Connect()
	if err != nil {
		t.Fatal(err)
	}
	log, err := jetstream.Open(t.Context(), conn, jetstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	a := auditorOf(log)
	a.take(t)
	if a.doubled != 0 {
		t.Errorf("%d rows are in the log twice", a.doubled)
	}
	for id, lines := range a.lines {
		if fetch := known[id.String()]; fetch.GetAccepted() != int64(len(lines)) {
			t.Errorf("the log holds %d rows of %v", len(lines), fetch)
		}
		rows += int64(len(lines))
	}
	return rows
}
