package projections

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Errors of a store.
var (
	// ErrNotFound: there is no such product or fetch.
	ErrNotFound = errors.New("not found")
	// ErrConflict: another projector wrote first; load the state and fold the batch again.
	ErrConflict = errors.New("the views were written by another projector meanwhile")
	// ErrUnavailable: the store cannot be reached now; trying again later may help.
	ErrUnavailable = errors.New("the views are not available")
)

// Checkpoint is how far the views have taken in one stream.
type Checkpoint struct {
	Stream      events.Stream
	Sequence    uint64    // of the last message that the views hold
	LoggedAt    time.Time // when the log stored that message: a log that holds another one there is another log
	Late        int64     // observations that came too late to count, since the views began
	ProjectedAt time.Time // when it was written; zero if it never was
}

// Views is one generation of the views: all that a replay of the log gives. Its methods may be called from many goroutines
// at once, and by many processes.
type Views interface {
	PriceViews
	FetchViews
	ProductQueries
	FetchQueries
	Checkpoints
	Filling
	Scans
	Repairs
	// Generation returns the number of the generation.
	Generation() int64
}

// Checkpoints tells how far the views have come.
type Checkpoints interface {
	// Checkpoint returns the checkpoint of a stream, with sequence 0 if there is none.
	Checkpoint(ctx context.Context, stream events.Stream) (Checkpoint, error)
	// Checkpoints returns the checkpoints of all streams that have one, in one read, in no particular order.
	Checkpoints(ctx context.Context) ([]Checkpoint, error)
}

// PriceViews is what the projector of a price shard writes to: products, sightings and changes.
type PriceViews interface {
	// Products returns the state of those of the products that are known.
	Products(ctx context.Context, ids []events.ProductID) (map[events.ProductID]Product, error)
	// ApplyPrices writes a delta, then the checkpoint. A crash in between is healed by folding the same events again. It
	// returns ErrConflict, with sightings and checkpoint untouched, where a product is not as the delta expects it. The
	// checkpoint's Late is added to the stored one if the checkpoint moves forward: what is folded again was counted.
	ApplyPrices(ctx context.Context, delta Delta, checkpoint Checkpoint) error
}

// Filling is how a generation is filled that nobody reads yet, or that holds next to nothing.
type Filling interface {
	// InsertPrices inserts products with their sightings, then changes, of these products or of ones inserted before. What is
	// there already stays as it is: it was inserted by an earlier attempt, or by another one that fills up to the same place
	// of the log.
	InsertPrices(ctx context.Context, products []Product, changes []Change) error
	// BuildIndexes builds the indexes that lists of products need. ListProducts fails without them, or reads all products for
	// a page; all else works. It blocks until they are built, and may be called again at any time, also by several processes
	// at once.
	BuildIndexes(ctx context.Context) error
	// DeferIndexes drops these indexes and the one on ids until BuildIndexes is called, where inserting many products and
	// then building them is faster, ListProducts works without them, and there are no more than so many products, or they
	// are deferred already. It returns nil where it did not.
	DeferIndexes(ctx context.Context, most int64) (FirstLoad, error)
}

// FirstLoad writes to views whose indexes are deferred. All other methods work meanwhile: queries read all there is,
// writes build the index on ids first.
type FirstLoad interface {
	// AppendPrices inserts products that are known not to be stored, and moves the checkpoint. It returns ErrConflict, with
	// nothing written, if the checkpoint is not at the sequence behind any more. With index all indexes are built before the
	// checkpoint moves.
	AppendPrices(ctx context.Context, products []Product, behind uint64, checkpoint Checkpoint, index bool) error
	// IndexIDs builds the index on ids, so that products can be found.
	IndexIDs(ctx context.Context) error
}

// ChangeCursor is a place between two changes ordered by product id and position: right behind this one.
type ChangeCursor struct {
	ProductID events.ProductID
	At        events.Position
}

