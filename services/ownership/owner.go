// Package ownership spreads units of work over the workers that are alive. A worker announces itself with a lease of its
// own name and holds a lease for each unit it works on; from these claims alone, which all workers see, each works out
// what to take and what to give up. Nobody takes what another holds.
package ownership

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/atlant-log/atlant/events"
)

// WorkerPrefix begins the names of the leases by which workers announce themselves; their ids follow.
const WorkerPrefix = "worker/"

// Config is what an Owner needs to know.
type Config struct {
	Worker  string                           // the id of this worker; no other has it, nor has this one after a restart
	Note    func(unit string) []byte         // what a unit's lease says to others, asked for every third of a TTL; nil for nothing
	Changed func(unit string, change Change) // is told of each lease of a unit, and must not block; nil: nobody is
	Logger  *slog.Logger
}

// Change is what becomes of a lease.
type Change string

// The changes.
const (
	Taken    Change = "taken"
	Released Change = "released"
	Lost     Change = "lost" // it could not be renewed in time, or another worker has taken it
)

// Owner takes units of work for one worker.
type Owner struct {
	leases events.Leases
	config Config
}

// NewOwner returns an owner that holds nothing yet.
func NewOwner(leases events.Leases, config Config) *Owner {
	if config.Note == nil {
		config.Note = func(string) []byte { return nil }
	}
	if config.Changed == nil {
		config.Changed = func(string, Change) {}
	}
	return &Owner{leases: leases, config: config}
}

// Run takes this worker's share of the units, each group being spread evenly by itself, and calls run in a goroutine for
// each unit it holds. All workers must name the same groups; a unit's name is its lease's.
//
// The context that run gets ends when the unit is given up or lost, at the latest just before the lease lapses unrenewed;
// run must then return soon, for the unit goes to another worker only after it did. A run that returns before is called
// again after a third of the TTL. While the leases cannot be reached, Run keeps trying. It blocks until the context ends,
// all runs have returned and their leases are released; if the leases are out of reach, that takes up to two thirds of the
// TTL longer.
func (o *Owner) Run(ctx context.Context, groups [][]string, run func(ctx context.Context, unit string)) {
	s := &session{
		leases: o.leases, config: o.config, groups: groups, run: run,
		wake: make(chan struct{}, 1), tenures: map[string]*tenure{},
	}
	seen := o.leases.Watch(ctx)
	s.running.Go(func() { s.announce(ctx) })
	var claims []events.Claim
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.wake:
			s.adjust(ctx, claims)
		case now, ok := <-seen:
			if ok {
				claims = now
				s.adjust(ctx, claims)
			}
		}
	}
	s.running.Wait()
}

// session is one call of Run.
type session struct {
	leases  events.Leases
	config  Config
	groups  [][]string
	run     func(ctx context.Context, unit string)
	wake    chan struct{} // what this worker holds has changed
	running sync.WaitGroup

	mu      sync.Mutex
	tenures map[string]*tenure // by unit
}

// announce keeps the lease that tells others of this worker.
func (s *session) announce(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		err := s.hold(ctx, WorkerPrefix+s.config.Worker, &tenure{}, func(held context.Context) { <-held.Done() })
		if err != nil && !failing && ctx.Err() == nil {
			s.config.Logger.WarnContext(ctx, "this worker cannot announce itself, it keeps trying", slog.Any(logError, err))
		}
		failing = err != nil
		pause(ctx, s.leases.TTL()/30)
	}
}

// adjust begins to take what this worker should have and give up what it should not. A worker that is not announced, as
// far as the claims tell, does neither.
func (s *session) adjust(ctx context.Context, claims []events.Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	workers, holders := s.read(claims)
	if ctx.Err() != nil || !workers[s.config.Worker] {
		return
	}
	take, giveUp := plan(s.groups, workers, holders, s.config.Worker)
	for _, unit := range take {
		if s.tenures[unit] == nil {
			s.begin(ctx, unit)
		}
	}
	for _, unit := range giveUp {
		s.tenures[unit].giveUp()
	}
}

// read returns who is alive and who holds what. Of its own units this worker knows better than the claims, which may be
// older: those it is about to give up count as nobody's.
func (s *session) read(claims []events.Claim) (workers map[string]bool, holders map[string]string) {
	workers, holders = map[string]bool{}, map[string]string{}
	for _, claim := range claims {
		if worker, ok := strings.CutPrefix(claim.Name, WorkerPrefix); ok {
			workers[worker] = true
		} else if claim.Holder != s.config.Worker {
			holders[claim.Name] = claim.Holder
		}
	}
	for unit, t := range s.tenures {
		if t.holds() {
			holders[unit] = s.config.Worker
		}
	}
	return workers, holders
}

// begin has a unit taken and worked on, until it is given up or lost.
func (s *session) begin(ctx context.Context, unit string) {
	ctx, cancel := context.WithCancel(ctx)
	t := &tenure{giveUp: cancel}
	s.tenures[unit] = t
	s.running.Go(func() {
		defer cancel()
		if err := s.hold(ctx, unit, t, func(held context.Context) { s.work(held, unit) }); err != nil {
			s.config.Logger.DebugContext(ctx, "unit not taken", slog.String(logUnit, unit), slog.Any(logError, err))
			pause(ctx, s.leases.TTL()/60) // the claims are about to show who was faster
		}
		s.mu.Lock()
		delete(s.tenures, unit)
		s.mu.Unlock()
		s.readjust()
	})
}

// readjust has the claims looked at again, because this worker holds something else now.
func (s *session) readjust() {
	select {
	case s.wake <- struct{}{}:
	default: // it is to happen already
	}
}

// work calls run, again if it returns early, until the unit is to be let go of.
func (s *session) work(ctx context.Context, unit string) {
	s.readjust()
	for ctx.Err() == nil {
		s.run(ctx, unit)
		pause(ctx, s.leases.TTL()/3)
	}
}

// pause waits, but not longer than the context lasts.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
