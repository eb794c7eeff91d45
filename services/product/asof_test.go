package product_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestListAsOf: a list as of a time is the list that there was when what was observed up to then was taken in.
func TestListAsOf(t *testing.T) {
	t.Parallel()
	var log []events.Observation
	for fetch := range 6 {
		for i := range 40 {
			if fetch >= i%4 { // first seen later
				o := observe([]string{"default", "shop"}[i%2], fmt.Sprintf("product %02d", i/2), int64(i*(fetch/(i%3+1))%5)*1_000_000, fetch)
				log = append(log, o)
			}
		}
	}
	store := newViews(t)
	project(t, store, 1, slices.Clone(log)...)
	all := clients(t, store)
	for fetch := range 6 {
		for protocol, client := range all {
			if protocol != "grpc" && fetch != 3 {
				continue // how a request travels does not change what it selects
			}
			until := slices.DeleteFunc(slices.Clone(log), func(o events.Observation) bool { return o.Position.ObservedAt > day+events.Micros(fetch)*1_000_000 })
			products := projections.FoldBatch(nil, until).New
			for _, sort := range []atlantv1.SortBy{atlantv1.SortBy_SORT_BY_UNSPECIFIED, atlantv1.SortBy_SORT_BY_PRICE} {
				request := &atlantv1.ListRequest{
					SortBy: sort, Descending: fetch%2 == 0, PageSize: 7, MaxPriceMicros: new(int64(3_000_000)),
				}
				want := selected(products, request)
				request.AsOf = after(time.Duration(fetch)*time.Second + 300*time.Millisecond)
				var got []string
				for {
					page := list(t, client, request)
					for _, p := range page.GetProducts() {
						got = append(got, p.GetId())
						wantAsOf(t, p, products)
					}
					if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
						break
					}
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s, %v:\ngot  %v\nwant %v", protocol, request, got, want)
				}
			}
		}
	}
}

// wantAsOf compares what is shown with what the product was.
func wantAsOf(t *testing.T, got *atlantv1.Product, products []projections.Product) {
	t.Helper()
	i := slices.IndexFunc(products, func(p projections.Product) bool { return p.ID.String() == got.GetId() })
	if i < 0 {
		t.Fatalf("%v was not known", got)
	}
	p := &products[i]
	want := &atlantv1.Product{
		Id: got.GetId(), Source: p.Source, Name: p.Name, Price: &atlantv1.Price{AmountMicros: p.Price.Micros, CurrencyCode: p.Price.Currency},
		PriceChanges: p.PriceChanges, FirstObservedAt: p.FirstObservedAt.Timestamp(),
	}
	if p.PriceChanges > 0 {
		want.PreviousPrice = &atlantv1.Price{AmountMicros: p.PreviousPrice.Micros, CurrencyCode: p.PreviousPrice.Currency}
		want.PriceChangedAt = p.PriceChangedAt().Timestamp()
	}
	if !proto.Equal(got, want) {
		t.Fatalf("got  %v\nwant %v", got, want)
	}
}

func TestListAsOfRefuses(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	fixture(t, store)
	client := clients(t, store)["grpc"]
	token := list(t, client, &atlantv1.ListRequest{PageSize: 1, AsOf: after(time.Hour)}).GetNextPageToken()
	for field, request := range map[string]*atlantv1.ListRequest{
		"as_of":         {AsOf: &timestamppb.Timestamp{Nanos: -1}},
		"as_of ":        {AsOf: &timestamppb.Timestamp{Seconds: 1 << 60}},
		"sort_by":       {AsOf: after(0), SortBy: atlantv1.SortBy_SORT_BY_PRICE_CHANGES},
		"sort_by ":      {AsOf: after(0), SortBy: atlantv1.SortBy_SORT_BY_FIRST_OBSERVED_AT},
		"changed_since": {AsOf: after(0), ChangedSince: after(0)},
		"total":         {AsOf: after(0), Total: true},
		"page_token":    {AsOf: after(time.Minute), PageToken: token},
		"page_token ":   {PageToken: token},
	} {
		_, err := client.List(t.Context(), connect.NewRequest(request))
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), strings.TrimSpace(field)) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for name, at := range map[string]*timestamppb.Timestamp{
		"before all": after(-time.Hour), "the year 1": {Seconds: -62_135_596_800}, "the epoch": {},
	} {
		for _, sort := range []atlantv1.SortBy{atlantv1.SortBy_SORT_BY_NAME, atlantv1.SortBy_SORT_BY_PRICE} {
			page := list(t, client, &atlantv1.ListRequest{AsOf: at, SortBy: sort})
			if len(page.GetProducts()) != 0 || page.GetNextPageToken() != "" {
				t.Errorf("%s: %v", name, page)
			}
		}
	}
	page := list(t, client, &atlantv1.ListRequest{AsOf: &timestamppb.Timestamp{Seconds: 253_402_300_799}, PageSize: 1000})
	if len(page.GetProducts()) != 60 {
		t.Errorf("the year 9999: %d products", len(page.GetProducts()))
	}
}
