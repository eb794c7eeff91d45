package blackbox_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// micros orders times; one that is absent comes before all others.
func micros(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return -1
	}
	return t.AsTime().UnixMicro()
}

// comparisons are what a list sorted by each field must be in order of, ties apart.
var comparisons = map[atlantv1.SortBy]func(a, b *atlantv1.Product) int{
	atlantv1.SortBy_SORT_BY_UNSPECIFIED: func(a, b *atlantv1.Product) int { return strings.Compare(a.GetName(), b.GetName()) },
	atlantv1.SortBy_SORT_BY_NAME:        func(a, b *atlantv1.Product) int { return strings.Compare(a.GetName(), b.GetName()) },
	atlantv1.SortBy_SORT_BY_PRICE: func(a, b *atlantv1.Product) int {
		return cmp.Compare(a.GetPrice().GetAmountMicros(), b.GetPrice().GetAmountMicros())
	},
	atlantv1.SortBy_SORT_BY_PRICE_CHANGES: func(a, b *atlantv1.Product) int {
		return cmp.Compare(a.GetPriceChanges(), b.GetPriceChanges())
	},
	atlantv1.SortBy_SORT_BY_PRICE_CHANGED_AT: func(a, b *atlantv1.Product) int {
		return cmp.Compare(micros(a.GetPriceChangedAt()), micros(b.GetPriceChangedAt()))
	},
	atlantv1.SortBy_SORT_BY_FIRST_OBSERVED_AT: func(a, b *atlantv1.Product) int {
		return cmp.Compare(micros(a.GetFirstObservedAt()), micros(b.GetFirstObservedAt()))
	},
}

// expectOrders walks the lists by each field, in both directions, page by page.
func expectOrders(t *testing.T, m *market) {
	t.Helper()
	for sortBy := range atlantv1.SortBy_name {
		for _, descending := range []bool{false, true} {
			request := &atlantv1.ListRequest{SortBy: atlantv1.SortBy(sortBy), Descending: descending, Source: "main", PageSize: 7}
			m.expectOrder(t, request, names)
			request.Source, request.PageSize = "", 61
			m.expectOrder(t, request, names+100)
		}
	}
}

func (m *market) expectOrder(tb testing.TB, request *atlantv1.ListRequest, want int) {
	tb.Helper()
	got, pages := m.walk(tb, request)
	if size := int(request.GetPageSize()); len(got) != want || pages != (want+size-1)/size {
		tb.Errorf("got %d products on %d pages, want %d on pages of %d", len(got), pages, want, size)
	}
	m.model.expectProducts(tb, got, func(p *atlantv1.Product) bool {
		return request.GetSource() == "" || p.GetSource() == request.GetSource()
	})
	compare := comparisons[request.GetSortBy()]
	ordered := slices.IsSortedFunc(got, func(a, b *atlantv1.Product) int {
		order := cmp.Or(compare(a, b), strings.Compare(a.GetName(), b.GetName()), strings.Compare(a.GetId(), b.GetId()))
		if request.GetDescending() {
			return -order
		}
		return order
	})
	if !ordered {
		tb.Errorf("%v: not in order", request)
	}
}

// expectFilters compares filtered lists with what passes the filter in the model, under each order.
func expectFilters(t *testing.T, m *market) {
	t.Helper()
	since := m.now.Add(-4 * time.Hour)
	between := func(p *atlantv1.Product, low, high int64) bool {
		return p.GetPrice().GetAmountMicros() >= low && p.GetPrice().GetAmountMicros() <= high
	}
	for name, c := range map[string]struct {
		request *atlantv1.ListRequest
		passes  func(*atlantv1.Product) bool
	}{
		"source":  {&atlantv1.ListRequest{Source: "other"}, ofSource("other")},
		"nothing": {&atlantv1.ListRequest{Source: "nobody"}, ofSource("nobody")},
		"prices": {
			&atlantv1.ListRequest{MinPriceMicros: proto.Int64(500_000), MaxPriceMicros: proto.Int64(1_000_000)},
			func(p *atlantv1.Product) bool { return between(p, 500_000, 1_000_000) },
		},
		"free": {&atlantv1.ListRequest{MaxPriceMicros: proto.Int64(0)}, func(p *atlantv1.Product) bool { return between(p, 0, 0) }},
		"changed": {&atlantv1.ListRequest{ChangedSince: stamp(since)}, func(p *atlantv1.Product) bool {
			return p.GetPriceChangedAt() != nil && !p.GetPriceChangedAt().AsTime().Before(since)
		}},
	} {
		for sortBy := range atlantv1.SortBy_name {
			request := proto.CloneOf(c.request)
			request.SortBy, request.PageSize = atlantv1.SortBy(sortBy), 100
			got, _ := m.walk(t, request)
			m.model.expectProducts(t, got, c.passes)
			request.Total = true
			if total := call(t, m.products.List, request).GetTotalSize(); total != int64(len(got)) {
				t.Errorf("%s: counted %d, listed %d", name, total, len(got))
			}
		}
	}
}

// expectTokens: a page token is good for its own query only.
func expectTokens(t *testing.T, m *market) {
	t.Helper()
	request := &atlantv1.ListRequest{PageSize: 7}
	token := call(t, m.products.List, request).GetNextPageToken()
	for _, foreign := range []*atlantv1.ListRequest{
		{SortBy: atlantv1.SortBy_SORT_BY_PRICE},
		{Descending: true},
		{Source: "main"},
		{MinPriceMicros: proto.Int64(0)},
		{MaxPriceMicros: proto.Int64(5)},
		{ChangedSince: stamp(m.now)},
	} {
		foreign.PageToken = token
		refuse(t, m.products.List, foreign, connect.CodeInvalidArgument, "page_token")
	}
	for _, bad := range []string{"?", "AAAA", token[:len(token)-3], token + token} {
		refuse(t, m.products.List, &atlantv1.ListRequest{PageToken: bad}, connect.CodeInvalidArgument, "page_token")
		refuse(t, m.fetches.ListFetches, &atlantv1.ListFetchesRequest{PageToken: bad}, connect.CodeInvalidArgument, "page_token")
	}
	refuse(t, m.fetches.ListFetches, &atlantv1.ListFetchesRequest{PageToken: token}, connect.CodeInvalidArgument, "page_token")
	refuse(t, m.fetches.ListRejects, &atlantv1.ListRejectsRequest{Id: m.last.GetId(), PageToken: token}, connect.CodeInvalidArgument, "page_token")
	id := call(t, m.products.List, request).GetProducts()[0].GetId()
	refuse(t, m.products.ListChanges, &atlantv1.ListChangesRequest{ProductId: id, PageToken: token}, connect.CodeInvalidArgument, "page_token")
	// The page size may differ, and the default is the same query as the sort it stands for.
	other := &atlantv1.ListRequest{PageToken: token, PageSize: 11, SortBy: atlantv1.SortBy_SORT_BY_NAME}
	if got := len(call(t, m.products.List, other).GetProducts()); got != 11 {
		t.Errorf("got %d products", got)
	}
}
