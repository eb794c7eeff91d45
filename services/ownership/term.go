package ownership

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/atlant-log/atlant/events"
)

// errLapsed says that a lease was not renewed in time.
var errLapsed = errors.New("the lease could not be renewed in time")

// term is the time for which a lease is known to be held: a context that ends when the lease would lapse by this machine's
// clock, unless it is extended before.
type term struct {
	context.Context //nolint:containedctx // it is a context
	end             context.CancelCauseFunc
	until           atomic.Pointer[time.Time]
	timer           *time.Timer
}

// newTerm returns a term, once as a context and once with its controls.
func newTerm(ctx context.Context, until time.Time) (context.Context, *term) {
	ctx, end := context.WithCancelCause(ctx)
	t := &term{Context: ctx, end: end}
	t.until.Store(&until)
	t.timer = time.AfterFunc(time.Until(until), func() { t.lapsed() })
	return t, t
}

// Err is never nil once the lease may have lapsed: in a process that was paused, whoever asks may be faster than the timer.
func (t *term) Err() error {
	t.lapsed()
	return t.Context.Err()
}

// lapsed tells whether the time is over, and ends the term if so.
func (t *term) lapsed() bool {
	if time.Now().Before(*t.until.Load()) {
		return false
	}
	t.end(errLapsed)
	return true
}

// lost returns why the term ended, unless it was meant to.
func (t *term) lost() error {
	if cause := context.Cause(t.Context); errors.Is(cause, errLapsed) || errors.Is(cause, events.ErrConflict) {
		return cause
	}
	return nil
}

func (t *term) extend(until time.Time) {
	t.until.Store(&until)
	t.timer.Reset(time.Until(until))
}

func (t *term) stop() {
	t.timer.Stop()
	t.end(nil)
}
