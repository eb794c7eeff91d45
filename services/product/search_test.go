package product_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	names := []string{"Café Crème 250 g", "CAFE noir", "Kaffee", "红色手机壳", "Хлеб ржаной"}
	var log []events.Observation
	for i, name := range names {
		log = append(log, observe([]string{"default", "shop"}[i%2], name, int64(i)*1_000_000, 0))
	}
	project(t, store, 1, log...)
	for protocol, client := range clients(t, store) {
		for _, test := range []struct {
			request *atlantv1.ListRequest
			want    []string
		}{
			{&atlantv1.ListRequest{Query: "caf"}, names[:2:2]},
			{&atlantv1.ListRequest{Query: " CRÈME, cafe! "}, names[:1]},
			{&atlantv1.ListRequest{Query: "手机"}, names[3:4]},
			{&atlantv1.ListRequest{Query: "хле"}, names[4:]},
			{&atlantv1.ListRequest{Query: "affee"}, nil},
			{&atlantv1.ListRequest{Query: "caf", Source: "shop"}, names[1:2]},
			{&atlantv1.ListRequest{Query: "caf", MinPriceMicros: new(int64(1))}, names[1:2]},
		} {
			test.request.Total, test.request.PageSize = true, 10
			test.request.SortBy = atlantv1.SortBy_SORT_BY_PRICE
			response := list(t, client, test.request)
			var got []string
			for _, p := range response.GetProducts() {
				got = append(got, p.GetName())
			}
			if !slices.Equal(got, test.want) || response.GetTotalSize() != int64(len(test.want)) {
				t.Errorf("%s, %v: %d products: %q", protocol, test.request, response.GetTotalSize(), got)
			}
		}
	}
}

func TestSearchPages(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	products := fixture(t, store)
	client := clients(t, store)["connect"]
	request := &atlantv1.ListRequest{Query: "E PRO", PageSize: 7, SortBy: atlantv1.SortBy_SORT_BY_PRICE}
	if got := walk(t, client, request); !slices.Equal(got, selected(products, request)) {
		t.Errorf("got %v", got)
	}
	first := list(t, client, &atlantv1.ListRequest{Query: "pro", PageSize: 7})
	for query, code := range map[string]connect.Code{"PRO": 0, "prod": connect.CodeInvalidArgument, "": connect.CodeInvalidArgument} {
		request := &atlantv1.ListRequest{Query: query, PageToken: first.GetNextPageToken()}
		if _, err := client.List(t.Context(), connect.NewRequest(request)); err != nil != (code != 0) || err != nil && connect.CodeOf(err) != code {
			t.Errorf("the token of another query than %q: %v", query, err)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	t.Parallel()
	for protocol, client := range clients(t, newViews(t)) {
		for _, query := range []string{" ", "?!", "\u0301", "a b c d e f g h i j k l m n o p q", strings.Repeat("x", 257)} {
			_, err := client.List(t.Context(), connect.NewRequest(&atlantv1.ListRequest{Query: query}))
			if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "query") {
				t.Errorf("%s, %q: %v", protocol, query, err)
			}
		}
		_, err := client.List(t.Context(), connect.NewRequest(&atlantv1.ListRequest{Query: strings.Repeat("x", 256)}))
		if err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
	}
}
