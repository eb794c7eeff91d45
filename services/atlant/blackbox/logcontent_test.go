package blackbox_test

import (
	"log/slog"
	"testing"

	"github.com/atlant-log/atlant/events"
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
	type row struct {
		fetch events.FetchID
		line  int64
	}
	seen, published := map[row]bool{}, map[string]int64{}
	for shard := range log.Shards() {
		last, err := log.LastSequence(t.Context(), events.PriceStream(shard))
		if err != nil {
			t.Fatal(err)
		}
		reader, err := log.Read(t.Context(), events.PriceStream(shard), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		for at := uint64(0); at < last; {
			messages, err := reader.Next(within(t), events.Batch{Limit: 10_000, Gap: patience, Wait: patience, Until: last})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				at = m.Sequence
				if m.Kind != events.KindObserved {
					continue
				}
				o, err := events.DecodeObservation(m.Data)
				if err != nil {
					t.Fatal(err)
				}
				if r := (row{o.Position.Fetch, o.Line}); seen[r] {
					t.Errorf("line %d of fetch %s is in the log twice", r.line, r.fetch)
				} else {
					seen[r] = true
				}
				published[o.Position.Fetch.String()]++
				rows++
			}
		}
	}
	for id, n := range published {
		if known[id].GetAccepted() != n {
			t.Errorf("the log holds %d rows of %v", n, known[id])
		}
	}
	return rows
}
