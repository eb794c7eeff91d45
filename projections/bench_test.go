package projections

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
)

const (
	benchProducts = 100_000
	benchBatch    = 50_000
)

// benchList returns the observations of a list at its n-th fetch. One price of so many is another one at every fetch; 0: none.
func benchList(fetch, oneChangedIn int) []events.Observation {
	all := make([]events.Observation, benchProducts)
	id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, fetch))
	for i := range all {
		price := int64(i) * 10_000
		if oneChangedIn > 0 && i%oneChangedIn == 0 {
			price += int64(fetch)
		}
		all[i] = events.Observation{
			Source: events.DefaultSource, Name: fmt.Sprintf("Product of some length %08d", i),
			Price:    events.Price{Micros: price, Currency: "EUR"},
			Position: events.Position{ObservedAt: events.Micros(1_700_000_000_000_000 + fetch), Fetch: id}, Line: int64(i) + 2,
		}
	}
	return all
}

// BenchmarkFoldBatch folds a list, batch by batch, into what is known of its products.
func BenchmarkFoldBatch(b *testing.B) {
	known := map[events.ProductID]Product{}
	for _, p := range FoldBatch(nil, benchList(0, 0)).New {
		known[p.ID] = p
	}
	for _, bench := range []struct {
		name         string
		known        map[events.ProductID]Product
		oneChangedIn int
	}{{"list=new", nil, 0}, {"list=seen", known, 0}, {"list=changed5%", known, 20}} {
		b.Run(bench.name, func(b *testing.B) {
			list := benchList(1, bench.oneChangedIn)
			b.ReportAllocs()
			for b.Loop() {
				for start := 0; start < len(list); start += benchBatch {
					FoldBatch(bench.known, list[start:start+benchBatch])
				}
			}
			reportEach(b, len(list))
		})
	}
}

func reportEach(b *testing.B, events int) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
}

// nowhere is views that keep nothing.
type nowhere struct{ Views }

func (nowhere) ApplyPrices(context.Context, Delta, Checkpoint) error { return nil }

func (nowhere) Checkpoint(_ context.Context, stream events.Stream) (Checkpoint, error) {
	return Checkpoint{Stream: stream}, nil
}

func (nowhere) DeferIndexes(context.Context, int64) (FirstLoad, error) { return nil, nil } //nolint:nilnil // it does not

// BenchmarkPriceProjection takes in a list again and again, all but the writing: the decoding of messages, which has a
// goroutine of its own in a projector, and the fold with all that the cache knows.
func BenchmarkPriceProjection(b *testing.B) {
	for _, bench := range []struct {
		name         string
		oneChangedIn int
	}{{"list=seen", 0}, {"list=changed5%", 20}} {
		p := &priceProjection{views: nowhere{}, cache: newProductCache(&cacheBudget{bytes: 100 << 20}, true), manyNew: manyNew}
		fetch := 0
		next := func(b *testing.B) []events.Message {
			b.Helper()
			fetch++
			return benchMessages(b, benchList(fetch, bench.oneChangedIn))
		}
		b.Run(bench.name+"/step=decode", func(b *testing.B) {
			messages := next(b)
			b.ReportAllocs()
			for b.Loop() {
				for half := range slices.Chunk(messages, (len(messages)+1)/2) {
					p.decode(half)
				}
			}
			reportEach(b, benchProducts)
		})
		b.Run(bench.name+"/step=fold", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				messages := next(b)
				half := len(messages) / 2
				batches := []*decodedBatch{p.decode(messages[:half]), p.decode(messages[half:])}
				b.StartTimer()
				for _, batch := range batches {
					if err := p.apply(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}
			}
			reportEach(b, benchProducts)
		})
		p.cache.close()
	}
}

func benchMessages(b *testing.B, list []events.Observation) []events.Message {
	b.Helper()
	var all []events.Message
	var group events.Group
	for i := range list {
		if err := group.Add(&list[i]); err != nil {
			b.Fatal(err)
		}
		if group.Len() == events.GroupSize || i == len(list)-1 {
			all = append(all, events.Message{
				Stream: events.PriceStream(0), Sequence: uint64(len(all)) + 1, Kind: events.KindObserved, Data: group.AppendTo(nil),
			})
		}
	}
	return all
}

// BenchmarkProductCache reads lists that are larger than the cache, in the same order again and again, and tells how many of
// the products it then knows, and what memory a product takes.
func BenchmarkProductCache(b *testing.B) {
	const bytes = 4 << 20
	for _, times := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("products=%dxroom", times), func(b *testing.B) {
			before := heapBytes()
			c := newProductCache(&cacheBudget{bytes: bytes}, false)
			products := make([]Product, times*bytes/bytesPerProduct)
			for i := range products {
				products[i] = Product{ID: events.NewProductID("", fmt.Sprint(i)), Price: events.Price{Currency: "EUR"}}
			}
			before += uint64(cap(products)) * 160
			hits := 0
			for b.Loop() {
				hits = 0
				for range 10 {
					hits = 0
					for i := range products {
						if c.has(&products[i].ID) {
							hits++
							c.update(&products[i])
						} else {
							c.add(&products[i])
						}
					}
				}
			}
			b.ReportMetric(float64(hits)/float64(len(products)), "hits/product")
			b.ReportMetric(float64(heapBytes()-before)/float64(c.states.count), "B/product")
			runtime.KeepAlive(products)
			c.close()
		})
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
