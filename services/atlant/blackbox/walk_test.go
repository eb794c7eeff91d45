package blackbox_test

import (
	"maps"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// walk reads a list of products to its end and returns them with the number of pages.
func (a api) walk(tb testing.TB, request *atlantv1.ListRequest) (all []*atlantv1.Product, pages int) {
	tb.Helper()
	request = proto.CloneOf(request)
	for {
		page := call(tb, a.products.List, request)
		if n := len(page.GetProducts()); n > int(request.GetPageSize()) {
			tb.Fatalf("a page of %d holds %d", request.GetPageSize(), n)
		}
		all = append(all, page.GetProducts()...)
		pages++
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all, pages
		}
	}
}

// changes reads all changes of a product.
func (a api) changes(tb testing.TB, id string, size int32, ascending bool) []*atlantv1.Change {
	tb.Helper()
	var all []*atlantv1.Change
	request := &atlantv1.ListChangesRequest{ProductId: id, PageSize: size, Ascending: ascending}
	for {
		page := call(tb, a.products.ListChanges, request)
		all = append(all, page.GetChanges()...)
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all
		}
	}
}

// allFetches reads all fetches, the newest first.
func (a api) allFetches(tb testing.TB, size int32, source string) []*atlantv1.Fetch {
	tb.Helper()
	var all []*atlantv1.Fetch
	request := &atlantv1.ListFetchesRequest{PageSize: size, Source: source}
	for {
		page := call(tb, a.fetches.ListFetches, request)
		all = append(all, page.GetFetches()...)
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all
		}
	}
}

// rejects reads all rejects of a fetch.
func (a api) rejects(tb testing.TB, id string, size int32) []*atlantv1.Reject {
	tb.Helper()
	var all []*atlantv1.Reject
	request := &atlantv1.ListRejectsRequest{Id: id, PageSize: size}
	for {
		page := call(tb, a.fetches.ListRejects, request)
		all = append(all, page.GetRejects()...)
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return all
		}
	}
}

const largestPage = 1000

// dump is all that Atlant tells of what it knows.
type dump struct {
	Products []*atlantv1.Product           // by name
	Changes  map[string][]*atlantv1.Change // by product id, the oldest first; of products that changed
	Fetches  []*atlantv1.Fetch             // the newest first
	Rejects  map[string][]*atlantv1.Reject // by fetch id
}

func (a api) dump(tb testing.TB) dump {
	tb.Helper()
	products, _ := a.walk(tb, &atlantv1.ListRequest{PageSize: largestPage})
	d := dump{Products: products, Changes: a.allChanges(tb, products), Rejects: map[string][]*atlantv1.Reject{}}
	d.Fetches = a.allFetches(tb, largestPage, "")
	for _, f := range d.Fetches {
		if f.GetRejected() > 0 {
			d.Rejects[f.GetId()] = a.rejects(tb, f.GetId(), largestPage)
		}
	}
	return d
}

func (d dump) expectSame(tb testing.TB, want dump) {
	tb.Helper()
	expectSame(tb, want.Products, d.Products)
	expectSame(tb, want.Fetches, d.Fetches)
	for _, f := range want.Fetches {
		expectSame(tb, want.Rejects[f.GetId()], d.Rejects[f.GetId()])
	}
	for _, p := range want.Products {
		expectSame(tb, want.Changes[p.GetId()], d.Changes[p.GetId()])
	}
	if len(d.Changes) != len(want.Changes) || len(d.Rejects) != len(want.Rejects) {
		tb.Errorf("got %d products with changes and %d fetches with rejects, want %d and %d",
			len(d.Changes), len(d.Rejects), len(want.Changes), len(want.Rejects))
	}
}

// expectSame compares messages one by one; to work out a difference of thousands of them takes long.
func expectSame[M proto.Message](tb testing.TB, want, got []M) {
	tb.Helper()
	if len(got) != len(want) {
		tb.Errorf("got %d, want %d of %T", len(got), len(want), want)
		return
	}
	for i := range want {
		if !proto.Equal(want[i], got[i]) {
			tb.Errorf("(-want +got)\n%s", cmp.Diff(want[i], got[i], protocmp.Transform()))
		}
	}
}

// allChanges asks for the changes of each product that changed, a few products at a time.
func (a api) allChanges(tb testing.TB, products []*atlantv1.Product) map[string][]*atlantv1.Change {
	tb.Helper()
	const askers = 4
	parts := make([]map[string][]*atlantv1.Change, askers)
	var asking sync.WaitGroup
	for n := range askers {
		parts[n] = map[string][]*atlantv1.Change{}
		asking.Go(func() {
			for i := n; i < len(products); i += askers {
				if p := products[i]; p.GetPriceChanges() > 0 {
					parts[n][p.GetId()] = a.changes(tb, p.GetId(), largestPage, true)
				}
			}
		})
	}
	asking.Wait()
	for _, part := range parts[1:] {
		maps.Copy(parts[0], part)
	}
	return parts[0]
}
