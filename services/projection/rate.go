package projection

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/atlant-log/atlant/projections"
)

// pace tells how fast a stage gets on.
type pace struct {
	stage projections.Stage
	began time.Time
	first int64
	known bool
}

// of returns the rate of the stage so far, per second, and how long it will take from here on; nil if that is not known.
func (p *pace) of(progress projections.Progress, now time.Time) (float64, *durationpb.Duration) {
	if !p.known || p.stage != progress.Stage {
		*p = pace{stage: progress.Stage, began: now, first: progress.Done, known: true}
	}
	elapsed := now.Sub(p.began)
	done := progress.Done - p.first
	if elapsed <= 0 || done <= 0 {
		return 0, nil
	}
	left := progress.Total - progress.Done
	perSecond := float64(done) / elapsed.Seconds()
	if left < 0 {
		return perSecond, nil
	}
	return perSecond, durationpb.New(time.Duration(int64(elapsed) / done * left))
}
