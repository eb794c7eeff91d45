package events

import (
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// DecodeObservations appends the observations of a PriceObserved message to into. Its errors wrap ErrMalformed, and then
// nothing is appended.
func DecodeObservations(into []Observation, data []byte) ([]Observation, error) {
	e, err := unmarshalObserved(data)
	if err != nil {
		return into, err
	}
	return appendObservations(into, e)
}

// DecodeWholly is DecodeObservations for who is to write the message anew: it returns an error that wraps ErrMalformed also if there
// is more in the message than this version knows.
func DecodeWholly(into []Observation, data []byte) ([]Observation, error) {
	e, err := unmarshalObserved(data)
	if err != nil {
		return into, err
	}
	if len(e.ProtoReflect().GetUnknown()) > 0 {
		return into, fmt.Errorf("%w: it has fields that this version does not know", ErrMalformed)
	}
	return appendObservations(into, e)
}

func unmarshalObserved(data []byte) (*atlantv1.PriceObserved, error) {
	e := &atlantv1.PriceObserved{}
	if err := proto.Unmarshal(data, e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return e, nil
}

func appendObservations(into []Observation, e *atlantv1.PriceObserved) ([]Observation, error) {
	fetch, err := uuid.FromBytes(e.GetFetchId())
	if err != nil {
		return into, fmt.Errorf("%w: fetch_id: %w", ErrMalformed, err)
	}
	switch {
	case e.GetSource() == "":
		return into, fmt.Errorf("%w: source is empty", ErrMalformed)
	case e.GetObservedAt().CheckValid() != nil:
		return into, fmt.Errorf("%w: observed_at: %w", ErrMalformed, e.GetObservedAt().CheckValid())
	}
	if err := checkColumns(e); err != nil {
		return into, err
	}
	all, at := into, Position{ObservedAt: MicrosOf(e.GetObservedAt()), Fetch: fetch}
	if len(e.GetNames()) == 0 {
		all = append(all, Observation{
			Source: e.GetSource(), Name: e.GetName(), Position: at, Line: e.GetLine(),
			Price: Price{Micros: e.GetPrice().GetAmountMicros(), Currency: e.GetPrice().GetCurrencyCode()},
		})
	} else {
		all = appendRows(slices.Grow(all, len(e.GetNames())), e, at)
	}
	for i := len(into); i < len(all); i++ {
		if err := all[i].check(); err != nil {
			return into, err
		}
	}
	return all, nil
}

// appendRows appends the rows of a message that has columns.
func appendRows(all []Observation, e *atlantv1.PriceObserved, at Position) []Observation {
	line, currencies, times := int64(0), e.GetCurrencyCodes(), e.GetTimeSteps()
	o := Observation{Source: e.GetSource(), Position: at}
	if len(currencies) == 1 {
		o.Price.Currency = currencies[0]
	}
	for i, name := range e.GetNames() {
		line += e.GetLineSteps()[i]
		o.Name, o.Price.Micros, o.Line = name, e.GetAmountsMicros()[i], line
		if len(currencies) > 1 {
			o.Price.Currency = currencies[i]
		}
		if len(times) > 0 {
			o.Position.ObservedAt += Micros(times[i])
		}
		all = append(all, o)
	}
	return all
}

// checkColumns returns an error that wraps ErrMalformed unless the columns are as long as they must be.
func checkColumns(e *atlantv1.PriceObserved) error {
	rows, currencies, times := len(e.GetNames()), len(e.GetCurrencyCodes()), len(e.GetTimeSteps())
	single := e.GetName() != "" || e.GetPrice() != nil || e.GetLine() != 0
	switch {
	case rows != len(e.GetAmountsMicros()) || rows != len(e.GetLineSteps()),
		currencies > 1 && currencies != rows, times > 0 && times != rows, rows == 0 && currencies > 0:
		return fmt.Errorf("%w: its columns differ in length", ErrMalformed)
	case rows > 0 && single:
		return fmt.Errorf("%w: it has columns and a single row", ErrMalformed)
	case rows == 0 && e.GetPrice() == nil:
		return fmt.Errorf("%w: price is absent", ErrMalformed)
	}
	return nil
}

// check returns an error that wraps ErrMalformed if the observation cannot be one of the log.
func (o *Observation) check() error {
	if o.Price.Micros < 0 {
		return fmt.Errorf("%w: price is negative", ErrMalformed)
	}
	if o.Position.ObservedAt < minMicros || o.Position.ObservedAt > maxMicros {
		return fmt.Errorf("%w: observed_at is not in the years 1 to 9999", ErrMalformed)
	}
	// A name in another form would be another product: refuse it rather than mend it.
	if name, err := NormalizeName(o.Name); err != nil || name != o.Name {
		return fmt.Errorf("%w: name is not normalized", ErrMalformed)
	}
	return nil
}
