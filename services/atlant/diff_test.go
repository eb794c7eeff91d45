package main

import (
	"errors"
	"testing"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// twoLists differ in every way.
func twoLists(_ *atlantv1.DiffFetchesRequest, send func(*atlantv1.DiffFetchesResponse) error) error {
	return errors.Join(
		send(&atlantv1.DiffFetchesResponse{Differences: []*atlantv1.Difference{
			{Kind: atlantv1.DifferenceKind_DIFFERENCE_KIND_ADDED, ProductId: "i1", Name: "Bread", PriceB: eur(2_500_000), LineB: 7},
			{Kind: atlantv1.DifferenceKind_DIFFERENCE_KIND_MISSING, ProductId: "i2", Name: "牛乳 1l", PriceA: eur(1_000_000), LineA: 3},
		}}),
		send(&atlantv1.DiffFetchesResponse{
			Differences: []*atlantv1.Difference{{
				Kind: atlantv1.DifferenceKind_DIFFERENCE_KIND_CHANGED, ProductId: "i3", Name: "Milk", PriceA: eur(1_000_000), PriceB: eur(1_250_000),
				LineA: 2, LineB: 4,
			}},
			Summary: &atlantv1.DiffSummary{Added: 1, Missing: 1, Changed: 1, Same: 1234},
		}))
}

func TestDiff(t *testing.T) {
	t.Parallel()
	var got *atlantv1.DiffFetchesRequest
	s := &fakeServer{diff: func(r *atlantv1.DiffFetchesRequest, send func(*atlantv1.DiffFetchesResponse) error) error {
		got = r
		return twoLists(r, send)
	}}
	s.run(t, "diff", "A1", "B1").expect(t, exitOK, ``+
		"         name            a         b  delta  line of a  line of b\n"+
		"added    Bread              2.50 EUR                            7\n"+
		"missing  牛乳 1l  1.00 EUR                           3\n"+
		"changed  Milk     1.00 EUR  1.25 EUR  +0.25          2          4\n"+
		"1 added, 1 missing, 1 changed, 1,234 the same\n", "")
	if got.GetA() != "A1" || got.GetB() != "B1" {
		t.Errorf("asked for %v", got)
	}
}

func TestDiffJSON(t *testing.T) {
	t.Parallel()
	const want = `{"kind":"DIFFERENCE_KIND_ADDED","productId":"i1","source":"","name":"Bread","priceA":null,` +
		`"priceB":{"amountMicros":"2500000","currencyCode":"EUR"},"lineA":"0","lineB":"7"}` + "\n" +
		`{"kind":"DIFFERENCE_KIND_MISSING","productId":"i2","source":"","name":"牛乳 1l",` +
		`"priceA":{"amountMicros":"1000000","currencyCode":"EUR"},"priceB":null,"lineA":"3","lineB":"0"}` + "\n" +
		`{"kind":"DIFFERENCE_KIND_CHANGED","productId":"i3","source":"","name":"Milk",` +
		`"priceA":{"amountMicros":"1000000","currencyCode":"EUR"},"priceB":{"amountMicros":"1250000","currencyCode":"EUR"},` +
		`"lineA":"2","lineB":"4"}` + "\n" +
		`{"added":"1","missing":"1","changed":"1","same":"1234"}` + "\n"
	(&fakeServer{diff: twoLists}).run(t, "diff", "A1", "B1", "--json").expect(t, exitOK, want, "")
}

func TestDiffOfUnknown(t *testing.T) {
	t.Parallel()
	s := &fakeServer{diff: func(*atlantv1.DiffFetchesRequest, func(*atlantv1.DiffFetchesResponse) error) error {
		return connect.NewError(connect.CodeNotFound, errors.New("b: there is no fetch B1"))
	}}
	s.run(t, "diff", "A1", "B1").expect(t, exitFailure, "",
		"atlant: b: there is no fetch B1\n  `atlant fetches` shows the ids of fetches\n")
}
