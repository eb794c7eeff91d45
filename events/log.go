package events

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Stream names one stream of the log.
type Stream string

// FetchStream holds what happened to each fetch.
const FetchStream Stream = "FETCH_EVENTS"

// PriceStream names the stream of a shard.
func PriceStream(shard int) Stream { return Stream(fmt.Sprintf(priceStreams+"%02d", shard)) }

const priceStreams = "PRICES_"

// Shard returns the shard of a price stream, 0 for other streams.
func (s Stream) Shard() uint32 {
	digits, _ := strings.CutPrefix(string(s), priceStreams)
	shard, _ := strconv.ParseUint(digits, 10, 32) // 0 where there is none
	return uint32(shard)
}

// Kind tells what a message of a stream holds.
type Kind int

// The kinds of messages.
const (
	KindUnknown    Kind = iota // nothing this version knows
	KindObserved               // PriceObserved
	KindMarker                 // FetchMarker
	KindFetchEvent             // FetchEvent
	KindClaim                  // RequestClaim
)

// Message is one message of a stream.
type Message struct {
	Stream   Stream
	Sequence uint64 // from 1, without gaps unless messages were deleted
	Subject  string
	Kind     Kind
	Key      string // of a fetch event or a marker: the fetch's id
	Data     []byte // valid for good
	Time     time.Time
	Pending  uint64 // how many messages were behind it when it was sent
	// TraceParent is the trace that it was written in, as W3C Trace Context writes it; of markers only, empty if there was none.
	TraceParent string
}

// Errors of a log.
var (
	// ErrConflict: a compare-and-set failed, somebody else wrote first.
	ErrConflict = errors.New("the log was written by somebody else meanwhile")
	// ErrUnavailable: the log cannot be reached now; trying again later may help.
	ErrUnavailable = errors.New("the log is not available")
	// ErrFull: the log has no room for more. It comes with ErrUnavailable: once somebody has made room, trying again helps.
	ErrFull = errors.New("the disk of the log is full: nothing can be stored until there is room")
	// ErrTaken: a partition of the queue belongs to somebody else now.
	ErrTaken = errors.New("somebody else has taken this partition of the queue")
)

// Batch says when a reader has gathered enough. What comes first ends the batch.
type Batch struct {
	Limit int           // messages, at least 1
	Bytes int           // of their data, 0 for no bound; the message that reaches it is the last
	Gap   time.Duration // that passes without another message
	Wait  time.Duration // since the first message
	Until uint64        // the sequence of the message that is the last, if it or one behind it is met; 0 for none
}

// Reader reads a stream in order.
type Reader interface {
	// Next blocks until there is a message, then gathers more as the batch allows. It returns the context's error when that
	// ends first, and ErrUnavailable when the stream cannot be read.
	Next(ctx context.Context, batch Batch) ([]Message, error)
	// Close frees the reader; Next must not be called after.
	Close()
}

// Source is what a projection reads from.
type Source interface {
	// Read returns a reader of the messages after a sequence.
	Read(ctx context.Context, stream Stream, after uint64) (Reader, error)
	// LastSequence returns the sequence of the stream's last message, 0 if it never held one.
	LastSequence(ctx context.Context, stream Stream) (uint64, error)
	// TimeOf returns when the message at a sequence was stored, the zero time if there is none.
	TimeOf(ctx context.Context, stream Stream, sequence uint64) (time.Time, error)
	// Park keeps a message that cannot be decoded, with its cause. Parking a message again changes nothing.
	Park(ctx context.Context, m Message, cause error) error
	// Parked returns how many messages of the stream are parked.
	Parked(ctx context.Context, stream Stream) (int64, error)
}

// PriceWriter publishes the observations of one fetch, in the order of their lines.
type PriceWriter interface {
	// Add publishes an observation, unless an earlier attempt did. Places count up from 1, with or without gaps, and are the
	// same in every attempt: they tell where an earlier one ended. It blocks while a batch is committed. ErrConflict means
	// that another writer is at work on the same fetch: stop.
	Add(ctx context.Context, place int64, o *Observation) error
	// Finish publishes what is left, and the end of the fetch; it returns how many events of the fetch the log holds and
	// where they end.
	Finish(ctx context.Context) (published int64, position LogPosition, err error)
	// Fence shuts out every other writer of the fetch that was opened before: what it adds from then on is refused with
	// ErrConflict. Afterwards Published says what the log holds. It is called before the first Add.
	Fence(ctx context.Context) error
	// Published returns how many events of the fetch are in the log so far.
	Published() int64
}

