package events_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

// Ids are in clients' hands: what these are can never change.
func TestProductIDsAreForever(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ source, name, want string }{
		{"default", "Olive oil 1 l", "5b8ead77-39ab-5da2-9553-c438a7821d89"},
		{"default", "x", "e78b87ee-df66-5c44-ab75-c2ce516f5746"},
		{"other", "x", "9134ba55-aa16-5567-b4db-b52b47e2338d"},
		{"default", "Café Ångström 가", "d0cb3ec0-340b-5c43-882a-8b871fd67b48"},
		{"a", "b c", "153d7c42-3af1-571d-b81a-9272c530d942"},
		{"a b", "c", "7142476b-ab1b-56a7-b9ab-d0b3317a566e"},
		{"default", strings.Repeat("x", events.MaxNameBytes), "8f65692c-7d90-53ea-9967-24cfd3f45e06"},
	} {
		if got := events.NewProductID(test.source, test.name).String(); got != test.want {
			t.Errorf("NewProductID(%q, %.40q) = %s, want %s", test.source, test.name, got, test.want)
		}
	}
}

// The namespace is Atlant's own; it can never change either.
func TestProductIDIsUUIDv5(t *testing.T) {
	t.Parallel()
	namespace := uuid.MustParse("6f2f2c5e-2d1c-5f0e-9a5b-7c1d6a4e8b90")
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.String().Draw(t, "source")
		name := rapid.StringN(-1, -1, events.MaxNameBytes).Draw(t, "name")
		want := uuid.NewSHA1(namespace, []byte(source+"\x00"+name))
		if got := events.NewProductID(source, name); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

// The same letters, divided otherwise between source and name, are another product.
func TestProductIDDependsOnTheDivision(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-c ]{1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		text := word.Draw(t, "text") + "x"
		i := rapid.IntRange(0, len(text)).Draw(t, "i")
		j := rapid.IntRange(0, len(text)).Draw(t, "j")
		same := events.NewProductID(text[:i], text[i:]) == events.NewProductID(text[:j], text[j:])
		if same != (i == j) {
			t.Fatalf("%q cut at %d and %d: the same id is %t", text, i, j, same)
		}
	})
}

func TestShardOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := events.ProductID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		shards := rapid.IntRange(1, events.MaxShards).Draw(t, "shards")
		shard := events.ShardOf(id, shards)
		if shard < 0 || shard >= shards || events.ShardOf(id, shards) != shard {
			t.Fatalf("shard %d of %d", shard, shards)
		}
	})
}

// Where a product's events are can never change either.
func TestShardsAreForever(t *testing.T) {
	t.Parallel()
	id := events.NewProductID("default", "x")
	for shards, want := range map[int]int{1: 0, 2: 0, 3: 2, 16: 14, 100: 98} {
		if got := events.ShardOf(id, shards); got != want {
			t.Errorf("ShardOf(%s, %d) = %d, want %d", id, shards, got, want)
		}
	}
}

func TestShardsAreEven(t *testing.T) {
	t.Parallel()
	const products = 50_000
	for _, shards := range []int{2, 3, 7, 16, 64, 100} {
		counts := make([]int, shards)
		for i := range products {
			counts[events.ShardOf(events.NewProductID("default", "product "+decimal(i)), shards)]++
		}
		mean := float64(products) / float64(shards)
		var chi float64
		for _, n := range counts {
			chi += (float64(n) - mean) * (float64(n) - mean) / mean
		}
		// The names are fixed, so this passes always or never; five standard deviations say that it is no accident.
		if freedom := float64(shards - 1); chi > freedom+5*math.Sqrt(2*freedom)+5 {
			t.Errorf("%d shards: chi² is %.0f: %v", shards, chi, counts)
		}
	}
}

func decimal(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return decimal(n/10) + string(rune('0'+n%10))
}
