package fetch

import (
	"context"
	"time"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The stages of the work on a fetch.
const (
	StageDownload = "download" // from its server, or where it was held or uploaded, to the spool
	StageRead     = "read"     // all of it, before anything is published
	StagePublish  = "publish"
	StageVisible  = "visible" // from the receipt until the views show what was published
)

// Observer is told how the work on fetches goes. Its methods are called from many goroutines, and must not block.
type Observer interface {
	// Begin is called when a request from the queue is taken up. What is done for it gets the context that is returned, and
	// end is called when this process has done with it: with nil, or with why it is not done.
	Begin(ctx context.Context, request *atlantv1.FetchRequested, origin events.Origin) (fetching context.Context, end func(error))
	// Stage is called when a stage begins, or some time after it has begun; end, when it is over.
	Stage(ctx context.Context, stage string, began time.Time) (staging context.Context, end func(error))
	// Ended is told of each fetch that this process has brought to its end, or holds, once.
	Ended(fetch *atlantv1.Fetch)
	// Visible is told how long after it was asked for the views show what a fetch has published.
	Visible(after time.Duration)
	// AttemptFailed is told of each attempt at a download that is followed by another one.
	AttemptFailed()
}

// unobserved is the Observer where there is none.
type unobserved struct{}

func (unobserved) Begin(ctx context.Context, _ *atlantv1.FetchRequested, _ events.Origin) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (unobserved) Stage(ctx context.Context, _ string, _ time.Time) (context.Context, func(error)) {
	return ctx, func(error) {}
}

func (unobserved) Ended(*atlantv1.Fetch) {}

func (unobserved) Visible(time.Duration) {}

func (unobserved) AttemptFailed() {}

// Running returns how many lists are worked on.
func (f *Fetcher) Running() int { return len(f.running) }

// HostsLeftAlone returns how many hosts have failed so often that nothing is asked of them for now, and of how many one request
// is to tell whether they are well again.
func (f *Fetcher) HostsLeftAlone() (open, halfOpen int) { return f.downloader.hosts.leftAlone() }
