package events_test

import (
	"bytes"
	"errors"
	"math"
	"slices"
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

// observationGroup generates observations of one source and fetch, at one time or at several, in one currency or in several.
func observationGroup() *rapid.Generator[[]events.Observation] {
	return rapid.Custom(func(t *rapid.T) []events.Observation {
		all := rapid.SliceOfN(observation(), 1, 20).Draw(t, "observations")
		oneTime, oneCurrency := rapid.Bool().Draw(t, "one time"), rapid.Bool().Draw(t, "one currency")
		for i := range all {
			all[i].Source, all[i].Position.Fetch = all[0].Source, all[0].Position.Fetch
			if oneTime {
				all[i].Position.ObservedAt = all[0].Position.ObservedAt
			}
			if oneCurrency {
				all[i].Price.Currency = all[0].Price.Currency
			}
		}
		return all
	})
}

func encode(t interface{ Fatal(args ...any) }, all ...events.Observation) []byte {
	var group events.Group
	for i := range all {
		if err := group.Add(&all[i]); err != nil || group.Len() != i+1 {
			t.Fatal(group.Len(), err)
		}
	}
	return group.AppendTo(nil)
}

func TestGroupRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var group events.Group // used again and again
		for _, want := range rapid.SliceOfN(observationGroup(), 1, 3).Draw(t, "groups") {
			for i := range want {
				if err := group.Add(&want[i]); err != nil {
					t.Fatal(err)
				}
			}
			prefix := rapid.SliceOf(rapid.Byte()).Draw(t, "prefix")
			data := group.AppendTo(bytes.Clone(prefix))
			if !bytes.HasPrefix(data, prefix) || group.Len() != 0 {
				t.Fatal(data, group.Len())
			}
			before := want[:1:1]
			got, err := events.DecodeObservations(before, data[len(prefix):])
			if err != nil || !slices.Equal(got, append(before, want...)) {
				t.Fatalf("got %+v, %v", got, err)
			}
		}
	})
}

// What a group writes is what the contract's own code writes of the same message.
func TestGroupWritesProtobuf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		data := encode(t, observationGroup().Draw(t, "group")...)
		var e atlantv1.PriceObserved
		if err := proto.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		again, err := proto.MarshalOptions{Deterministic: true}.Marshal(&e)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("wrote %x, protobuf %x, error %v", data, again, err)
		}
	})
}

// A message of an older version holds one observation and no columns.
func TestDecodeSingleObservation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := observation().Draw(t, "observation")
		data, err := proto.Marshal(&atlantv1.PriceObserved{
			Source: want.Source, Name: want.Name, Line: want.Line, FetchId: want.Position.Fetch[:],
			Price:      &atlantv1.Price{AmountMicros: want.Price.Micros, CurrencyCode: want.Price.Currency},
			ObservedAt: want.Position.ObservedAt.Timestamp(),
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := events.DecodeObservations(nil, data)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got[0].ProductID() != events.NewProductID(want.Source, want.Name) {
			t.Fatal("another product")
		}
	})
}

