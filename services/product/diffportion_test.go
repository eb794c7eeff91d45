package product

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestPortionOf(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		portions := rapid.Int64Range(1, 50).Draw(t, "portions")
		counts := make([]int, portions)
		const products = 2000
		for i := range products {
			counts[portionOf(events.NewProductID("shop", fmt.Sprint(i)), portions)]++
		}
		for portion, n := range counts {
			if even := products / int(portions); n < even/2-10 || n > even*2+10 {
				t.Fatalf("portion %d of %d has %d of %d products", portion, portions, n, products)
			}
		}
	})
}

// Portion by portion, the same is found, and each product once.
func TestDiffByPortions(t *testing.T) {
	t.Parallel()
	embedded, err := jetstream.StartEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = embedded.Close() })
	nc, err := embedded.Connect()
	if err != nil {
		t.Fatal(err)
	}
	log, err := jetstream.Open(t.Context(), nc, jetstream.Config{Shards: 2})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(from, to int) *fetchRecord {
		fetch := uuid.Must(uuid.NewV7())
		writer, err := log.WritePrices(t.Context(), fetch)
		for i := from; i < to && err == nil; i++ {
			err = writer.Add(t.Context(), int64(i)+1, &events.Observation{
				Source: "shop", Name: fmt.Sprintf("product %d", i), Price: events.Price{Micros: int64(i % 3 * from)}, Line: int64(i) + 1,
				Position: events.Position{ObservedAt: 1, Fetch: fetch},
			})
		}
		if err == nil {
			_, _, err = writer.Finish(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return &fetchRecord{id: fetch, fetch: &atlantv1.Fetch{Source: "shop"}}
	}
	a, b := publish(0, 3000), publish(1000, 5000)
	for _, portions := range []int64{1, 2, 7} {
		met := map[string]int{}
		d := &difference{log: log, a: a, b: b, send: func(r *atlantv1.DiffFetchesResponse) error {
			for _, d := range r.GetDifferences() {
				met[d.GetProductId()]++
			}
			return nil
		}}
		if err := d.run(t.Context(), portions); err != nil {
			t.Fatal(err)
		}
		if err := d.flush(&d.summary); err != nil {
			t.Fatal(err)
		}
		s := &d.summary
		if s.GetMissing() != 1000 || s.GetAdded() != 2000 || s.GetChanged()+s.GetSame() != 2000 || s.GetSame() < 600 || s.GetSame() > 700 {
			t.Errorf("%d portions: %v", portions, s)
		}
		for id, times := range met {
			if times != 1 {
				t.Errorf("%d portions: %s comes %d times", portions, id, times)
			}
		}
		if int64(len(met)) != s.GetMissing()+s.GetAdded()+s.GetChanged() {
			t.Errorf("%d portions: %d products differ, %v", portions, len(met), s)
		}
	}
}
