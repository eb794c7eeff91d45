package projections_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
)

const (
	rebuiltProducts = 50_000
	rebuiltFetches  = 10
)

// BenchmarkRebuild takes a log in as a projector does, into views that are empty and have their indexes, and then rebuilds the
// views from it, up to the switch. The ratio is how many times as long a rebuild takes.
func BenchmarkRebuild(b *testing.B) {
	log, _ := newLog(b)
	for fetch := range rebuiltFetches {
		publish(b, log, rebuiltList(byte(fetch)))
	}
	var live, rebuilt time.Duration
	for b.Loop() {
		store := newStore(b)
		live += takeInLive(b, log, store)
		rebuilt += rebuild(b, log, store)
	}
	observations := float64(b.N * rebuiltProducts * rebuiltFetches)
	b.ReportMetric(observations/live.Seconds(), "live-events/s")
	b.ReportMetric(observations/rebuilt.Seconds(), "rebuilt-events/s")
	b.ReportMetric(rebuilt.Seconds()/live.Seconds(), "rebuild/live")
	b.ReportMetric(0, "ns/op")
}

// rebuiltList returns a list of which each fetch changes another twentieth.
func rebuiltList(fetch byte) []events.Observation {
	all := make([]events.Observation, rebuiltProducts)
	for i := range all {
		price := int64(i) * 10_000
		if i%20 == int(fetch)%20 {
			price++
		}
		all[i] = events.Observation{
			Source: events.DefaultSource, Name: fmt.Sprintf("Product of some length %08d", i), Price: eur(price),
			Position: at(1_700_000_000_000_000+events.Micros(fetch), fetch), Line: int64(i) + 2,
		}
	}
	return all
}

func takeInLive(b *testing.B, log events.Source, store projections.Store) time.Duration {
	b.Helper()
	views, err := store.Live(b.Context())
	wantNoError(b, err)
	p := projections.NewPriceProjector(0, log, store, quiet)
	start := time.Now()
	stop := run(b, p)
	waitForEnd(b, log, views, p)
	took := time.Since(start)
	stop()
	return took
}

func rebuild(b *testing.B, log *jetstream.Log, store projections.Store) time.Duration {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	start := time.Now()
	var took time.Duration
	err := projections.NewRebuilder(log, 1, store, "test", quiet).Rebuild(ctx, projections.RebuildOptions{},
		func(p projections.Progress) error {
			if p.Stage == projections.StageSwitched {
				took = time.Since(start)
				cancel() // what comes after is a pause
			}
			return nil
		})
	if took == 0 {
		b.Fatal(err)
	}
	return took
}
