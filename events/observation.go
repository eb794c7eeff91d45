// Package events says what an event is, how it is written down and what a log of them can do. It knows no broker.
package events

import (
	"bytes"
	"cmp"
	"errors"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// FetchID identifies a fetch: a UUIDv7.
type FetchID = uuid.UUID

// Price is an exact amount of money.
type Price struct {
	Micros   int64  // millionths of one unit of the currency
	Currency string // ISO 4217 code, or empty where it is not known
}

// Micros is a time in microseconds since the Unix epoch, the resolution of the log and the views.
type Micros int64

// The first and the last time of a protobuf timestamp: the years 1 to 9999.
const (
	minMicros Micros = -62_135_596_800_000_000
	maxMicros Micros = 253_402_300_799_999_999
)

// Position orders the observations of a product: by time, then by fetch.
type Position struct {
	ObservedAt Micros
	Fetch      FetchID
}

// Compare returns -1, 0 or 1 as p is before, at or after q.
func (p Position) Compare(q Position) int {
	if c := cmp.Compare(p.ObservedAt, q.ObservedAt); c != 0 {
		return c
	}
	return bytes.Compare(p.Fetch[:], q.Fetch[:])
}

// Observation says that a fetch saw a product at a price; PriceObserved events hold them.
type Observation struct {
	Source, Name string // the product; Name is normalized
	Price        Price
	Position     Position
	Line         int64 // of the list, counted from 1
	Place        LogPlace
}

// ProductID returns the id of the product observed.
func (o *Observation) ProductID() ProductID { return NewProductID(o.Source, o.Name) }

// ErrMalformed is wrapped by every error that says why a message is not an event of the log.
var ErrMalformed = errors.New("malformed event")

// MicrosOf rounds a timestamp down to whole microseconds.
func MicrosOf(t *timestamppb.Timestamp) Micros {
	return Micros(t.GetSeconds()*1_000_000 + int64(t.GetNanos())/1000)
}

// Timestamp returns the time as a protobuf timestamp.
func (m Micros) Timestamp() *timestamppb.Timestamp {
	t := new(timestamppb.Timestamp)
	m.Set(t)
	return t
}

// Set has a protobuf timestamp be the time.
func (m Micros) Set(t *timestamppb.Timestamp) {
	seconds, rest := int64(m)/1_000_000, int64(m)%1_000_000
	if rest < 0 {
		seconds, rest = seconds-1, rest+1_000_000
	}
	t.Seconds, t.Nanos = seconds, int32(rest*1000)
}
