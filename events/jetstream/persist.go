package jetstream

import (
	"context"
	"time"
)

// A write that got no answer, or one that says nothing of its fate, is looked up and sent again after a pause, which doubles
// between these. A server that was killed is missed for some seconds before another one leads.
const (
	firstPause = 50 * time.Millisecond
	maxPause   = 2 * time.Second
	// writePatience is how long a write that somebody waits for is tried, batchPatience one of a fetcher, which loses
	// more when it has to begin again.
	writePatience = 15 * time.Second
	batchPatience = 2 * time.Minute
)

// fate is what the log says became of a write.
type fate int

const (
	open   fate = iota // it is not there, and may be sent again
	landed             // it is there
	lost               // something else is there
)

// write is a compare-and-set on the log: sent twice it is there once.
type write struct {
	doing    string
	patience time.Duration
	insist   bool                     // also where the server refuses it: somebody may put that right meanwhile
	room     func(failed error) error // of the log
	send     func() error
	lookUp   func() (fate, error)
}

// persist sends a write until its fate is known or its patience ends. It returns ErrConflict where something else is there,
// and ErrUnavailable where the fate is not known in the end. While the disk is full it does not try.
func (w write) persist(ctx context.Context) error {
	deadline, doubt := time.Now().Add(w.patience), false // doubt: an attempt may be there of which we were not told
	var err error
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		if full := w.room(err); full != nil {
			return unavailable(w.doing, full)
		}
		err = w.send()
		if err == nil {
			return nil
		}
		if isConflict(err) && !doubt {
			return conflict(w.doing)
		}
		doubt = doubt || (!isConflict(err) && codeOf(err) != codeInFlight)
		if settled, outcome := w.settle(err); settled {
			return outcome
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return unavailable(w.doing, err)
		}
	}
}

// settle tells whether a write that failed needs no other attempt, and what came of it then.
func (w write) settle(failed error) (settled bool, outcome error) {
	now, unknown := w.lookUp()
	switch {
	case unknown == nil && now == landed:
		return true, nil
	case unknown == nil && now == lost:
		return true, conflict(w.doing)
	case isRefusal(failed) && !w.insist:
		return true, unavailable(w.doing, failed)
	default:
		return false, nil
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