// What is decoded shares nothing with the message, whose memory the log may use again.
func TestDecodeObservationsCopies(t *testing.T) {
	t.Parallel()
	want := events.Observation{Source: "default", Name: "x", Price: events.Price{Currency: "EUR"}}
	data := encode(t, want)
	got, err := events.DecodeObservations(nil, data)
	clear(data)
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestGroupRefuses(t *testing.T) {
	t.Parallel()
	first := events.Observation{Source: "s", Name: "x"}
	for name, o := range map[string]events.Observation{
		"source that is not UTF-8": {Source: "\xff", Name: "x"},
		"name that is not UTF-8":   {Source: "s", Name: "\xff"},
		"another source":           {Source: "t", Name: "y"},
		"another fetch":            {Source: "s", Name: "y", Position: events.Position{Fetch: events.FetchID{1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var group events.Group
			if err := group.Add(&first); err != nil {
				t.Fatal(err)
			}
			if err := group.Add(&o); err == nil || group.Len() != 1 {
				t.Error(group.Len(), err)
			}
		})
	}
}

func priceObserved(change func(*atlantv1.PriceObserved)) *atlantv1.PriceObserved {
	fetch := uuid.MustParse("01900000-0000-7000-8000-000000000001")
	e := &atlantv1.PriceObserved{
		Source: "default", Name: "x", Price: &atlantv1.Price{AmountMicros: 1}, ObservedAt: &timestamppb.Timestamp{Seconds: 1}, FetchId: fetch[:],
		Line: 1,
	}
	change(e)
	return e
}

func TestDecodeObservationsRefuses(t *testing.T) {
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
	for name, change := range map[string]func(*atlantv1.PriceObserved){
		"fewer prices":          func(e *atlantv1.PriceObserved) { e.AmountsMicros = e.GetAmountsMicros()[1:] },
		"fewer lines":           func(e *atlantv1.PriceObserved) { e.LineSteps = e.GetLineSteps()[1:] },
		"fewer currencies":      func(e *atlantv1.PriceObserved) { e.CurrencyCodes = e.GetCurrencyCodes()[1:] },
		"fewer times":           func(e *atlantv1.PriceObserved) { e.TimeSteps = e.GetTimeSteps()[1:] },
		"no names":              func(e *atlantv1.PriceObserved) { e.Names = nil },
		"a name too many":       func(e *atlantv1.PriceObserved) { e.Names = append(e.GetNames(), "x") },
		"a name not normalized": func(e *atlantv1.PriceObserved) { e.Names[2] = "x " },
		"a negative price":      func(e *atlantv1.PriceObserved) { e.AmountsMicros[2] = -1 },
		"a time out of range":   func(e *atlantv1.PriceObserved) { e.TimeSteps[2] = math.MaxInt64 },
		"a single price":        func(e *atlantv1.PriceObserved) { e.Price = &atlantv1.Price{} },
		"a single name":         func(e *atlantv1.PriceObserved) { e.Name = "x" },
		"a single line":         func(e *atlantv1.PriceObserved) { e.Line = 1 },
	} {
		tests["columns, "+name] = func(e *atlantv1.PriceObserved) {
			e.Name, e.Price, e.Line = "", nil, 0
			e.Names, e.AmountsMicros, e.CurrencyCodes = []string{"x", "y", "z"}, []int64{1, 2, 3}, []string{"EUR", "", "USD"}
			e.LineSteps, e.TimeSteps = []int64{1, 1, 1}, []int64{1, 1, 1}
			change(e)
		}
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
	if _, err := events.DecodeObservations(nil, good); err != nil {
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
	if got, err := events.DecodeObservations(nil, data); !errors.Is(err, events.ErrMalformed) || len(got) > 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A later version may have added fields; they must not be in the way.
func TestDecodeObservationsPassesOverNewFields(t *testing.T) {
	t.Parallel()
	data, err := proto.Marshal(priceObserved(func(*atlantv1.PriceObserved) {}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.DecodeObservations(nil, append(data, 0xa2, 0x06, 1, 'x')); err != nil { // field 100, a string
		t.Error(err)
	}
}

func FuzzDecodeObservations(f *testing.F) {
	good, err := proto.Marshal(priceObserved(func(*atlantv1.PriceObserved) {}))
	if err != nil {
		f.Fatal(err)
	}
	columns := encode(f, events.Observation{Source: "s", Name: "x", Price: events.Price{Currency: "EUR"}, Line: 1},
		events.Observation{Source: "s", Name: "y", Line: 2, Position: events.Position{ObservedAt: 7}})
	for _, data := range [][]byte{
		nil, good, good[3:], append(bytes.Clone(good), good...), append(bytes.Clone(good), 0x12, 2, 'e', ' '), columns,
		append(bytes.Clone(columns), good...), append(bytes.Clone(columns), columns...),
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := events.DecodeObservations(nil, data)
		if err != nil {
			wantMalformed(t, data)
			return
		}
		if got, err := events.DecodeObservations(nil, encode(t, all...)); err != nil || !slices.Equal(got, all) {
			t.Fatalf("%+v becomes %+v, %v", all, got, err)
		}
	})
}

// Who writes a message anew must know all of it, and else decodes it as everybody does.
func TestDecodeWholly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := observationGroup().Draw(t, "group")
		data := encode(t, want...)
		got, err := events.DecodeWholly(nil, data)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		if got, err := events.DecodeWholly(got[:0], append(data, 0x9a, 0x06, 1, 7)); !errors.Is(err, events.ErrMalformed) || len(got) > 0 {
			t.Fatalf("with a field of a newer version: got %+v, %v", got, err)
		}
		if got, err := events.DecodeWholly(got[:0], data[:len(data)-1]); !errors.Is(err, events.ErrMalformed) || len(got) > 0 {
			t.Fatalf("cut off: got %+v, %v", got, err)
		}
	})
}
