package projections_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
)

// at returns a position; fetches are in the order of their numbers.
func at(time events.Micros, fetch byte) events.Position {
	id := uuid.MustParse("01900000-0000-7000-8000-000000000000")
	id[15] = fetch
	return events.Position{ObservedAt: time, Fetch: id}
}

func eur(micros int64) events.Price { return events.Price{Micros: micros, Currency: "EUR"} }

func seen(price events.Price, position events.Position) events.Observation {
	return events.Observation{Source: "default", Name: "x", Price: price, Position: position, Line: 7}
}

func TestFold(t *testing.T) {
	t.Parallel()
	id := events.NewProductID("default", "x")
	first := projections.Product{
		ID: id, Source: "default", Name: "x", Price: eur(100), FirstObservedAt: 10, Written: at(10, 1), Seen: at(10, 1),
	}
	changed := projections.Product{
		ID: id, Source: "default", Name: "x", Price: eur(200), PreviousPrice: eur(100), PriceChanges: 1, FirstObservedAt: 10,
		Written: at(20, 2), Seen: at(30, 3),
	}
	with := func(p projections.Product, change func(*projections.Product)) projections.Product {
		change(&p)
		return p
	}
	// to is the product after another price at 40.
	to := func(price events.Price) projections.Product {
		return with(changed, func(p *projections.Product) {
			p.Price, p.PreviousPrice, p.PriceChanges, p.Written, p.Seen = price, p.Price, 2, at(40, 4), at(40, 4)
		})
	}
	seenAt := func(p projections.Product, position events.Position) projections.Product {
		return with(p, func(p *projections.Product) { p.Seen = position })
	}
	tests := []struct {
		name    string
		before  *projections.Product
		price   events.Price
		at      events.Position
		after   projections.Product
		outcome projections.Outcome
	}{
		{"first", nil, eur(100), at(10, 1), first, projections.OutcomeFirst},
		{"first and free", nil, eur(0), at(10, 1), with(first, func(p *projections.Product) { p.Price = eur(0) }), projections.OutcomeFirst},
		{"first before 1970", nil, eur(100), at(-5, 1), with(first, func(p *projections.Product) {
			p.FirstObservedAt, p.Written, p.Seen = -5, at(-5, 1), at(-5, 1)
		}), projections.OutcomeFirst},
		{"same price", &first, eur(100), at(11, 1), seenAt(first, at(11, 1)), projections.OutcomeSeen},
		{"same price, same time, later fetch", &first, eur(100), at(10, 2), seenAt(first, at(10, 2)), projections.OutcomeSeen},
		{"other price", &changed, eur(300), at(40, 4), to(eur(300)), projections.OutcomeChanged},
		{"other price, same time, later fetch", &first, eur(200), at(10, 2), with(first, func(p *projections.Product) {
			p.Price, p.PreviousPrice, p.PriceChanges, p.Written, p.Seen = eur(200), eur(100), 1, at(10, 2), at(10, 2)
		}), projections.OutcomeChanged},
		{"back to the old price", &changed, eur(100), at(40, 4), to(eur(100)), projections.OutcomeChanged},
		{"to nothing", &changed, eur(0), at(40, 4), to(eur(0)), projections.OutcomeChanged},
		{"other currency", &changed, events.Price{Micros: 200, Currency: "USD"}, at(40, 4), to(events.Price{Micros: 200, Currency: "USD"}), projections.OutcomeChanged},
		{"currency no longer known", &changed, events.Price{Micros: 200}, at(40, 4), to(events.Price{Micros: 200}), projections.OutcomeChanged},
		{"duplicate of the first", &first, eur(100), at(10, 1), first, projections.OutcomeDuplicate},
		{"duplicate of the last", &changed, eur(200), at(30, 3), changed, projections.OutcomeDuplicate},
		{"duplicate position, other price", &changed, eur(999), at(30, 3), changed, projections.OutcomeDuplicate},
		{"late", &changed, eur(999), at(29, 9), changed, projections.OutcomeLate},
		{"late by its fetch", &changed, eur(999), at(30, 2), changed, projections.OutcomeLate},
		{"late, before the first", &changed, eur(999), at(-10, 1), changed, projections.OutcomeLate},
		{"duplicate of the change", &changed, eur(200), at(20, 2), changed, projections.OutcomeLate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var before *projections.Product
			if test.before != nil {
				copied := *test.before
				before = &copied
			}
			o := seen(test.price, test.at)
			after, outcome := projections.Fold(before, &o)
			if outcome != test.outcome {
				t.Errorf("outcome %d, want %d", outcome, test.outcome)
			}
			if diff := cmp.Diff(test.after, after); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if before != nil && *before != *test.before || o != seen(test.price, test.at) {
				t.Error("what it was given has changed")
			}
			if again, outcome := projections.Fold(&after, &o); again != after || outcome < projections.OutcomeDuplicate {
				t.Errorf("folded again: %d, %+v", outcome, again)
			}
		})
	}
}

