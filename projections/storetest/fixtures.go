package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

const stream events.Stream = "PRICES_00"

// day is a time to count from; the tests look at times before 1970 too.
const day events.Micros = 1_700_000_000_000_000

// fetchID returns the same id for the same number, in the order of the numbers.
func fetchID(n int) events.FetchID {
	id := uuid.MustParse("01900000-0000-7000-8000-000000000000")
	for i := range 4 {
		id[15-i] = byte(n >> (8 * i))
	}
	return id
}

func at(time events.Micros, fetch int) events.Position {
	return events.Position{ObservedAt: time, Fetch: fetchID(fetch)}
}

// observe returns an observation in the default source, at day + its fetch's number, that the log holds at that number plus 1.
func observe(name string, micros int64, fetch int) events.Observation {
	return events.Observation{
		Source: events.DefaultSource, Name: name, Price: events.Price{Micros: micros, Currency: "EUR"},
		Position: at(day+events.Micros(fetch), fetch), Line: int64(fetch) + 1, Place: events.LogPlace{Sequence: uint64(fetch) + 1},
	}
}

// project takes a batch in, as a projector does: load, fold, write, and again if another one came between.
func project(ctx context.Context, store projections.PriceViews, batch []events.Observation, sequence uint64) error {
	ids := make([]events.ProductID, len(batch))
	for i := range batch {
		ids[i] = batch[i].ProductID()
	}
	for range 1000 {
		known, err := store.Products(ctx, ids)
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		delta := projections.FoldBatch(known, batch)
		checkpoint := projections.Checkpoint{Stream: stream, Sequence: sequence, Late: delta.Late}
		if err = store.ApplyPrices(ctx, delta, checkpoint); !errors.Is(err, projections.ErrConflict) {
			return err
		}
	}
	return errors.New("a conflict each time, a thousand times over")
}

func mustProject(t testing.TB, store projections.PriceViews, batch []events.Observation, sequence uint64) {
	t.Helper()
	if err := project(t.Context(), store, batch, sequence); err != nil {
		t.Fatalf("project up to %d: %v", sequence, err)
	}
}

// wantViews compares all that the store knows of prices.
func wantViews(t testing.TB, store projections.ProductQueries, want Views) {
	t.Helper()
	got, err := Dump(t.Context(), store)
	if err != nil {
		t.Fatalf("dump: %v", err)
	}
	wantEqual(t, "views", got, want)
}

func wantEqual(t testing.TB, what string, got, want any, options ...cmp.Option) {
	t.Helper()
	if diff := diffOf(want, got, options...); diff != "" {
		t.Fatalf("%s: -want +got:\n%s", what, diff)
	}
}

func diffOf(want, got any, options ...cmp.Option) string {
	if reflect.DeepEqual(want, got) { // as nearly always, and cmp takes its time
		return ""
	}
	return cmp.Diff(want, got, append(options, cmpopts.EquateEmpty(), cmp.Transformer("plain", plain))...)
}

// plain makes the previous price, which means nothing while there was no change, the same for all.
func plain(p projections.Product) plainProduct {
	if p.PriceChanges == 0 {
		p.PreviousPrice = events.Price{}
	}
	return plainProduct(p)
}

type plainProduct projections.Product

func wantNoError(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

// history returns random observations of a few sources, with ties in every sort value, in the order of a log.
func history(random *rand.Rand, sources []string, products, fetches int) []events.Observation {
	var all []events.Observation
	for fetch := range fetches {
		for p := range products {
			if fetch > 0 && random.IntN(3) == 0 {
				continue
			}
			o := observe(fmt.Sprintf("product %03d", p), int64(random.IntN(5))*1_000_000, fetch)
			o.Source = sources[random.IntN(len(sources))]
			all = append(all, o)
		}
	}
	return all
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