// Scans reads everything: by id, which no write can disturb, or in whatever order is fastest.
type Scans interface {
	// ScanProducts returns up to limit products by id, bytewise, beginning right behind after; nil: from the start.
	ScanProducts(ctx context.Context, after *events.ProductID, limit int) ([]Product, error)
	// ScanChanges returns up to limit changes by product id and position, beginning right behind after; nil: from the start.
	// Changes of products that are not known may be left out.
	ScanChanges(ctx context.Context, after *ChangeCursor, limit int) ([]Change, error)
	// ScanDigests adds a digest of everything that is stored of products to sums: of a product but for when it was seen, of when
	// it was seen, of each change. Equal records have equal digests in one store, and others others, but for what has a chance of 1 in
	// 2^64; two that mean the same may have different ones. What is written meanwhile it may find as it was, as it is, both, or not at all.
	ScanDigests(ctx context.Context, sums *DigestSums) error
}

// Repairs writes what a projector would not.
type Repairs interface {
	// ReplaceProduct puts a product with its changes in place of what is stored of it; nil removes it with its changes. It
	// returns ErrConflict, with nothing written, if the product is not stored as was says (nil: not at all).
	ReplaceProduct(ctx context.Context, id events.ProductID, was, now *Product, changes []Change) error
}

// FetchView is one fetch with the bookkeeping of its fold.
type FetchView struct {
	Fetch    *atlantv1.Fetch
	Sequence uint64 // of the last event folded into it
	Rejects  int64  // how many rejects are stored
}

// FetchDelta is what a batch of fetch events changes.
type FetchDelta struct {
	Fetches []FetchView                        // to be inserted or replaced
	Rejects map[events.FetchID][]IndexedReject // to be inserted; those that are there already stay
}

// IndexedReject is a reject with its place among those of its fetch, counted from 0.
type IndexedReject struct {
	Index  int64
	Reject *atlantv1.Reject
}

// FetchViews is what the projector of the fetch events writes to.
type FetchViews interface {
	// Fetches returns those of the fetches that are known.
	Fetches(ctx context.Context, ids []events.FetchID) (map[events.FetchID]FetchView, error)
	// ApplyFetches writes a delta, then the checkpoint. A stored fetch of a higher sequence stays as it is.
	ApplyFetches(ctx context.Context, delta FetchDelta, checkpoint Checkpoint) error
}

// SortKey is what products are sorted by. Equal values are sorted by name, and equal names, of several sources, by id.
type SortKey int

// The sort keys.
const (
	SortByName            SortKey = iota // bytewise, that is by Unicode code point
	SortByPrice                          // Price.Micros, whatever the currency
	SortByPriceChanges                   // PriceChanges
	SortByPriceChangedAt                 // PriceChangedAt(); those that never changed count as 0
	SortByFirstObservedAt                // FirstObservedAt
)

// ProductCursor is a place between two products in a sorted list: right behind the product with this value, name and id.
type ProductCursor struct {
	Value int64 // under the sort key; 0 for SortByName
	Name  string
	ID    events.ProductID
}

// CursorAt returns the place of the product in a list that is sorted by the key.
func (p *Product) CursorAt(key SortKey) ProductCursor {
	cursor := ProductCursor{Name: p.Name, ID: p.ID}
	switch key {
	case SortByPrice:
		cursor.Value = p.Price.Micros
	case SortByPriceChanges:
		cursor.Value = p.PriceChanges
	case SortByPriceChangedAt:
		cursor.Value = int64(p.PriceChangedAt())
	case SortByFirstObservedAt:
		cursor.Value = int64(p.FirstObservedAt)
	case SortByName:
	}
	return cursor
}

// Compare returns -1, 0 or 1 as c comes before, at or after d in an ascending list.
func (c ProductCursor) Compare(d ProductCursor) int {
	return cmp.Or(cmp.Compare(c.Value, d.Value), cmp.Compare(c.Name, d.Name), bytes.Compare(c.ID[:], d.ID[:]))
}

// ProductFilter says which products are meant; its zero value means all.
type ProductFilter struct {
	Source         string         // empty: all
	MinPriceMicros *int64         // nil: no bound
	MaxPriceMicros *int64         // nil: no bound
	ChangedSince   *events.Micros // nil: also those that never changed
	Words          []string       // for each of these a word of the name begins with it, see QueryWords; none: all
}

