package projections

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/atlant-log/atlant/events"
)

// maxSamples is how many divergences of each kind a comparison keeps; all are counted.
const maxSamples = 10

// DivergenceKind says how views are not as they should be.
type DivergenceKind int

// The kinds of divergence.
const (
	DivergenceMissing DivergenceKind = iota // the product should be there
	DivergenceSpare                         // the product should not be there
	DivergenceDiffers                       // the product, or its changes, are others
)

// Divergence is a product that the views do not hold as they should.
type Divergence struct {
	Kind    DivergenceKind
	ID      events.ProductID
	Want    *Product // nil if it should not be there
	Got     *Product // nil if it is not there
	Changes bool     // its changes are not what they should be
}

// Comparison is how live views compare with what they should be at one position of the log.
type Comparison struct {
	Position events.LogPosition
	Products int64                    // that should be there
	Counts   map[DivergenceKind]int64 // products
	Samples  map[DivergenceKind][]Divergence
}

// Equal tells whether there was no divergence.
func (c *Comparison) Equal() bool { return len(c.Counts) == 0 }

func (c *Comparison) add(d Divergence) {
	c.Counts[d.Kind]++
	if len(c.Samples[d.Kind]) < maxSamples {
		c.Samples[d.Kind] = append(c.Samples[d.Kind], d)
	}
}

// comparer compares the live views, while they are being written, with what they should be. The live views are never behind
// position, and may be ahead of it. Where a product differs, what happened to it since is folded into what it should be: if
// it has become what the live views say at any place on the way, it is right. So nothing has to stand still.
type comparer struct {
	replayer *replayer
	shards   int
	live     Views
	position logEnd // of what the products should be
	result   Comparison
}

func newComparer(r *replayer, shards int, live Views, position logEnd) *comparer {
	at := events.LogPosition{}
	for shard := range shards {
		if last := position[events.PriceStream(shard)]; last > 0 {
			at[uint32(shard)] = last
		}
	}
	return &comparer{
		replayer: r, shards: shards, live: live, position: position,
		result: Comparison{Position: at, Counts: map[DivergenceKind]int64{}, Samples: map[DivergenceKind][]Divergence{}},
	}
}

// suspect is a product that the live views hold in another way than it should be at the position.
type suspect struct {
	want, got        *replayed // nil: there is none
	product, changes bool      // seen to be right
}

