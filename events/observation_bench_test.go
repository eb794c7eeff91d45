package events_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

// benchObservations is how many observations each round of a benchmark writes or reads.
const benchObservations = 1000

func benchList() []events.Observation {
	list := make([]events.Observation, benchObservations)
	for i := range list {
		list[i] = events.Observation{
			Source: events.DefaultSource, Name: fmt.Sprintf("Product %07d deluxe edition", i*7919), Line: int64(i) + 2,
			Price:    events.Price{Micros: int64(i) * 7_919_0000, Currency: "EUR"},
			Position: events.Position{ObservedAt: 1_700_000_000_000_000, Fetch: uuid.UUID{6: 0x70, 8: 0x80}},
		}
	}
	return list
}

func BenchmarkAppendObservation(b *testing.B) {
	list := benchList()
	var buf []byte
	for b.Loop() {
		buf = buf[:0]
		for i := range list {
			var err error
			if buf, err = events.AppendObservation(buf, &list[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*benchObservations/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkDecodeObservation(b *testing.B) {
	var messages [][]byte
	for _, o := range benchList() {
		data, err := events.AppendObservation(nil, &o)
		if err != nil {
			b.Fatal(err)
		}
		messages = append(messages, data)
	}
	for b.Loop() {
		for _, data := range messages {
			if _, err := events.DecodeObservation(data); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*benchObservations/b.Elapsed().Seconds(), "rows/s")
}
