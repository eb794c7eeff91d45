// Package events says what an event is, how it is written down and what a log of them can do. It knows no broker.
package events

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
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

// Observation is one PriceObserved event: a fetch saw a product at a price.
type Observation struct {
	Source, Name string // the product; Name is normalized
	Price        Price
	Position     Position
	Line         int64 // of the list, counted from 1
}

// ProductID returns the id of the product observed.
func (o *Observation) ProductID() ProductID { return NewProductID(o.Source, o.Name) }

// AppendObservation appends the event's encoding, a PriceObserved message, to buf.
func AppendObservation(buf []byte, o *Observation) ([]byte, error) {
	return proto.MarshalOptions{}.MarshalAppend(buf, &atlantv1.PriceObserved{
		Source:     o.Source,
		Name:       o.Name,
		Price:      &atlantv1.Price{AmountMicros: o.Price.Micros, CurrencyCode: o.Price.Currency},
		ObservedAt: o.Position.ObservedAt.Timestamp(),
		FetchId:    o.Position.Fetch[:],
		Line:       o.Line,
	})
}

// ErrMalformed is wrapped by every error that says why a message is not an event of the log.
var ErrMalformed = errors.New("malformed event")

// DecodeObservation reads what AppendObservation wrote. Its errors wrap ErrMalformed.
func DecodeObservation(data []byte) (Observation, error) {
	var e atlantv1.PriceObserved
	if err := proto.Unmarshal(data, &e); err != nil {
		return Observation{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	fetch, err := uuid.FromBytes(e.GetFetchId())
	if err != nil {
		return Observation{}, fmt.Errorf("%w: fetch_id: %w", ErrMalformed, err)
	}
	switch {
	case e.GetSource() == "":
		return Observation{}, fmt.Errorf("%w: source is empty", ErrMalformed)
	case e.GetPrice() == nil || e.GetPrice().GetAmountMicros() < 0:
		return Observation{}, fmt.Errorf("%w: price is absent or negative", ErrMalformed)
	case e.GetObservedAt().CheckValid() != nil:
		return Observation{}, fmt.Errorf("%w: observed_at: %w", ErrMalformed, e.GetObservedAt().CheckValid())
	}
	// A name in another form would be another product: refuse it rather than mend it.
	if name, err := NormalizeName(e.GetName()); err != nil || name != e.GetName() {
		return Observation{}, fmt.Errorf("%w: name is not normalized", ErrMalformed)
	}
	return Observation{
		Source:   e.GetSource(),
		Name:     e.GetName(),
		Price:    Price{Micros: e.GetPrice().GetAmountMicros(), Currency: e.GetPrice().GetCurrencyCode()},
		Position: Position{ObservedAt: MicrosOf(e.GetObservedAt()), Fetch: fetch},
		Line:     e.GetLine(),
	}, nil
}

// MicrosOf rounds a timestamp down to whole microseconds.
func MicrosOf(t *timestamppb.Timestamp) Micros {
	return Micros(t.GetSeconds()*1_000_000 + int64(t.GetNanos())/1000)
}

// Timestamp returns the time as a protobuf timestamp.
func (m Micros) Timestamp() *timestamppb.Timestamp {
	seconds, rest := int64(m)/1_000_000, int64(m)%1_000_000
	if rest < 0 {
		seconds, rest = seconds-1, rest+1_000_000
	}
	return &timestamppb.Timestamp{Seconds: seconds, Nanos: int32(rest * 1000)}
}
