package projections

import (
	"time"

	"github.com/atlant-log/atlant/events"
)

// Applied is a batch that a projector has taken into the views.
type Applied struct {
	Stream       events.Stream
	Messages     int
	Observations int // in these; 0 for the fetch stream
	Bytes        int // of their data
	Began, Ended time.Time
	// Traces are those that the batch's fetches were published in, each once, as W3C Trace Context writes them. A fetch is
	// among them where its marker is in the batch.
	Traces []string
}

// Observer is told what a projector does. Its methods must not block.
type Observer interface {
	// Applied is told of each batch that readers can see.
	Applied(a Applied)
}

// Observe has an observer told of each batch. It is called before Run.
func (p *Projector) Observe(by Observer) { p.observer = by }