// Passes tells whether a product is meant.
func (f *ProductFilter) Passes(p *Product) bool {
	switch {
	case f.Source != "" && p.Source != f.Source,
		f.MinPriceMicros != nil && p.Price.Micros < *f.MinPriceMicros,
		f.MaxPriceMicros != nil && p.Price.Micros > *f.MaxPriceMicros,
		f.ChangedSince != nil && (p.PriceChanges == 0 || p.PriceChangedAt() < *f.ChangedSince):
		return false
	}
	return NameMatches(p.Name, f.Words)
}

// ProductQuery asks for a page of products.
type ProductQuery struct {
	Filter     ProductFilter
	SortBy     SortKey
	Descending bool           // of value, name and id
	After      *ProductCursor // nil: from the start
	Limit      int            // at least 1
}

// Compare returns a negative number, 0 or a positive one as p comes before, at or after q in the list.
func (query *ProductQuery) Compare(p, q *Product) int {
	order := p.CursorAt(query.SortBy).Compare(q.CursorAt(query.SortBy))
	if query.Descending {
		return -order
	}
	return order
}

// IsBehind tells whether a product comes behind the place where the page begins.
func (query *ProductQuery) IsBehind(p *Product) bool {
	if query.After == nil {
		return true
	}
	order := p.CursorAt(query.SortBy).Compare(*query.After)
	return order > 0 && !query.Descending || order < 0 && query.Descending
}

// SampledProducts is how many products an estimate looks at.
const SampledProducts = 4000

// Estimate returns how many of all products match if so many do of so many that were looked at; found of them are known to.
func Estimate(all, match, looked, found int64) int64 {
	if looked == 0 {
		return found
	}
	// In two parts, because the product might not fit.
	return max(found, all/looked*match+all%looked*match/looked)
}

// ProductQueries reads the product and change views.
type ProductQueries interface {
	// ListProducts returns up to Limit products in order. It reads a bounded range of an index, however deep the page; a
	// filter on something else than source and sort value makes it read on until enough products match. With words it reads all
	// products that have them where that is faster.
	ListProducts(ctx context.Context, query ProductQuery) ([]Product, error)
	// ListProductsAt is ListProducts, and returns how far the views were meanwhile, for each of so many shards.
	ListProductsAt(ctx context.Context, query ProductQuery, shards int) ([]Product, []Extent, error)
	// CountProducts counts the products that match. It reads all of them.
	CountProducts(ctx context.Context, filter ProductFilter) (int64, error)
	// EstimateProducts counts the products that match if it need not look at more than so many for that. Else it estimates from
	// a sample of SampledProducts, and exact is false.
	EstimateProducts(ctx context.Context, filter ProductFilter, most int64) (count int64, exact bool, err error)
	// GetProduct returns a product or ErrNotFound.
	GetProduct(ctx context.Context, id events.ProductID) (Product, error)
	// ListChanges returns up to limit changes of a product, ordered by At, the latest first unless ascending, beginning
	// right behind after (nil: from the start).
	ListChanges(ctx context.Context, id events.ProductID, ascending bool, after *events.Position, limit int) ([]Change, error)
	// FeedChanges returns the changes of a shard that the log holds behind a sequence, in the order of CompareInFeed: up to
	// limit, and then the other ones of the last one's message, so that they go on behind its sequence. It reads a bounded
	// range of an index. Those behind the shard's checkpoint may be there in part only, and more before them come later: who
	// goes on from them reads the checkpoint first, and leaves out what is behind it.
	FeedChanges(ctx context.Context, shard uint32, after uint64, limit int) ([]Change, error)
}

// FetchCursor is a place in the list of fetches: right behind the fetch with this request time and id.
type FetchCursor struct {
	RequestedAt events.Micros
	ID          events.FetchID
}

// FetchQueries reads the fetch view.
type FetchQueries interface {
	// GetFetch returns a fetch or ErrNotFound.
	GetFetch(ctx context.Context, id events.FetchID) (*atlantv1.Fetch, error)
	// ListFetches returns up to limit fetches of a source (empty: all), the latest request first, beginning right behind
	// after (nil: from the start).
	ListFetches(ctx context.Context, source string, after *FetchCursor, limit int) ([]*atlantv1.Fetch, error)
	// ListRejects returns up to limit rejects of a fetch from an index on, by index.
	ListRejects(ctx context.Context, id events.FetchID, from int64, limit int) ([]*atlantv1.Reject, error)
}
