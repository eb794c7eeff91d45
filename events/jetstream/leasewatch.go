package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/atlant-log/atlant/events"
)

// errWatchEnded says that a watch of the bucket broke off.
var errWatchEnded = errors.New("the watch of the bucket ended")

// Held implements events.Leases.
func (l *Leases) Held(ctx context.Context) ([]events.Claim, error) {
	entries, stop, err := l.entries(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	silence := time.NewTimer(l.TTL()) // the server that was asked may be gone without a word, as in follow
	defer silence.Stop()
	held := claims{}
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-silence.C:
			return nil, unavailable("read leases", errWatchEnded)
		case entry, ok := <-entries:
			switch {
			case !ok:
				return nil, unavailable("read leases", errWatchEnded)
			case entry == nil:
				return held.sorted(), nil
			}
			held.apply(entry)
		}
	}
}

// Watch implements events.Leases.
func (l *Leases) Watch(ctx context.Context) <-chan []events.Claim {
	seen := make(chan []events.Claim, 1)
	go func() {
		defer close(seen)
		connected := l.nc.StatusChanged(nats.CONNECTED)
		defer l.nc.RemoveStatusListener(connected)
		for ctx.Err() == nil {
			l.follow(ctx, connected, seen)
			select {
			case <-ctx.Done():
			case <-time.After(l.TTL() / 60):
			}
		}
	}()
	return seen
}

// follow passes on the claims until the watch of the bucket breaks off. It may do so without a word, as when the bucket
// is lost with a restart of NATS; but claims are renewed or lapse, so after a TTL of silence it is begun anew.
func (l *Leases) follow(ctx context.Context, connected <-chan nats.Status, seen chan []events.Claim) {
	entries, stop, err := l.entries(ctx)
	if err != nil {
		return // the caller tries again
	}
	defer stop()
	silence := time.NewTimer(l.TTL())
	defer silence.Stop()
	held, complete := claims{}, false
	for {
		select {
		case <-ctx.Done():
			return
		case <-connected:
			return
		case <-silence.C:
			return
		case entry, ok := <-entries:
			if !ok {
				return
			}
			silence.Reset(l.TTL())
			changed := entry == nil || held.apply(entry)
			if complete = complete || entry == nil; complete && changed {
				select {
				case <-seen: // nobody took the claims before
				default:
				}
				seen <- held.sorted()
			}
		}
	}
}

// entries watches the bucket, creating it if it is missing: first what it holds, then nil, then what changes. It blocks
// for at most a TTL.
func (l *Leases) entries(ctx context.Context) (<-chan jetstream.KeyValueEntry, context.CancelFunc, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(l.TTL(), cancel)
	defer late.Stop()
	kv, err := l.openBucket(ctx)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		cancel()
		return nil, nil, unavailable("watch leases", err)
	}
	stop := func() {
		cancel()
		go func() { // the watcher blocks on its channel until it notices
			for range watcher.Updates() {
			}
		}()
	}
	return watcher.Updates(), stop, nil
}

// claims are the claims by their keys.
type claims map[string]events.Claim

// apply tells whether the entry changes who holds what.
func (c claims) apply(entry jetstream.KeyValueEntry) bool {
	before, held := c[entry.Key()]
	var now claim
	if entry.Operation() != jetstream.KeyValuePut || json.Unmarshal(entry.Value(), &now) != nil {
		delete(c, entry.Key()) // released or lapsed
		return held
	}
	c[entry.Key()] = events.Claim(now)
	return !held || before.Holder != now.Holder
}

func (c claims) sorted() []events.Claim {
	all := make([]events.Claim, 0, len(c))
	for _, claim := range c {
		all = append(all, claim)
	}
	slices.SortFunc(all, func(a, b events.Claim) int { return strings.Compare(a.Name, b.Name) })
	return all
}
