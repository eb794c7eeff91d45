package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func twoProducts(*atlantv1.ListRequest) (*atlantv1.ListResponse, error) {
	return &atlantv1.ListResponse{TotalSize: 1_234, Products: []*atlantv1.Product{
		{
			Id: "b", Name: "Bread", Price: eur(2_625_000), PreviousPrice: eur(2_500_000), PriceChanges: 1,
			FirstObservedAt: at("08:00:00"), PriceChangedAt: at("09:00:00"), ObservedAt: at("10:00:00"),
		},
		{Id: "m", Name: "牛乳 1l", Price: &atlantv1.Price{}, FirstObservedAt: at("08:00:00"), ObservedAt: at("10:00:00")},
	}}, nil
}

func TestList(t *testing.T) {
	t.Parallel()
	s := &fakeServer{list: twoProducts}
	minute := func(clock string) string { return formatTime(at(clock), toTheMinute) }
	s.run(t, "list", "--total").expect(t, exitOK, ``+
		"name         price         previous  changes  changed at        first seen        last seen\n"+
		fmt.Sprintf("Bread    2.625 EUR  2.50 EUR ▲ 5.0%%        1  %s  %s  %s\n", minute("09:00:00"), minute("08:00:00"), minute("10:00:00"))+
		fmt.Sprintf("牛乳 1l       0.00                         0                    %s  %s\n", minute("08:00:00"), minute("10:00:00"))+
		"1,234 in all\n", "")
}

func TestListTotalEstimated(t *testing.T) {
	t.Parallel()
	s := &fakeServer{list: func(*atlantv1.ListRequest) (*atlantv1.ListResponse, error) {
		return &atlantv1.ListResponse{TotalSize: 1_234_567, TotalEstimated: true}, nil
	}}
	if r := s.run(t, "list", "--total"); !strings.Contains(r.out, "about 1,234,567 in all\n") {
		t.Errorf("got %q", r.out)
	}
	s.run(t, "list", "--json", "--total").expect(t, exitOK, `{"totalSize":"1234567","totalEstimated":true}`+"\n", "")
}

func TestListJSON(t *testing.T) {
	t.Parallel()
	r := (&fakeServer{list: twoProducts}).run(t, "list", "--json", "--total")
	want := `{"id":"b","source":"","name":"Bread","price":{"amountMicros":"2625000","currencyCode":"EUR"},` +
		`"previousPrice":{"amountMicros":"2500000","currencyCode":"EUR"},"priceChanges":"1","firstObservedAt":"2026-01-31T08:00:00Z",` +
		`"priceChangedAt":"2026-01-31T09:00:00Z","observedAt":"2026-01-31T10:00:00Z"}` + "\n" +
		`{"id":"m","source":"","name":"牛乳 1l","price":{"amountMicros":"0","currencyCode":""},"previousPrice":null,"priceChanges":"0",` +
		`"firstObservedAt":"2026-01-31T08:00:00Z","priceChangedAt":null,"observedAt":"2026-01-31T10:00:00Z"}` + "\n" +
		`{"totalSize":"1234"}` + "\n"
	r.expect(t, exitOK, want, "")
}

func TestListRequest(t *testing.T) {
	t.Parallel()
	var got *atlantv1.ListRequest
	s := &fakeServer{list: func(r *atlantv1.ListRequest) (*atlantv1.ListResponse, error) {
		got = r
		return &atlantv1.ListResponse{}, nil
	}}
	s.run(t, "list", "--sort", "price-changed-at", "--desc", "--query", "caf 2", "--source", "shop", "--min-price", "0", "--max-price", "12.50",
		"--changed-since", "2026-01-31T12:00:00Z", "--limit", "7", "--total", "--position", "p1")
	want := &atlantv1.ListRequest{
		PageSize: 7, SortBy: atlantv1.SortBy_SORT_BY_PRICE_CHANGED_AT, Descending: true, Query: "caf 2", Source: "shop",
		MinPriceMicros: proto.Int64(0), MaxPriceMicros: proto.Int64(12_500_000), ChangedSince: at("12:00:00"), Total: true, Position: "p1",
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	s.run(t, "list", "--changed-since", "24h")
	if age := time.Since(got.GetChangedSince().AsTime()); age < 24*time.Hour || age > 25*time.Hour || got.MinPriceMicros != nil {
		t.Errorf("got %v", got)
	}
}

// shop is a server of so many products, that gives pages of the size asked for.
func shop(tb testing.TB, products int) *fakeServer {
	tb.Helper()
	return &fakeServer{list: func(r *atlantv1.ListRequest) (*atlantv1.ListResponse, error) {
		if r.GetPageSize() < 1 || r.GetPageSize() > largestPage {
			tb.Errorf("page size is %d", r.GetPageSize())
		}
		first, _ := strconv.Atoi(r.GetPageToken())
		response := &atlantv1.ListResponse{}
		for i := first; i < min(products, first+int(r.GetPageSize())); i++ {
			response.Products = append(response.Products, &atlantv1.Product{Name: fmt.Sprintf("product %d", i)})
		}
		if next := first + int(r.GetPageSize()); next < products {
			response.NextPageToken = strconv.Itoa(next)
		}
		return response, nil
	}}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	s := shop(t, 2_500)
	for limit, want := range map[string]int{"0": 2_500, "1": 1, "1000": 1_000, "1001": 1_001, "2500": 2_500, "9999": 2_500} {
		r := s.run(t, "list", "--json", "--limit", limit)
		if got := strings.Count(r.out, "\n"); r.code != exitOK || got != want {
			t.Errorf("--limit %s: got %d lines, want %d", limit, got, want)
		}
		r = s.run(t, "list", "--limit", limit)
		if got := strings.Count(r.out, "\n"); got != want+1 { // one header for all pages
			t.Errorf("--limit %s: got %d lines, want %d", limit, got, want+1)
		}
		if got := r.errOut != ""; got != (want < 2_500) {
			t.Errorf("--limit %s: got %q", limit, r.errOut)
		}
	}
}

func TestListNothing(t *testing.T) {
	t.Parallel()
	shop(t, 0).run(t, "list").expect(t, exitOK, "", "no products match\n")
}
