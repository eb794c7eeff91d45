package product_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

func TestGet(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 4, observe("default", "Café x", 1, 0), observe("shop", "Café x", 5, 0),
		observe("default", "Café x", 2, 1), observe("default", "Café x", 2, 2))
	id := events.NewProductID("default", "Café x").String()
	changed := &atlantv1.Product{
		Id: id, Source: "default", Name: "Café x", Price: &atlantv1.Price{AmountMicros: 2, CurrencyCode: "EUR"},
		PreviousPrice: &atlantv1.Price{AmountMicros: 1, CurrencyCode: "EUR"}, PriceChanges: 1,
		FirstObservedAt: day.Timestamp(), PriceChangedAt: (day + 1_000_000).Timestamp(), ObservedAt: (day + 2_000_000).Timestamp(),
	}
	never := &atlantv1.Product{
		Id: events.NewProductID("shop", "Café x").String(), Source: "shop", Name: "Café x",
		Price:           &atlantv1.Price{AmountMicros: 5, CurrencyCode: "EUR"},
		FirstObservedAt: day.Timestamp(), ObservedAt: day.Timestamp(),
	}
	for protocol, client := range clients(t, store) {
		for name, test := range map[string]struct {
			request *atlantv1.GetRequest
			want    *atlantv1.Product
		}{
			"id":                        {&atlantv1.GetRequest{Id: id}, changed},
			"id in capitals":            {&atlantv1.GetRequest{Id: strings.ToUpper(id)}, changed},
			"name":                      {&atlantv1.GetRequest{Name: "Café x"}, changed},
			"source and name":           {&atlantv1.GetRequest{Source: "default", Name: "Café x"}, changed},
			"another source":            {&atlantv1.GetRequest{Source: "shop", Name: "Café x"}, never},
			"name as it is in the list": {&atlantv1.GetRequest{Name: " Cafe\u0301\u00a0 x\t"}, changed},
		} {
			response, err := client.Get(t.Context(), connect.NewRequest(test.request))
			if err != nil || !proto.Equal(response.Msg.GetProduct(), test.want) {
				t.Errorf("%s, %s: %v, %v; want %v", protocol, name, response, err, test.want)
			}
		}
	}
}

func TestGetStatistics(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 1, observe("default", "x", 4, 0), observe("default", "once", 7, 3), observe("default", "x", 8, 1),
		observe("default", "x", 6, 5), observe("default", "x", 6, 20))
	micros := func(n int64) *atlantv1.Price { return &atlantv1.Price{AmountMicros: n, CurrencyCode: "EUR"} }
	after := func(seconds events.Micros) *timestamppb.Timestamp { return (day + seconds*1_000_000).Timestamp() }
	for protocol, client := range clients(t, store) {
		for name, want := range map[string]*atlantv1.PriceStatistics{
			"x": {
				Lowest: micros(4), LowestAt: after(0), Highest: micros(8), HighestAt: after(1), Median: micros(6), Prior_30Days: micros(4),
				VolatilityPpm: 883_883, // of +100 % and -25 %
			},
			"once": {Lowest: micros(7), LowestAt: after(3), Highest: micros(7), HighestAt: after(3), Median: micros(7)},
		} {
			response, err := client.Get(t.Context(), connect.NewRequest(&atlantv1.GetRequest{Name: name}))
			if err != nil || !proto.Equal(response.Msg.GetStatistics(), want) {
				t.Errorf("%s, %s: %v, %v; want %v", protocol, name, response, err, want)
			}
		}
	}
}

func TestGetRefuses(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 1, observe("default", "x", 1, 0))
	id := events.NewProductID("default", "x").String()
	for protocol, client := range clients(t, store) {
		for name, test := range map[string]struct {
			request *atlantv1.GetRequest
			code    connect.Code
			says    string
		}{
			"unknown id":      {&atlantv1.GetRequest{Id: "00000000-0000-5000-8000-000000000000"}, connect.CodeNotFound, "00000000-0000-5000-8000-000000000000"},
			"unknown name":    {&atlantv1.GetRequest{Name: "y"}, connect.CodeNotFound, `"y" in source "default"`},
			"unknown source":  {&atlantv1.GetRequest{Source: "shop", Name: "x"}, connect.CodeNotFound, `"x" in source "shop"`},
			"nothing":         {&atlantv1.GetRequest{}, connect.CodeInvalidArgument, "id"},
			"source only":     {&atlantv1.GetRequest{Source: "default"}, connect.CodeInvalidArgument, "id"},
			"id and name":     {&atlantv1.GetRequest{Id: id, Name: "x"}, connect.CodeInvalidArgument, "id"},
			"no id":           {&atlantv1.GetRequest{Id: "x"}, connect.CodeInvalidArgument, "id"},
			"blank name":      {&atlantv1.GetRequest{Name: " \t"}, connect.CodeInvalidArgument, "name"},
			"name too long":   {&atlantv1.GetRequest{Name: strings.Repeat("x", 1025)}, connect.CodeInvalidArgument, "name"},
			"much too long":   {&atlantv1.GetRequest{Name: strings.Repeat("x", 4097)}, connect.CodeInvalidArgument, "name"},
			"name of control": {&atlantv1.GetRequest{Name: "a\x00b"}, connect.CodeInvalidArgument, "name"},
		} {
			_, err := client.Get(t.Context(), connect.NewRequest(test.request))
			if connect.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s, %s: %v", protocol, name, err)
			}
		}
	}
}

