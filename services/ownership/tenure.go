package ownership

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/atlant-log/atlant/events"
)

// tenure is a unit in this worker's hands, from the attempt to take it until it is released.
type tenure struct {
	giveUp context.CancelFunc
	term   atomic.Pointer[term] // nil until it is taken
}

// holds tells whether the unit is taken, and neither lost nor about to be given up.
func (t *tenure) holds() bool {
	held := t.term.Load()
	return held != nil && held.Err() == nil
}

// hold takes a lease, calls run, renews the lease until run has returned, and releases it. run is to return when its
// context, the term, ends: with the context given, or because the lease is lost. The error says why the lease could not be
// taken.
func (s *session) hold(ctx context.Context, name string, t *tenure, run func(ctx context.Context)) error {
	asked := time.Now()
	lasting := context.WithoutCancel(ctx) // what was begun is to be ended properly
	lease, err := s.take(lasting, name)
	if err != nil {
		return err
	}
	ctx, held := newTerm(ctx, s.lasts(asked))
	defer held.stop()
	t.term.Store(held)
	s.changed(name, Taken)
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx)
	}()
	s.renewUntil(lasting, done, name, lease, held)
	ended := Released
	if lost := held.lost(); lost != nil {
		ended = Lost
		s.config.Logger.WarnContext(ctx, "lease lost", slog.String(logUnit, name), slog.Any(logError, lost))
	}
	s.release(lasting, name, lease)
	s.changed(name, ended)
	return nil
}

// changed tells of a lease, unless it is the one by which this worker announces itself.
func (s *session) changed(name string, change Change) {
	if name != WorkerPrefix+s.config.Worker {
		s.config.Changed(name, change)
	}
}

// renewUntil renews a lease until done, or until it is lost.
func (s *session) renewUntil(ctx context.Context, done <-chan struct{}, name string, lease events.Lease, held *term) {
	next := time.NewTimer(s.leases.TTL() / 3)
	defer next.Stop()
	for {
		select {
		case <-done:
			return
		case <-next.C:
		}
		asked := time.Now()
		err := s.renew(ctx, name, lease)
		switch {
		case held.lapsed(), errors.Is(err, events.ErrConflict):
			held.end(err) // of two reasons the first counts
			<-done
			return
		case err != nil:
			next.Reset(s.leases.TTL() / 30)
		default:
			held.extend(s.lasts(asked))
			next.Reset(s.leases.TTL() / 3)
		}
	}
}

// lasts returns until when a lease can be relied on that was asked for at some time. It stops short of the TTL, for what
// is done under it takes a moment to stop.
func (s *session) lasts(asked time.Time) time.Time {
	return asked.Add(s.leases.TTL() - s.leases.TTL()/10)
}

func (s *session) take(ctx context.Context, name string) (events.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, s.leases.TTL()/3)
	defer cancel()
	return s.leases.Take(ctx, name, s.config.Worker, s.note(name))
}

func (s *session) renew(ctx context.Context, name string, lease events.Lease) error {
	ctx, cancel := context.WithTimeout(ctx, s.leases.TTL()/3)
	defer cancel()
	return lease.Renew(ctx, s.note(name))
}

// release ends a claim, which ends by itself if that fails.
func (s *session) release(ctx context.Context, name string, lease events.Lease) {
	ctx, cancel := context.WithTimeout(ctx, s.leases.TTL()/3)
	defer cancel()
	if err := lease.Release(ctx); err != nil {
		s.config.Logger.DebugContext(ctx, "lease not released", slog.String(logUnit, name), slog.Any(logError, err))
	}
}

func (s *session) note(name string) []byte {
	if name == WorkerPrefix+s.config.Worker {
		return nil
	}
	return s.config.Note(name)
}
