package telemetry

import (
	"log/slog"
	"testing"
	"time"

	"github.com/atlant-log/atlant/projections"
)

// What it costs to tell of a batch, of thousands of prices as a rule.
func BenchmarkApplied(b *testing.B) {
	telemetry, err := New(b.Context(), Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	to, now := telemetry.Projections(), time.Now()
	for b.Loop() {
		to.Applied(projections.Applied{
			Stream: "PRICES_00", Messages: 17, Observations: 4096, Began: now, Ended: now,
			Traces: []string{"00-01020000000000000000000000000003-0400000000000005-01"},
		})
	}
}

// What it adds to an operation of the store.
func BenchmarkMeasure(b *testing.B) {
	telemetry, err := New(b.Context(), Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		telemetry.metrics.measure(b.Context(), "list_products")(nil)
	}
}
