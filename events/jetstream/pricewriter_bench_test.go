package jetstream_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/atlant-log/atlant/events"
)

// benchLines is the size of the list that both benchmarks publish again and again.
const benchLines = 50_000

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

// BenchmarkBareAtomicBatches publishes the same bytes, encoded before, in atomic batches of 1000 and does nothing else: it
// is what the server takes from one client that waits for each batch.
func BenchmarkBareAtomicBatches(b *testing.B) {
	_, nc := newLog(b, 1)
	js := server(b, nc)
	fetch := newFetchID(b)
	payloads := make([][]byte, benchLines)
	for i := range payloads {
		var err error
		if payloads[i], err = events.AppendObservation(nil, observation(fetch, int64(i)+1)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		for first := 0; first < benchLines; first += 1000 {
			batch, err := jetstreamext.NewBatchPublisher(js)
			if err != nil {
				b.Fatal(err)
			}
			for _, data := range payloads[first : first+999] {
				msg := nats.NewMsg("prices.0.observed")
				msg.Data = data
				if err := batch.AddMsg(msg); err != nil {
					b.Fatal(err)
				}
			}
			msg := nats.NewMsg("prices.0.observed")
			msg.Data = payloads[first+999]
			if _, err := batch.CommitMsg(b.Context(), msg); err != nil {
				b.Fatal(err)
			}
		}
	}
	reportEvents(b)
}
