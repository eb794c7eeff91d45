package events

import (
	"errors"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// GroupSize is how many observations go into a message. A message costs the broker some 10 µs, whatever is in it; from here
// on that is less than what a row costs. What cannot be decoded is set aside a message at a time, so it is no more either.
const GroupSize = 256

// Group gathers observations of one source and fetch for one PriceObserved message. Its zero value is an empty one. It writes
// the columns while it gathers, and so keeps nothing of the observations.
type Group struct {
	source     string
	first      Position
	currency   string // of the first
	rows       int
	line       int64  // of the last
	observedAt Micros // of the last

	names, amounts, currencies, lines, times []byte // as they are in the message
	manyCurrencies, manyTimes                bool
}

// The fields of PriceObserved that a group writes, by their numbers in the contract.
const (
	fieldSource     = 1
	fieldObservedAt = 4
	fieldFetchID    = 5
	fieldNames      = 7
	fieldAmounts    = 8
	fieldCurrencies = 9
	fieldLines      = 10
	fieldTimes      = 11
	fieldSeconds    = 1 // of google.protobuf.Timestamp
	fieldNanos      = 2
)

var errNotUTF8 = errors.New("text is not valid UTF-8")

// Len returns how many observations are in the group.
func (g *Group) Len() int { return g.rows }

// Add takes an observation in. All of a group must be of one source and fetch.
func (g *Group) Add(o *Observation) error {
	if !utf8.ValidString(o.Name) || !utf8.ValidString(o.Source) || !utf8.ValidString(o.Price.Currency) {
		return errNotUTF8
	}
	if g.rows == 0 {
		g.source, g.first, g.currency, g.observedAt = o.Source, o.Position, o.Price.Currency, o.Position.ObservedAt
	}
	if o.Source != g.source || o.Position.Fetch != g.first.Fetch {
		return errors.New("the observations of a group are of one source and fetch")
	}
	g.names = appendField(g.names, fieldNames, o.Name)
	g.amounts = protowire.AppendVarint(g.amounts, uint64(o.Price.Micros))
	g.currencies = appendField(g.currencies, fieldCurrencies, o.Price.Currency)
	g.lines = appendStep(g.lines, o.Line, g.line)
	g.times = appendStep(g.times, int64(o.Position.ObservedAt), int64(g.observedAt))
	g.manyCurrencies = g.manyCurrencies || o.Price.Currency != g.currency
	g.manyTimes = g.manyTimes || o.Position.ObservedAt != g.first.ObservedAt
	g.line, g.observedAt = o.Line, o.Position.ObservedAt
	g.rows++
	return nil
}

func appendStep(column []byte, value, before int64) []byte {
	return protowire.AppendVarint(column, protowire.EncodeZigZag(value-before))
}

// AppendTo appends the message to buf and empties the group. There must be something in it.
func (g *Group) AppendTo(buf []byte) []byte {
	buf = appendField(buf, fieldSource, g.source)
	buf = appendField(buf, fieldObservedAt, appendTimestamp(make([]byte, 0, 24), g.first.ObservedAt))
	buf = appendField(buf, fieldFetchID, g.first.Fetch[:])
	buf = append(buf, g.names...)
	buf = appendField(buf, fieldAmounts, g.amounts)
	switch {
	case g.manyCurrencies:
		buf = append(buf, g.currencies...)
	case g.currency != "":
		buf = appendField(buf, fieldCurrencies, g.currency)
	}
	buf = appendField(buf, fieldLines, g.lines)
	if g.manyTimes {
		buf = appendField(buf, fieldTimes, g.times)
	}
	*g = Group{
		names: g.names[:0], amounts: g.amounts[:0], currencies: g.currencies[:0], lines: g.lines[:0], times: g.times[:0],
	}
	return buf
}

func appendField[T string | []byte](buf []byte, field protowire.Number, value T) []byte {
	buf = protowire.AppendVarint(protowire.AppendTag(buf, field, protowire.BytesType), uint64(len(value)))
	return append(buf, value...)
}

// appendTimestamp appends a google.protobuf.Timestamp.
func appendTimestamp(buf []byte, at Micros) []byte {
	t := at.Timestamp()
	if t.GetSeconds() != 0 {
		buf = protowire.AppendVarint(protowire.AppendTag(buf, fieldSeconds, protowire.VarintType), uint64(t.GetSeconds()))
	}
	if t.GetNanos() != 0 {
		buf = protowire.AppendVarint(protowire.AppendTag(buf, fieldNanos, protowire.VarintType), uint64(t.GetNanos()))
	}
	return buf
}
