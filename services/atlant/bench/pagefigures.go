package bench

import (
	"fmt"
	"time"
)

// A page costs at most twice what the store alone takes, and one of a hundred at most four times.
const (
	pageTarget     = 0.5
	slowPageTarget = 0.25
)

// latency tells how long something takes that is done many times.
type latency struct{ median, p99 time.Duration }

func latencyOf(times []time.Duration) latency { return latency{median(times), quantile(times, 99)} }

// pageFigures are what was measured of a page.
type pageFigures struct {
	latency

	rate float64 // pages a second
}

// beside returns the figures of a page, beside those of the store; targets are of what is read while nothing else happens.
func (m pageFigures) beside(p *page, readers int, load string) []Figure {
	bare := p.bare[readers]
	name := fmt.Sprintf("%s, %s, %d at once", p.name, load, readers)
	middle := Figure{Scenario: List, Name: name, Value: millis(m.median), Unit: unitMillis}
	middle.detail("pages_per_s", m.rate)
	slow := Figure{Scenario: List, Name: name + ", 99th percentile", Value: millis(m.p99), Unit: unitMillis}
	var half, quarter float64
	if load == idle {
		half, quarter = pageTarget, slowPageTarget
	}
	middle.than("store, idle", millis(bare.median), half)
	slow.than("store, idle", millis(bare.p99), quarter)
	return []Figure{middle, slow}
}
