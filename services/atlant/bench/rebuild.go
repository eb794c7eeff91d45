package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// manyRepeats is how often products have to repeat for the target of a rebuild to hold.
const manyRepeats = 10

// rebuilt says how long a rebuild took, and each of its stages.
type rebuilt struct {
	took   time.Duration
	stages map[string]time.Duration
}

// rebuild replays the log into new views until these are live. The call goes on for two seconds then, in which it sees to it that
// every projector has noticed, and answers come from the new views.
func (j *journey) rebuild(ctx context.Context) error {
	j.run.sayf("rebuilding from %d observations", j.run.options.Products*len(j.loads))
	resetPeak()
	began := time.Now()
	stream, err := j.client.projection.Rebuild(ctx, connect.NewRequest(&atlantv1.RebuildRequest{}))
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	stages, stage, since := map[string]time.Duration{}, "", began
	for stream.Receive() {
		if s := stageName(stream.Msg().GetStage()); s != stage {
			now := time.Now()
			if stage != "" {
				stages[stage] += now.Sub(since)
			}
			stage, since = s, now
		}
	}
	if err := stream.Err(); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	if stage != stageName(atlantv1.RebuildStage_REBUILD_STAGE_SWITCHED) {
		return errors.New("rebuild: the stream ended before the views were switched")
	}
	j.rebuilt = rebuilt{took: since.Sub(began), stages: stages}
	j.peaks[Rebuild] = peakMemory()
	return nil
}

func stageName(stage atlantv1.RebuildStage) string {
	return strings.ToLower(strings.TrimPrefix(stage.String(), "REBUILD_STAGE_"))
}

// reportRebuild compares the rebuild with the rate at which the same observations were loaded, and with bare reading.
func (j *journey) reportRebuild(ctx context.Context) error {
	r, rows := j.run, j.run.options.Products
	bare, err := r.stagesOf(ctx, rows)
	if err != nil {
		return err
	}
	observed := rows * len(j.loads)
	var live time.Duration
	for _, took := range j.loads {
		live += took
	}
	target := 0.0
	if len(j.loads) >= manyRepeats {
		target = 3
	}
	f := Figure{Scenario: Rebuild, Name: untilSwitched, Value: rate(observed, j.rebuilt.took), Unit: unitRate}
	for stage, took := range j.rebuilt.stages {
		f.detail(stage+"_s", took.Seconds())
	}
	f.than("live rate", rate(observed, live), target)
	f.than(bareConsume, rate(rows, bare.consume), 0)
	r.add(f)
	j.addMemory(Rebuild, bare.listBytes)
	return nil
}
