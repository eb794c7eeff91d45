package jetstream_test

import (
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/atlant-log/atlant/events"
)

// benchLines is the size of the list that both benchmarks publish again and again.
const benchLines = 500_000

func reportEvents(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)*benchLines/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkWritePrices publishes lists the way a fetcher does, encoding included.
func BenchmarkWritePrices(b *testing.B) {
	log, _ := newLog(b, 1)
	list := make([]*events.Observation, benchLines)
	for i := range list {
		list[i] = observation(events.FetchID{}, int64(i)+1)
	}
	for b.Loop() {
		fetch := newFetchID(b)
		writer := write(b, log, fetch)
		for _, o := range list {
			o.Position.Fetch = fetch
			if err := writer.Add(b.Context(), o.Line, o); err != nil {
				b.Fatal(err)
			}
		}
		mustFinish(b, writer, benchLines)
	}
	reportEvents(b)
}

// BenchmarkBareAtomicBatches publishes the same messages, encoded before, in atomic batches of as many, and does nothing
// else: it is what the server takes from one client that waits for each batch.
func BenchmarkBareAtomicBatches(b *testing.B) {
	_, nc := newLog(b, 1)
	js := server(b, nc)
	fetch := newFetchID(b)
	var payloads [][]byte
	var group events.Group
	for line := int64(1); line <= benchLines; line++ {
		if err := group.Add(observation(fetch, line)); err != nil {
			b.Fatal(err)
		}
		if group.Len() == events.GroupSize || line == benchLines {
			payloads = append(payloads, group.AppendTo(nil))
		}
	}
	for b.Loop() {
		for messages := range slices.Chunk(payloads, batchMessages) {
			batch, err := jetstreamext.NewBatchPublisher(js)
			if err != nil {
				b.Fatal(err)
			}
			for i, data := range messages {
				msg := nats.NewMsg("prices.0.observed")
				msg.Data = data
				if i < len(messages)-1 {
					err = batch.AddMsg(msg)
				} else {
					_, err = batch.CommitMsg(b.Context(), msg)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	reportEvents(b)
}
