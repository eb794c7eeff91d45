package projections_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/atlant-log/atlant/projections"
)

// readOnly is a store that can be read, and takes its time to refuse what is written.
type readOnly struct {
	projections.Views

	refused atomic.Int64
}

var errReadOnly = errors.New("the store is read-only")

func (r *readOnly) ApplyPrices(context.Context, projections.Delta, projections.Checkpoint) error {
	time.Sleep(50 * time.Millisecond)
	r.refused.Add(1)
	return errReadOnly
}

// A projector that stands still says so all the time, also while it tries again.
func TestFailureLastsWhileItFails(t *testing.T) {
	t.Parallel()
	log, _ := newLog(t)
	store := &readOnly{Views: newViews(t)}
	publish(t, log, list(1, 10))
	p := projections.NewPriceProjector(0, log, projections.Fixed{Views: store}, quiet)
	run(t, p)
	eventually(t, "a failure", func() bool { return p.Failure() != nil })
	eventually(t, "three more attempts", func() bool {
		if err := p.Failure(); !errors.Is(err, errReadOnly) {
			t.Fatalf("after %d attempts it says %v", store.refused.Load(), err)
		}
		return store.refused.Load() >= 4
	})
}
