package projections

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

func cachedProduct() *rapid.Generator[Product] {
	return rapid.Custom(func(t *rapid.T) Product {
		position := func(label string) events.Position {
			return events.Position{ObservedAt: events.Micros(rapid.IntRange(0, 9).Draw(t, label))}
		}
		name := fmt.Sprint(rapid.IntRange(0, 400).Draw(t, "name"))
		return Product{
			ID: events.NewProductID("s", name), Source: "s", Name: name,
			Price: events.Price{
				Micros: rapid.Int64().Draw(t, "price"), Currency: rapid.SampledFrom([]string{"", "EUR", "JPY"}).Draw(t, "currency"),
			},
			PriceChanges: rapid.Int64Range(0, 1<<32-1).Draw(t, "changes"),
			Written:      position("written"), Seen: position("seen"),
		}
	})
}

// A cache returns of a product what it was last told, or nothing; nothing at all only if it is not complete.
func TestProductCache(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		budget := &cacheBudget{bytes: rapid.SampledFrom([]int64{0, 1000, 20_000, 1 << 20}).Draw(t, "bytes")}
		c := newProductCache(budget, rapid.Bool().Draw(t, "complete"))
		defer c.close()
		want := map[events.ProductID]Product{}
		for _, p := range rapid.SliceOf(cachedProduct()).Draw(t, "products") {
			if c.has(&p.ID) {
				c.update(&p)
			} else {
				c.add(&p)
			}
			want[p.ID] = p
			if c.size() > c.limit() {
				t.Fatalf("%d bytes of %d", c.size(), c.limit())
			}
			if rapid.IntRange(0, 50).Draw(t, "another cache") == 0 {
				budget.caches.Add(1)
			}
		}
		wantCached(t, c, want)
	})
}

func wantCached(t *rapid.T, c *productCache, want map[events.ProductID]Product) {
	t.Helper()
	users := map[events.Position]int{}
	found := 0
	for id, w := range want {
		got, ok := c.product(&id, &events.Observation{Source: w.Source, Name: w.Name})
		if ok != c.has(&id) || !ok && c.complete {
			t.Fatal(w.Name, ok)
		}
		if !ok {
			continue
		}
		if got != w {
			t.Fatalf("got %+v, want %+v", got, w)
		}
		found++
		users[w.Written]++
		users[w.Seen]++
	}
	if found != c.states.count {
		t.Fatalf("%d products, and %d found", c.states.count, found)
	}
	if len(users) != len(c.positions.numbers) || len(c.positions.numbers)+len(c.positions.free) != len(c.positions.all) {
		t.Fatalf("%d positions are used, %d numbered, %d free, %d in all", len(users), len(c.positions.numbers),
			len(c.positions.free), len(c.positions.all))
	}
	for p, number := range c.positions.numbers {
		if got := c.positions.all[number]; got.Position != p || got.users != users[p] {
			t.Fatalf("%v is used %d times, not %d", p, got.users, users[p])
		}
	}
}

// What cannot be kept is not, and the cache knows that it is not complete any more.
func TestProductCacheRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Product){
		"more changes than it can count": func(p *Product) { p.PriceChanges = 1 << 32 },
		"a currency that is none":        func(p *Product) { p.Price.Currency = "far too long" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := Product{ID: events.NewProductID("s", "x")}
			bad := good
			change(&bad)
			c := newProductCache(&cacheBudget{bytes: 1 << 20}, true)
			c.add(&bad)
			if c.complete || c.has(&bad.ID) {
				t.Error("it was taken in")
			}
			c = newProductCache(&cacheBudget{bytes: 1 << 20}, true)
			c.add(&good)
			c.update(&bad)
			if c.complete || c.has(&bad.ID) {
				t.Error("it was brought up to date")
			}
		})
	}
}

// A list that is larger than the cache, read in the same order again and again, is met there for the most part of the room.
func TestProductCacheOfALongList(t *testing.T) {
	t.Parallel()
	const room, products = 2000, 4000
	c := newProductCache(&cacheBudget{bytes: room*bytesPerProduct + bytesPerPosition}, true)
	defer c.close()
	hits := 0
	for range 40 {
		hits = 0
		for i := range products {
			p := Product{ID: events.NewProductID("s", fmt.Sprint(i))}
			if c.has(&p.ID) {
				hits++
				c.update(&p)
			} else {
				c.add(&p)
			}
		}
	}
	if c.complete || c.states.count < room*9/10 || hits < room*7/10 {
		t.Errorf("%d of %d known, complete: %v, with %d in it", hits, products, c.complete, c.states.count)
	}
}

// A cache that has to share with many more gives its memory back.
func TestProductCacheShares(t *testing.T) {
	t.Parallel()
	budget := &cacheBudget{bytes: 1 << 20}
	c := newProductCache(budget, true)
	ids := []events.ProductID{{1}, {2}, {3}}
	for len(ids) < 1000 {
		ids = append(ids, events.NewProductID("s", fmt.Sprint(len(ids))))
	}
	for _, id := range ids {
		c.add(&Product{ID: id})
	}
	if slices.ContainsFunc(ids, func(id events.ProductID) bool { return !c.has(&id) }) {
		t.Fatal("not all fit")
	}
	for range 99 {
		defer newProductCache(budget, true).close()
	}
	for c.size() > c.limit() {
		c.add(&Product{ID: events.NewProductID("s", fmt.Sprint(len(ids)))})
		ids = append(ids, ids[0])
	}
	if c.complete || c.states.count > 1<<20/100/bytesPerProduct {
		t.Errorf("%d are kept", c.states.count)
	}
	c.close()
}
