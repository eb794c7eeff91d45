package product

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

const (
	lookInterval = 250 * time.Millisecond
	// heartbeatInterval is less than what proxies commonly wait for a stream to say something.
	heartbeatInterval = 15 * time.Second
	readTimeout       = 30 * time.Second
	// stretchLimit bounds the changes of a stretch, but for those of its last message.
	stretchLimit = 500
	// keptStretches and keptChanges bound what is kept of what was read.
	keptStretches = 512
	keptChanges   = 20_000
	// readsAtOnce leaves the store to others while many watchers catch up.
	readsAtOnce = 4
)

// feed tells all watchers of this process what changes in the live views. While somebody watches it looks how far the views
// have come, and wakes the watchers when that is further. They ask for one stretch of changes after the other, each from
// where it is: those who are at the same place share what is read, and one who is far behind reads for itself. So nothing
// is kept for a watcher, and what it has seen is its position in the log, whichever views are live.
type feed struct {
	live      projections.LiveViews
	shards    int
	heartbeat time.Duration // how long a watcher hears nothing at most
	most      int           // changes that are kept
	closing   chan struct{} // closed when watchers shall end
	close     func()

	mu       sync.Mutex
	watchers int
	stop     context.CancelFunc // ends looking; nil while nobody watches
	at       *reach             // nil until it was looked
	failure  error              // why it could not be looked, while at is nil
	looked   chan struct{}      // closed and replaced when at or failure is another one

	kept    map[place]*stretch
	order   []place // of kept, oldest first
	changes int     // in kept
	reads   singleflight.Group
	reading chan struct{}
}

// reach is how far views had come.
type reach struct {
	views    projections.Views
	position events.LogPosition
}

// place is one in the price log: right behind a message of a shard.
type place struct {
	shard uint32
	after uint64
}

// stretch is all changes of a shard behind a place, up to another. It is shared, and never written to.
type stretch struct {
	to      uint64
	changes []*atlantv1.WatchedChange
}

func newFeed(live projections.LiveViews, shards int) *feed {
	f := &feed{
		live: live, shards: shards, heartbeat: heartbeatInterval, most: keptChanges,
		closing: make(chan struct{}), looked: make(chan struct{}),
		kept: map[place]*stretch{}, reading: make(chan struct{}, readsAtOnce),
	}
	f.close = sync.OnceFunc(func() { close(f.closing) })
	return f
}

// join begins to watch behind a position, and for shards that it does not name behind what the views hold now. It blocks
// until that is known. Whoever has joined leaves at the end.
func (f *feed) join(ctx context.Context, position events.LogPosition) (*watcher, error) {
	f.mu.Lock()
	f.watchers++
	if f.watchers == 1 {
		var looking context.Context
		looking, f.stop = context.WithCancel(context.Background()) // the first one may leave before others do
		go f.keepLooking(looking)                                  //nolint:contextcheck // as above
	}
	f.mu.Unlock()
	w := &watcher{feed: f, position: make(events.LogPosition, f.shards)}
	now, err := f.now(ctx)
	if err != nil {
		w.leave()
		return nil, err
	}
	for shard := range uint32(f.shards) {
		sequence, named := position[shard]
		if !named {
			sequence = now.position[shard]
		}
		w.position[shard] = sequence
	}
	return w, nil
}

// watching returns how many watch.
func (f *feed) watching() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.watchers
}

// leave ends what join began.
func (w *watcher) leave() {
	f := w.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watchers--; f.watchers > 0 {
		return
	}
	f.stop()
	f.at, f.failure = nil, nil
	f.kept, f.order, f.changes = map[place]*stretch{}, nil, 0
}