// walkChanges returns all changes of a product.
func walkChanges(t testing.TB, client atlantv1connect.ProductServiceClient, request *atlantv1.ListChangesRequest) []*atlantv1.Change {
	t.Helper()
	var all []*atlantv1.Change
	for {
		response, err := client.ListChanges(t.Context(), connect.NewRequest(request))
		wantNoError(t, err)
		all = append(all, response.Msg.GetChanges()...)
		if request.PageToken = response.Msg.GetNextPageToken(); request.GetPageToken() == "" {
			return all
		}
	}
}

func TestListChanges(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	var log []events.Observation
	var want []*atlantv1.Change
	for fetch := range 61 {
		o := observe("default", "x", int64(fetch), fetch)
		log = append(log, o, observe("default", "another", int64(fetch%2), fetch))
		if fetch > 0 {
			want = append(want, &atlantv1.Change{
				ProductId: o.ProductID().String(), Price: &atlantv1.Price{AmountMicros: int64(fetch), CurrencyCode: "EUR"},
				PreviousPrice: &atlantv1.Price{AmountMicros: int64(fetch) - 1, CurrencyCode: "EUR"},
				ObservedAt:    o.Position.ObservedAt.Timestamp(), FetchId: o.Position.Fetch.String(), Line: o.Line,
			})
		}
	}
	project(t, store, 1, log...)
	backward := slices.Clone(want)
	slices.Reverse(backward)
	equal := func(a, b []*atlantv1.Change) bool {
		return slices.EqualFunc(a, b, func(a, b *atlantv1.Change) bool { return proto.Equal(a, b) })
	}
	for protocol, client := range clients(t, store) {
		for _, size := range []int32{0, 19, 59, 60, 61} {
			request := &atlantv1.ListChangesRequest{ProductId: want[0].GetProductId(), PageSize: size}
			if got := walkChanges(t, client, request); !equal(got, backward) {
				t.Errorf("%s, page size %d, newest first: %v", protocol, size, got)
			}
			request.Ascending = true
			if got := walkChanges(t, client, request); !equal(got, want) {
				t.Errorf("%s, page size %d, oldest first: %v", protocol, size, got)
			}
		}
	}
}

func TestListChangesOfNone(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 1, observe("default", "x", 1, 0))
	for protocol, client := range clients(t, store) {
		known := &atlantv1.ListChangesRequest{ProductId: events.NewProductID("default", "x").String()}
		if got := walkChanges(t, client, known); len(got) != 0 {
			t.Errorf("%s: %v", protocol, got)
		}
		for id, code := range map[string]connect.Code{
			events.NewProductID("default", "y").String(): connect.CodeNotFound, "": connect.CodeInvalidArgument, "x": connect.CodeInvalidArgument,
		} {
			_, err := client.ListChanges(t.Context(), connect.NewRequest(&atlantv1.ListChangesRequest{ProductId: id}))
			wantCode(t, err, code)
		}
	}
}

func TestListChangesTokens(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	var log []events.Observation
	for fetch := range 5 {
		log = append(log, observe("default", "x", int64(fetch), fetch), observe("default", "y", int64(fetch), fetch))
	}
	project(t, store, 1, log...)
	client := clients(t, store)["connect"]
	x, y := log[0].ProductID().String(), log[1].ProductID().String()
	first, err := client.ListChanges(t.Context(), connect.NewRequest(&atlantv1.ListChangesRequest{ProductId: x, PageSize: 2}))
	wantNoError(t, err)
	token := first.Msg.GetNextPageToken()
	_, err = client.ListChanges(t.Context(), connect.NewRequest(&atlantv1.ListChangesRequest{ProductId: x, PageSize: 1, PageToken: token}))
	wantNoError(t, err)
	products := list(t, client, &atlantv1.ListRequest{PageSize: 1}).GetNextPageToken()
	for name, request := range map[string]*atlantv1.ListChangesRequest{
		"other product":   {ProductId: y, PageToken: token},
		"other direction": {ProductId: x, PageToken: token, Ascending: true},
		"of another list": {ProductId: x, PageToken: products},
		"damaged":         {ProductId: x, PageToken: token[:len(token)-3]},
	} {
		_, err := client.ListChanges(t.Context(), connect.NewRequest(request))
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "page_token") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A store that is gone is nothing that a client should read about.
func TestBrokenStore(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	project(t, store, 1, observe("default", "x", 1, 0))
	all := clients(t, broken{store})
	for protocol, client := range all {
		_, err := client.List(t.Context(), connect.NewRequest(&atlantv1.ListRequest{}))
		wantInternal(t, protocol, err)
		_, err = client.Get(t.Context(), connect.NewRequest(&atlantv1.GetRequest{Name: "x"}))
		wantInternal(t, protocol, err)
		_, err = client.List(t.Context(), connect.NewRequest(&atlantv1.ListRequest{Position: events.LogPosition{0: 1}.String()}))
		wantInternal(t, protocol, err)
		_, err = client.ListChanges(t.Context(), connect.NewRequest(&atlantv1.ListChangesRequest{ProductId: events.NewProductID("default", "x").String()}))
		wantInternal(t, protocol, err)
	}
}

func wantInternal(t testing.TB, protocol string, err error) {
	t.Helper()
	if connect.CodeOf(err) != connect.CodeInternal || strings.Contains(err.Error(), errBroken.Error()) {
		t.Errorf("%s: %v", protocol, err)
	}
}