// views compares other views, which stand still, with the live ones.
func (c *comparer) views(ctx context.Context, want Scans, sums *comparedSums) error {
	summing, summingCtx := errgroup.WithContext(ctx)
	summing.Go(func() error { return want.ScanDigests(summingCtx, sums.want) })
	summing.Go(func() error { return c.live.ScanDigests(summingCtx, sums.got) })
	if err := summing.Wait(); err != nil {
		return err
	}
	for index := range sums.portions {
		for _, p := range sums.unequal(index) {
			_, err := c.portion(ctx, p, func(ctx context.Context) ([]*replayed, error) { return scanPortion(ctx, want, p) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// portion compares the products of a portion, and returns how many there should be. want returns all that should be there, by id; it
// works while the live views are read.
func (c *comparer) portion(ctx context.Context, p portion, want func(context.Context) ([]*replayed, error)) (int, error) {
	var wanted, got []*replayed
	reading, readingCtx := errgroup.WithContext(ctx)
	reading.Go(func() (err error) { wanted, err = want(readingCtx); return err })
	reading.Go(func() (err error) { got, err = scanPortion(readingCtx, c.live, p); return err })
	if err := reading.Wait(); err != nil {
		return 0, err
	}
	suspects := c.suspectsIn(wanted, got)
	var mu sync.Mutex
	return len(wanted), eachShard(ctx, c.shards, func(ctx context.Context, shard int) error {
		if err := c.clear(ctx, events.PriceStream(shard), suspects[shard]); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for id, s := range suspects[shard] {
			c.result.add(s.divergence(id))
		}
		return nil
	})
}

// suspectsIn returns the products that are not the same in both, by shard. Both are by id.
func (c *comparer) suspectsIn(want, got []*replayed) []map[events.ProductID]*suspect {
	suspects := make([]map[events.ProductID]*suspect, c.shards)
	for shard := range suspects {
		suspects[shard] = map[events.ProductID]*suspect{}
	}
	for len(want)+len(got) > 0 {
		var s suspect
		order := compareFirst(want, got)
		if order <= 0 {
			s.want, want = want[0], want[1:]
		}
		if order >= 0 {
			s.got, got = got[0], got[1:]
		}
		if s.look(s.want); !s.product || !s.changes {
			id := cmp.Or(s.want, s.got).ID
			found := s // not s itself, which would be allocated for each product
			suspects[events.ShardOf(id, c.shards)][id] = &found
		}
	}
	return suspects
}

// compareFirst compares the ids of the first products. What has no first one is behind all.
func compareFirst(a, b []*replayed) int {
	switch {
	case len(b) == 0:
		return -1
	case len(a) == 0:
		return 1
	}
	return bytes.Compare(a[0].ID[:], b[0].ID[:])
}

const (
	// A product that was scanned in the middle of a write may look like nothing that it ever was: so those that cannot be
	// explained are read again, unless they are too many for that to be the cause.
	looks       = 3
	lookPause   = time.Second
	maxLookedAt = 1000
)

// clear removes the suspects that are right.
func (c *comparer) clear(ctx context.Context, stream events.Stream, suspects map[events.ProductID]*suspect) error {
	for look := range looks {
		if look > 0 {
			if len(suspects) > maxLookedAt {
				return nil
			}
			if err := sleep(ctx, lookPause); err != nil {
				return err
			}
			if err := c.readAgain(ctx, suspects); err != nil {
				return err
			}
		}
		if err := c.follow(ctx, stream, suspects); err != nil {
			return err
		}
		maps.DeleteFunc(suspects, func(_ events.ProductID, s *suspect) bool { return s.product && s.changes })
		if len(suspects) == 0 {
			return nil
		}
	}
	return nil
}

// readAgain reads the suspects as the live views hold them now.
func (c *comparer) readAgain(ctx context.Context, suspects map[events.ProductID]*suspect) error {
	for id, s := range suspects {
		now, err := readProduct(ctx, c.live, id)
		if err != nil {
			return err
		}
		s.got, s.product, s.changes = now, false, false
		s.look(s.want)
	}
	return nil
}

// follow folds what happened to the suspects since the position, and looks at them after each step. The live views may hold
// anything that is in the log by now.
func (c *comparer) follow(ctx context.Context, stream events.Stream, suspects map[events.ProductID]*suspect) error {
	if len(suspects) == 0 {
		return nil
	}
	until, err := c.replayer.source.LastSequence(ctx, stream)
	if err != nil {
		return err
	}
	replay := newShardReplay(func(id events.ProductID) bool { return suspects[id] != nil }, ignoreChange)
	for _, s := range suspects {
		if s.want != nil {
			replay.put(*s.want)
		}
	}
	return c.replayer.each(ctx, stream, c.position[stream], until, func(id events.ProductID, o *events.Observation) error {
		if s := suspects[id]; s != nil {
			if err := replay.fold(id, o); err != nil {
				return err
			}
			s.look(replay.find(id))
		}
		return nil
	})
}

// look notes what of the live product is as it should be at some place of the log. Changes are written before their product,
// so the two may be right at different places.
func (s *suspect) look(want *replayed) {
	if s.got == nil || want == nil {
		same := s.got == nil && want == nil
		s.product = s.product || same
		// The changes of a product that is being written for the first time: there are none yet.
		s.changes = s.changes || same || s.got == nil
		return
	}
	s.product = s.product || sameProduct(&want.Product, &s.got.Product)
	s.changes = s.changes || want.digest == s.got.digest
}

// sameProduct compares all that means something.
func sameProduct(p, q *Product) bool {
	a, b := *p, *q
	if a.PriceChanges == 0 {
		a.PreviousPrice = events.Price{}
	}
	if b.PriceChanges == 0 {
		b.PreviousPrice = events.Price{}
	}
	return a == b
}

func (s *suspect) divergence(id events.ProductID) Divergence {
	d := Divergence{Kind: DivergenceDiffers, ID: id, Changes: !s.changes}
	if s.want != nil {
		d.Want = &s.want.Product
	}
	if s.got != nil {
		d.Got = &s.got.Product
	}
	switch {
	case d.Got == nil:
		d.Kind = DivergenceMissing
	case d.Want == nil:
		d.Kind = DivergenceSpare
	}
	return d
}

// readProduct reads a product with the digest of its changes, nil if there is none.
func readProduct(ctx context.Context, views Views, id events.ProductID) (*replayed, error) {
	var digest uint64
	for after := (*events.Position)(nil); ; {
		changes, err := views.ListChanges(ctx, id, true, after, scanPage)
		if err != nil {
			return nil, err
		}
		for i := range changes {
			digest += digestOf(&changes[i])
		}
		if len(changes) < scanPage {
			break
		}
		after = &changes[len(changes)-1].At
	}
	p, err := views.GetProduct(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, nil //nolint:nilnil // nothing is stored, and nothing went wrong
	}
	return &replayed{Product: p, digest: digest}, err
}

// maxPosition is behind every other.
var maxPosition = events.Position{ObservedAt: math.MaxInt64, Fetch: uuid.Max}

// scanPage is how many products or changes are scanned at once.
const scanPage = 5000

// scanPortion reads the products of a portion, by id, with the digests of their changes. The changes are read first: they
// are written first, and so never tell less than the products.
func scanPortion(ctx context.Context, views Scans, p portion) ([]*replayed, error) {
	digests, err := scanChanges(ctx, views, p)
	if err != nil {
		return nil, err
	}
	var found []*replayed
	for after := p.before(); ; {
		page, err := views.ScanProducts(ctx, after, scanPage)
		if err != nil {
			return nil, err
		}
		room := make([]replayed, len(page))
		for i := range page {
			if !p.holds(page[i].ID) {
				return found, nil
			}
			room[i].Product = page[i]
			room[i].digest, digests = digests.next(page[i].ID)
			found = append(found, &room[i])
		}
		if len(page) < scanPage {
			return found, nil
		}
		after = &page[len(page)-1].ID
	}
}

// changeDigests are the digests of the changes of products, by id.
type changeDigests []struct {
	id     events.ProductID
	digest uint64
}

// next returns the digest of a product's changes, and the digests of those behind it.
func (d changeDigests) next(id events.ProductID) (uint64, changeDigests) {
	for len(d) > 0 {
		switch order := bytes.Compare(d[0].id[:], id[:]); {
		case order == 0:
			return d[0].digest, d[1:]
		case order > 0:
			return 0, d
		}
		d = d[1:] // of a product that is not there
	}
	return 0, d
}

func scanChanges(ctx context.Context, views Scans, p portion) (changeDigests, error) {
	var digests changeDigests
	var after *ChangeCursor
	if id := p.before(); id != nil {
		after = &ChangeCursor{ProductID: *id, At: maxPosition}
	}
	for {
		page, err := views.ScanChanges(ctx, after, scanPage)
		if err != nil {
			return nil, err
		}
		for i := range page {
			id := page[i].ProductID
			if !p.holds(id) {
				return digests, nil
			}
			if last := len(digests) - 1; last < 0 || digests[last].id != id {
				digests = append(digests, changeDigests{{id: id}}...)
			}
			digests[len(digests)-1].digest += digestOf(&page[i])
		}
		if len(page) < scanPage {
			return digests, nil
		}
		last := &page[len(page)-1]
		after = &ChangeCursor{ProductID: last.ProductID, At: last.At}
	}
}
