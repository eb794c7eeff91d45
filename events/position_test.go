package events_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// position draws from few values, so that ties are common.
func position() *rapid.Generator[events.Position] {
	return rapid.Custom(func(t *rapid.T) events.Position {
		p := events.Position{ObservedAt: events.Micros(rapid.Int64Range(-2, 2).Draw(t, "at"))}
		p.Fetch[0] = rapid.SampledFrom([]byte{0, 1, 0x7f, 0x80, 0xff}).Draw(t, "first")
		p.Fetch[15] = rapid.ByteRange(0, 2).Draw(t, "last")
		return p
	})
}

func TestPositionsAreTotallyOrdered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := position().Draw(t, "a"), position().Draw(t, "b"), position().Draw(t, "c")
		if a.Compare(b) != -b.Compare(a) {
			t.Fatal("not antisymmetric")
		}
		if (a.Compare(b) == 0) != (a == b) {
			t.Fatal("equal without being the same, or the other way round")
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Fatal("not transitive")
		}
		if n := a.Compare(b); n < -1 || n > 1 {
			t.Fatal(n)
		}
	})
}

func TestPositionCompare(t *testing.T) {
	t.Parallel()
	at := func(micros events.Micros, fetch byte) events.Position {
		return events.Position{ObservedAt: micros, Fetch: events.FetchID{fetch}}
	}
	ascending := []events.Position{
		at(math.MinInt64, 9), at(-1, 0), at(-1, 0xff), at(0, 0), at(0, 0x7f), at(0, 0x80), at(1, 0), at(math.MaxInt64, 0),
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := 0
			if i != j {
				want = (i - j) / max(i-j, j-i)
			}
			if got := a.Compare(b); got != want {
				t.Errorf("%v compared with %v is %d, want %d", a, b, got, want)
			}
		}
	}
}

// The bounds of protobuf's timestamps, the years 1 and 9999.
var (
	firstMicros = events.Micros(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro())
	lastMicros  = events.Micros(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1)
)

func micros() *rapid.Generator[events.Micros] {
	return rapid.Custom(func(t *rapid.T) events.Micros {
		return events.Micros(rapid.OneOf(
			rapid.Int64Range(int64(firstMicros), int64(lastMicros)), rapid.Int64Range(-3_000_000, 3_000_000),
		).Draw(t, "micros"))
	})
}

func TestMicrosRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := micros().Draw(t, "micros")
		stamp := want.Timestamp()
		if err := stamp.CheckValid(); err != nil {
			t.Fatal(err)
		}
		if got := events.MicrosOf(stamp); got != want || stamp.AsTime().UnixMicro() != int64(want) {
			t.Fatalf("%d becomes %d by way of %v", want, got, stamp.AsTime())
		}
		stamp.Nanos += int32(rapid.IntRange(0, 999).Draw(t, "nanos"))
		if got := events.MicrosOf(stamp); got != want {
			t.Fatalf("%d and some nanoseconds become %d", want, got)
		}
	})
}

func TestMicrosOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		time time.Time
		want events.Micros
	}{
		{time.Unix(0, 0), 0},
		{time.Unix(0, 999), 0},
		{time.Unix(0, -1), -1},
		{time.Unix(0, -1000), -1},
		{time.Unix(0, -1001), -2},
		{time.Unix(-1, 0), -1_000_000},
		{time.Unix(-1, 1), -1_000_000},
		{time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC), -1},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), -62_135_596_800_000_000},
		{time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC), 253_402_300_799_999_999},
	} {
		if got := events.MicrosOf(timestamppb.New(test.time)); got != test.want {
			t.Errorf("MicrosOf(%v) = %d, want %d", test.time, got, test.want)
		}
	}
}

func TestLogPositionRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := events.LogPosition(rapid.MapOf(rapid.Uint32Range(0, events.MaxShards-1), rapid.Uint64()).Draw(t, "position"))
		text := want.String()
		if text != want.String() || (text == "") != (len(want) == 0) {
			t.Fatalf("%v becomes %q", want, text)
		}
		got, err := events.ParseLogPosition(text, events.MaxShards)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v becomes %v, %v", want, got, err)
		}
		for shard, sequence := range want {
			if got[shard] != sequence {
				t.Fatalf("%v becomes %v", want, got)
			}
		}
	})
}

// Fetch.position is in clients' hands, too.
func TestLogPositionIsForever(t *testing.T) {
	t.Parallel()
	const text = "EgYIABCTlD0SBAgHEAk"
	if got := (events.LogPosition{0: 1_002_003, 7: 9}).String(); got != text {
		t.Errorf("written as %q", got)
	}
	got, err := events.ParseLogPosition(text, 8)
	if err != nil || len(got) != 2 || got[0] != 1_002_003 || got[7] != 9 {
		t.Errorf("read as %v, %v", got, err)
	}
}

func TestParseLogPositionRefuses(t *testing.T) {
	t.Parallel()
	good := events.LogPosition{3: 17}.String()
	for _, test := range []struct {
		name, text string
		shards     int
	}{
		{"not base64", "!", 100},
		{"padded", good + "=", 100},
		{"cut off", good[:len(good)-1], 100},
		{"not protobuf", "_____w", 100},
		{"another message", "CgEx", 100},
		{"no position in it", "CAE", 100},
		{"a shard too many", good, 3},
		{"white space", " ", 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if p, err := events.ParseLogPosition(test.text, test.shards); !errors.Is(err, events.ErrBadPosition) || p != nil {
				t.Errorf("%v, %v", p, err)
			}
		})
	}
	if p, err := events.ParseLogPosition("", 1); err != nil || len(p) != 0 {
		t.Errorf("the empty position: %v, %v", p, err)
	}
	if _, err := events.ParseLogPosition(good, 4); err != nil {
		t.Error(err)
	}
}

func FuzzParseLogPosition(f *testing.F) {
	for _, p := range []events.LogPosition{nil, {0: 1}, {99: math.MaxUint64, 1: 0}} {
		f.Add(p.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := events.ParseLogPosition(text, events.MaxShards)
		if err != nil {
			if !errors.Is(err, events.ErrBadPosition) {
				t.Fatal(err)
			}
			return
		}
		for shard := range p {
			if shard >= events.MaxShards {
				t.Fatal(p)
			}
		}
		if again, err := events.ParseLogPosition(p.String(), events.MaxShards); err != nil || again.String() != p.String() {
			t.Fatalf("%v becomes %v, %v", p, again, err)
		}
	})
}

func TestShardOfStream(t *testing.T) {
	t.Parallel()
	for _, shard := range []int{0, 1, 9, 10, 99} {
		if got := events.PriceStream(shard).Shard(); got != uint32(shard) {
			t.Errorf("the shard of %s is %d", events.PriceStream(shard), got)
		}
	}
	if got := events.FetchStream.Shard(); got != 0 {
		t.Errorf("the shard of %s is %d", events.FetchStream, got)
	}
}