// now returns how far the views have come, by the last look at them.
func (f *feed) now(ctx context.Context) (*reach, error) {
	for {
		f.mu.Lock()
		at, failure, looked := f.at, f.failure, f.looked
		f.mu.Unlock()
		if at != nil || failure != nil {
			return at, failure
		}
		select {
		case <-looked:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// keepLooking looks until the context ends. A look that fails is done again: the views may be back in a moment.
func (f *feed) keepLooking(ctx context.Context) {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		at, err := f.look(ctx)
		f.note(ctx, at, err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (f *feed) look(ctx context.Context) (*reach, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	views, err := f.live.Live(ctx)
	if err != nil {
		return nil, err
	}
	position, err := projections.Position(ctx, views, f.shards)
	if err != nil {
		return nil, err
	}
	return &reach{views, position}, nil
}

// note takes in what a look gave, and wakes whoever waits for it, unless nothing is new.
func (f *feed) note(ctx context.Context, at *reach, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case ctx.Err() != nil: // nobody watches any more, or others do with a look of their own
		return
	case err != nil && f.at != nil: // those who watch need not know of a disturbance that passes
		return
	case err == nil && f.at != nil && f.at.views.Generation() == at.views.Generation() && maps.Equal(f.at.position, at.position):
		return
	}
	f.at, f.failure = at, err
	close(f.looked)
	f.looked = make(chan struct{})
}

// switched tells whether other views are live by now, which is why these could not be read.
func (f *feed) switched(ctx context.Context, at *reach) bool {
	now, err := f.look(ctx)
	if err != nil || now.views.Generation() == at.views.Generation() {
		return false
	}
	f.note(ctx, now, nil)
	return true
}

// read returns the stretch behind a place that the views have got beyond.
func (f *feed) read(ctx context.Context, at *reach, from place) (*stretch, error) {
	f.mu.Lock()
	found := f.kept[from]
	f.mu.Unlock()
	if found != nil {
		return found, nil
	}
	// Not with the context of one watcher: others may wait for the same stretch.
	result := f.reads.DoChan(fmt.Sprint(from), func() (any, error) { //nolint:contextcheck // as above
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		return f.load(ctx, at, from)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*stretch), nil //nolint:forcetypeassert,errcheck // load returned it
	}
}

func (f *feed) load(ctx context.Context, at *reach, from place) (*stretch, error) {
	f.reading <- struct{}{}
	defer func() { <-f.reading }()
	changes, to, err := projections.ReadFeed(ctx, at.views, from.shard, from.after, at.position[from.shard], stretchLimit)
	if err != nil {
		return nil, err
	}
	s := &stretch{to: to}
	if s.changes, err = watched(ctx, at.views, changes); err != nil {
		return nil, err
	}
	f.keep(from, s)
	return s, nil
}

// watched returns changes with their products. One without is left out: a repair has just taken both away.
func watched(ctx context.Context, views projections.Views, changes []projections.Change) ([]*atlantv1.WatchedChange, error) {
	products, err := projections.ProductsOf(ctx, views, changes)
	if err != nil {
		return nil, err
	}
	all := make([]*atlantv1.WatchedChange, 0, len(changes))
	for i := range changes {
		if p, ok := products[changes[i].ProductID]; ok {
			all = append(all, &atlantv1.WatchedChange{Change: rpc.Change(&changes[i]), Product: rpc.Product(&p)})
		}
	}
	return all, nil
}

// keep keeps a stretch for others, and forgets the oldest ones.
func (f *feed) keep(from place, s *stretch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watchers == 0 || f.kept[from] != nil {
		return
	}
	f.kept[from], f.order, f.changes = s, append(f.order, from), f.changes+len(s.changes)
	for len(f.order) > keptStretches || f.changes > f.most {
		oldest := f.order[0]
		f.order, f.changes = f.order[1:], f.changes-len(f.kept[oldest].changes)
		delete(f.kept, oldest)
	}
}

// watcher is one who watches, and where in the log it is.
type watcher struct {
	feed     *feed
	position events.LogPosition
}

// next returns changes that the watcher has not seen, of one shard, and moves its position behind them; there may be none
// that count. With them comes a channel that is closed once there may be more.
func (w *watcher) next(ctx context.Context) ([]*atlantv1.WatchedChange, <-chan struct{}, error) {
	w.feed.mu.Lock()
	at, looked := w.feed.at, w.feed.looked
	w.feed.mu.Unlock()
	for shard, after := range w.position {
		if at.position[shard] <= after {
			continue
		}
		s, err := w.feed.read(ctx, at, place{shard, after})
		if err != nil && w.feed.switched(ctx, at) {
			return nil, always, nil
		}
		if err != nil {
			return nil, nil, err
		}
		w.position[shard] = s.to
		return s.changes, always, nil
	}
	return nil, looked, nil
}