// PriceLog takes observations.
type PriceLog interface {
	// WritePrices begins, or goes on with, the publishing of a fetch.
	WritePrices(ctx context.Context, fetch FetchID) (PriceWriter, error)
}

// RecordedFetchEvent is a fetch event with its place in the log.
type RecordedFetchEvent struct {
	Sequence uint64
	Event    *atlantv1.FetchEvent
}

// FetchLog keeps what happened to fetches.
type FetchLog interface {
	// AppendFetchEvents appends events of one fetch, all or none, if the last event of that fetch is the one at the
	// sequence given (0: there is none yet). It returns the sequence of the last event appended, or ErrConflict. Where an
	// answer of the log was lost it finds out what became of the events, which blocks for some seconds while the log
	// cannot be reached; then it returns ErrUnavailable, with ErrFull if that is why, and the log may hold the events or
	// not.
	AppendFetchEvents(ctx context.Context, fetch FetchID, last uint64, events ...*atlantv1.FetchEvent) (uint64, error)
	// FetchEvents returns all events of one fetch in order; none if there is no such fetch.
	FetchEvents(ctx context.Context, fetch FetchID) ([]RecordedFetchEvent, error)
	// Claim binds an idempotency key to a request. If the key is bound already it returns that request.
	Claim(ctx context.Context, key string, request *atlantv1.FetchRequested) (*atlantv1.FetchRequested, error)
}

// Origin is how a request came onto the queue.
type Origin struct {
	EnqueuedAt  time.Time
	TraceParent string // the trace it was asked for in, as W3C Trace Context writes it; empty if there was none
}

// WorkItem is a request taken from the queue. It comes back, here or elsewhere, until it is done.
type WorkItem interface {
	// Request is what is to be done.
	Request() *atlantv1.FetchRequested
	// Origin tells how it came onto the queue.
	Origin() Origin
	// Keep says that work goes on; without it for 30 s the item is handed out again. It blocks until the queue has
	// confirmed, and returns ErrTaken when the item is somebody else's now.
	Keep(ctx context.Context) error
	// Done takes the item off the queue. It blocks until the queue has confirmed, and returns ErrTaken like Keep; who has
	// the item then will take it off.
	Done(ctx context.Context) error
}

// FetchQueue keeps requests until they are done. It is cut into partitions by source, QueuePartitions of them; within a
// partition requests keep the order in which they were enqueued.
type FetchQueue interface {
	// Enqueue puts a request on the queue, unless it is there; it is durable when Enqueue returns. It blocks for some
	// seconds while the log cannot be reached, and then returns ErrUnavailable, with ErrFull if that is why; the request may
	// be on the queue even so.
	Enqueue(ctx context.Context, request *atlantv1.FetchRequested) error
	// TakeFrom takes a partition over: what an earlier owner has in hand is handed out again, at once and in order; so may
	// be what it has done a moment ago. The earlier owner gets ErrTaken. It returns ErrUnavailable when the log cannot be reached.
	TakeFrom(ctx context.Context, partition int) (RequestQueue, error)
}

// RequestQueue hands out the requests of one partition, to one goroutine.
type RequestQueue interface {
	// Dequeue blocks for the next request, also while the log cannot be reached. It returns the context's error when that
	// ends, ErrTaken when somebody else has taken the partition, and ErrUnavailable when the queue is of no use any more;
	// after these two the partition has to be taken anew.
	Dequeue(ctx context.Context) (WorkItem, error)
	// Close stops taking requests; those taken and not done are handed out by the next RequestQueue of the partition.
	Close()
}

// Progress carries the figures of running fetches to whoever watches. Nothing of it is kept.
type Progress interface {
	// Report sends the fetch as it is now.
	Report(fetch *atlantv1.Fetch) error
	// Follow calls see with each report on the fetch until stop is called; see must not block.
	Follow(id FetchID, see func(*atlantv1.Fetch)) (stop func(), err error)
}