func TestPriceChangedAt(t *testing.T) {
	t.Parallel()
	first, second := seen(eur(1), at(10, 1)), seen(eur(2), at(20, 1))
	p, _ := projections.Fold(nil, &first)
	if got := p.PriceChangedAt(); got != 0 {
		t.Errorf("never changed: %d", got)
	}
	p, _ = projections.Fold(&p, &second)
	if got := p.PriceChangedAt(); got != 20 {
		t.Errorf("changed: %d", got)
	}
}

func TestFoldBatch(t *testing.T) {
	t.Parallel()
	named := func(name string, price int64, position events.Position) events.Observation {
		o := seen(eur(price), position)
		o.Name = name
		return o
	}
	known := map[events.ProductID]projections.Product{}
	for _, o := range []events.Observation{named("seen", 1, at(1, 1)), named("changed", 1, at(1, 1)), named("untouched", 1, at(1, 1))} {
		known[o.ProductID()], _ = projections.Fold(nil, &o)
	}
	placed := func(o events.Observation, sequence uint64) events.Observation {
		o.Place = events.LogPlace{Shard: 1, Sequence: sequence}
		return o
	}
	delta := projections.FoldBatch(known, []events.Observation{
		named("new", 5, at(2, 1)),
		placed(named("changed", 2, at(2, 1)), 1),
		named("seen", 1, at(2, 1)),
		named("untouched", 9, at(0, 1)), // late
		named("untouched", 1, at(1, 1)), // a duplicate
		placed(named("changed", 1, at(3, 1)), 2),
		placed(named("new", 6, at(3, 1)), 1),
		named("new", 7, at(2, 9)), // late within the batch
	})
	if len(delta.New) != 1 || delta.New[0].Name != "new" || delta.New[0].Price != eur(6) || delta.New[0].PriceChanges != 1 {
		t.Errorf("new: %+v", delta.New)
	}
	if s := delta.Seen; len(s) != 2 || s[0].Name != "changed" || s[1].Name != "seen" || s[1].Seen != at(2, 1) {
		t.Errorf("seen: %+v", delta.Seen)
	}
	if len(delta.Changed) != 1 || delta.Changed[0].Was != at(1, 1) || delta.Changed[0].PriceChanges != 2 || delta.Changed[0].Price != eur(1) {
		t.Errorf("changed: %+v", delta.Changed)
	}
	change := func(name string, number, to, from int64, position events.Position) projections.Change {
		return projections.Change{
			ProductID: events.NewProductID("default", name), Number: number, Price: eur(to), PreviousPrice: eur(from),
			PreviousSince: position.ObservedAt - 1, At: position, Line: 7, Place: events.LogPlace{Shard: 1, Sequence: uint64(number)},
		}
	}
	want := []projections.Change{
		change("changed", 1, 2, 1, at(2, 1)), change("changed", 2, 1, 2, at(3, 1)), change("new", 1, 6, 5, at(3, 1)),
	}
	if diff := cmp.Diff(want, delta.Changes); diff != "" {
		t.Errorf("changes: -want +got:\n%s", diff)
	}
	if delta.Late != 2 {
		t.Errorf("%d late", delta.Late)
	}
	if len(known) != 3 {
		t.Error("what it was given has changed")
	}
}

func TestFoldBatchOfNothing(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(projections.Delta{}, projections.FoldBatch(nil, nil)); diff != "" {
		t.Error(diff)
	}
}
