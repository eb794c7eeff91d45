package rpc_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/rpc"
)

func TestProducts(t *testing.T) {
	t.Parallel()
	const id = "01900000-0000-5000-8000-000000000001"
	unchanged := projections.Product{
		ID: uuid.MustParse(id), Source: "shop", Name: "tea", Price: events.Price{Micros: 1_250_000, Currency: "EUR"},
		PreviousPrice:   events.Price{Micros: 7}, // says nothing
		FirstObservedAt: -1, Written: events.Position{ObservedAt: -1}, Seen: events.Position{ObservedAt: 2_000_003},
	}
	changed := unchanged
	changed.PriceChanges, changed.PreviousPrice = 2, events.Price{Micros: 0, Currency: "USD"}
	changed.Written.ObservedAt = 1_000_000
	wantUnchanged := &atlantv1.Product{
		Id: id, Source: "shop", Name: "tea", Price: &atlantv1.Price{AmountMicros: 1_250_000, CurrencyCode: "EUR"},
		FirstObservedAt: &timestamppb.Timestamp{Seconds: -1, Nanos: 999_999_000},
		ObservedAt:      &timestamppb.Timestamp{Seconds: 2, Nanos: 3000},
	}
	wantChanged := proto.CloneOf(wantUnchanged)
	wantChanged.PriceChanges, wantChanged.PreviousPrice = 2, &atlantv1.Price{CurrencyCode: "USD"}
	wantChanged.PriceChangedAt = &timestamppb.Timestamp{Seconds: 1}

	in := []*projections.Product{&changed, &unchanged, &changed}
	got := rpc.Products(len(in), func(i int) *projections.Product { return in[i] })
	for i, want := range []*atlantv1.Product{wantChanged, wantUnchanged, wantChanged} {
		if !proto.Equal(got[i], want) {
			t.Errorf("product %d is\n%v, want\n%v", i, got[i], want)
		}
		proto.Reset(got[i].GetPrice()) // the others have their own
		proto.Reset(got[i].GetObservedAt())
	}
	if got := rpc.Product(&unchanged); !proto.Equal(got, wantUnchanged) {
		t.Errorf("one product is\n%v, want\n%v", got, wantUnchanged)
	}
	if got := rpc.Products(0, nil); len(got) != 0 {
		t.Errorf("no products are %v", got)
	}
}
