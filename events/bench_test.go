package events_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

// benchGroup is a message's worth of observations of a plain list.
func benchGroup() []events.Observation {
	fetch := uuid.MustParse(sampleID)
	all := make([]events.Observation, events.GroupSize)
	for i := range all {
		all[i] = events.Observation{
			Source: events.DefaultSource, Name: fmt.Sprintf("Product %07d deluxe edition", i*7919), Price: events.Price{Micros: int64(i) * 10_000},
			Position: events.Position{ObservedAt: 1_760_000_000_000_000, Fetch: fetch}, Line: int64(i) + 1,
		}
	}
	return all
}

func reportRows(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)*events.GroupSize/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkGroup(b *testing.B) {
	all := benchGroup()
	var group events.Group
	var data []byte
	b.ReportAllocs()
	for b.Loop() {
		for i := range all {
			if err := group.Add(&all[i]); err != nil {
				b.Fatal(err)
			}
		}
		data = group.AppendTo(data[:0])
	}
	b.ReportMetric(float64(len(data))/events.GroupSize, "bytes/row")
	reportRows(b)
}

func BenchmarkDecodeObservations(b *testing.B) {
	data := encode(b, benchGroup()...)
	var all []events.Observation
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if all, err = events.DecodeObservations(all[:0], data); err != nil {
			b.Fatal(err)
		}
	}
	reportRows(b)
}

func BenchmarkNewProductID(b *testing.B) {
	all := benchGroup()
	for b.Loop() {
		for i := range all {
			_ = all[i].ProductID()
		}
	}
	reportRows(b)
}
