package events_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func observation() *rapid.Generator[events.Observation] {
	name := rapid.Custom(func(t *rapid.T) string {
		name, err := events.NormalizeName(rawName().Draw(t, "raw"))
		if err != nil {
			return "x"
		}
		return name
	})
	return rapid.Custom(func(t *rapid.T) events.Observation {
		return events.Observation{
			Source: rapid.StringN(1, 64, -1).Draw(t, "source"),
			Name:   name.Draw(t, "name"),
			Price: events.Price{
				Micros:   rapid.Int64Min(0).Draw(t, "price"),
				Currency: rapid.SampledFrom([]string{"", "EUR", "JPY"}).Draw(t, "currency"),
			},
			Position: events.Position{
				ObservedAt: micros().Draw(t, "at"), Fetch: events.FetchID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "fetch")),
			},
			Line: rapid.Int64().Draw(t, "line"),
		}
	})
}

func TestObservationRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := observation().Draw(t, "observation")
		prefix := rapid.SliceOf(rapid.Byte()).Draw(t, "prefix")
		data, err := events.AppendObservation(bytes.Clone(prefix), &want)
		if err != nil || !bytes.HasPrefix(data, prefix) {
			t.Fatal(data, err)
		}
		got, err := events.DecodeObservation(data[len(prefix):])
		if err != nil || got != want {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got.ProductID() != events.NewProductID(want.Source, want.Name) {
			t.Fatal("another product")
		}
	})
}

// What is decoded shares nothing with the message, whose memory the log may use again.
func TestDecodeObservationCopies(t *testing.T) {
	t.Parallel()
	want := events.Observation{Source: "default", Name: "x", Price: events.Price{Currency: "EUR"}}
	data, err := events.AppendObservation(nil, &want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := events.DecodeObservation(data)
	clear(data)
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A source is checked by nobody but protobuf, so what it refuses must be an error and no panic.
func TestAppendObservationRefusesBadText(t *testing.T) {
	t.Parallel()
	if _, err := events.AppendObservation(nil, &events.Observation{Source: "\xff", Name: "x"}); err == nil {
		t.Error("no error")
	}
}

// priceObserved returns a good event, changed.
func priceObserved(change func(*atlantv1.PriceObserved)) *atlantv1.PriceObserved {
	fetch := uuid.MustParse("01900000-0000-7000-8000-000000000001")
	e := &atlantv1.PriceObserved{
		Source: "default", Name: "x", Price: &atlantv1.Price{AmountMicros: 1}, ObservedAt: &timestamppb.Timestamp{Seconds: 1}, FetchId: fetch[:],
		Line: 1,
	}
	change(e)
	return e
}

func TestDecodeObservationRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*atlantv1.PriceObserved){
		"no source":                func(e *atlantv1.PriceObserved) { e.Source = "" },
		"no name":                  func(e *atlantv1.PriceObserved) { e.Name = "" },
		"name not trimmed":         func(e *atlantv1.PriceObserved) { e.Name = "x " },
		"name not folded":          func(e *atlantv1.PriceObserved) { e.Name = "x  y" },
		"name not in NFC":          func(e *atlantv1.PriceObserved) { e.Name = "e\u0301" },
		"name too long":            func(e *atlantv1.PriceObserved) { e.Name = strings.Repeat("x", events.MaxNameBytes+1) },
		"name with control":        func(e *atlantv1.PriceObserved) { e.Name = "a\x00b" },
		"no price":                 func(e *atlantv1.PriceObserved) { e.Price = nil },
		"negative price":           func(e *atlantv1.PriceObserved) { e.Price.AmountMicros = -1 },
		"no time":                  func(e *atlantv1.PriceObserved) { e.ObservedAt = nil },
		"time before the year 1":   func(e *atlantv1.PriceObserved) { e.ObservedAt.Seconds = -62_135_596_801 },
		"time after the year 9999": func(e *atlantv1.PriceObserved) { e.ObservedAt.Seconds = 253_402_300_800 },
		"negative nanoseconds":     func(e *atlantv1.PriceObserved) { e.ObservedAt.Nanos = -1 },
		"no fetch":                 func(e *atlantv1.PriceObserved) { e.FetchId = nil },
		"fetch too short":          func(e *atlantv1.PriceObserved) { e.FetchId = e.GetFetchId()[1:] },
		"fetch too long":           func(e *atlantv1.PriceObserved) { e.FetchId = append(e.FetchId, 0) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := proto.Marshal(priceObserved(change))
			if err != nil {
				t.Fatal(err)
			}
			wantMalformed(t, data)
		})
	}
	good, err := proto.Marshal(priceObserved(func(*atlantv1.PriceObserved) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.DecodeObservation(good); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": {}, "text": []byte("hello"), "cut off": good[:len(good)-1], "group": {0x0b},
		"not UTF-8": append(bytes.Clone(good), 0x12, 1, 0xff), "field 0": append(bytes.Clone(good), 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantMalformed(t, data)
		})
	}
}

func wantMalformed(t testing.TB, data []byte) {
	t.Helper()
	if got, err := events.DecodeObservation(data); !errors.Is(err, events.ErrMalformed) || got != (events.Observation{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A later version may have added fields; they must not be in the way.
func TestDecodeObservationPassesOverNewFields(t *testing.T) {
	t.Parallel()
	data, err := proto.Marshal(priceObserved(func(*atlantv1.PriceObserved) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.DecodeObservation(append(data, 0xa2, 0x06, 1, 'x')); err != nil { // field 100, a string
		t.Error(err)
	}
}

func FuzzDecodeObservation(f *testing.F) {
	good, err := proto.Marshal(priceObserved(func(*atlantv1.PriceObserved) {}))
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{nil, good, good[3:], append(bytes.Clone(good), good...), append(bytes.Clone(good), 0x12, 2, 'e', ' ')} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := events.DecodeObservation(data)
		if err != nil {
			wantMalformed(t, data)
			return
		}
		again, err := events.AppendObservation(nil, &o)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := events.DecodeObservation(again); err != nil || got != o {
			t.Fatalf("%+v becomes %+v, %v", o, got, err)
		}
	})
}
