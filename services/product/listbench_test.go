package product_test

import (
	"fmt"
	"testing"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/product"
)

// BenchmarkList reads a page of 50 by what it goes through on its way: the store alone, the service, and both of what a browser
// speaks, packed and not.
func BenchmarkList(b *testing.B) {
	views := newViews(b)
	log := make([]events.Observation, 10_000)
	for i := range log {
		log[i] = observe("default", fmt.Sprintf("Product %07d deluxe edition", i), int64(i*7919%10_000)*1_000_000, 0)
	}
	project(b, views, 1, log...)
	service := product.NewService(projections.Fixed{Views: views}, noLog{}, noLists{})
	request := func() *connect.Request[atlantv1.ListRequest] {
		return connect.NewRequest(&atlantv1.ListRequest{Source: "default", SortBy: atlantv1.SortBy_SORT_BY_PRICE, PageSize: 50})
	}
	first, err := service.List(b.Context(), request())
	wantNoError(b, err)
	token := first.Msg.GetNextPageToken()
	query := projections.ProductQuery{
		Filter: projections.ProductFilter{Source: "default"}, SortBy: projections.SortByPrice, Limit: 50,
		After: &projections.ProductCursor{Value: 50_000_000},
	}
	b.Run("through=store", func(b *testing.B) {
		for b.Loop() {
			page, err := views.ListProducts(b.Context(), query)
			wantNoError(b, err)
			if len(page) != 50 {
				b.Fatal(len(page))
			}
		}
	})
	b.Run("through=service", func(b *testing.B) {
		for b.Loop() {
			r := request()
			r.Msg.PageToken = token
			_, err := service.List(b.Context(), r)
			wantNoError(b, err)
		}
	})
	for protocol, client := range clientsOf(b, service) {
		b.Run("through="+protocol, func(b *testing.B) {
			for b.Loop() {
				r := request()
				r.Msg.PageToken = token
				_, err := client.List(b.Context(), r)
				wantNoError(b, err)
			}
		})
	}
}
