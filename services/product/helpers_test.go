package product_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/product"
	"github.com/atlant-log/atlant/services/rpc"
)

const shards = 2

// day is when the first fetch of the fixture was.
const day events.Micros = 1_760_000_000_000_000

func wantNoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code connect.Code) {
	t.Helper()
	if connect.CodeOf(err) != code || err == nil {
		t.Fatalf("got error %v, want %s", err, code)
	}
}

func newViews(t testing.TB) projections.Views {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	views, err := store.Live(t.Context())
	wantNoError(t, err)
	return views
}

// observe returns what a fetch saw; fetch n is n seconds after the first.
func observe(source, name string, micros int64, fetch int) events.Observation {
	id := uuid.MustParse("01900000-0000-7000-8000-000000000000")
	id[15] = byte(fetch)
	return events.Observation{
		Source: source, Name: name, Price: events.Price{Micros: micros, Currency: "EUR"}, Line: int64(fetch) + 2,
		Position: events.Position{ObservedAt: day + 1_000_000*events.Micros(fetch), Fetch: id},
	}
}

// project takes observations into the views as those of one message.
func project(t testing.TB, store projections.Views, sequence uint64, all ...events.Observation) {
	t.Helper()
	ids := make([]events.ProductID, len(all))
	for i := range all {
		ids[i] = all[i].ProductID()
		all[i].Place = events.LogPlace{Sequence: sequence}
	}
	known, err := store.Products(t.Context(), ids)
	wantNoError(t, err)
	checkpoint := projections.Checkpoint{Stream: events.PriceStream(0), Sequence: sequence}
	wantNoError(t, store.ApplyPrices(t.Context(), projections.FoldBatch(known, all), checkpoint))
}

// fixture fills a store with products of two sources that have ties in every sort value, and returns them.
func fixture(t testing.TB, store projections.Views) []projections.Product {
	t.Helper()
	var log []events.Observation
	for fetch := range 5 {
		for i := range 60 {
			if fetch < i%3 {
				continue // first seen later
			}
			source := []string{"default", "shop"}[i%2]
			log = append(log, observe(source, fmt.Sprintf("product %02d é", i/2), int64(i*fetch%(i%4+1))*1_000_000, fetch))
		}
	}
	project(t, store, uint64(len(log)), log...)
	delta := projections.FoldBatch(nil, log)
	return delta.New
}

// noLog is the log of a service that has no use for it.
type noLog struct{ product.Log }

func (noLog) Shards() int { return shards }

// LastSequence implements events.Source: no position is beyond the end.
func (noLog) LastSequence(context.Context, events.Stream) (uint64, error) { return math.MaxUint64, nil }

// noLists keeps no lists.
type noLists struct{}

func (noLists) RawRow(context.Context, *atlantv1.Fetch, int64) (string, error) { return "", nil }

// clients returns a client of a service on these views for each protocol.
func clients(t testing.TB, views projections.Views) map[string]atlantv1connect.ProductServiceClient {
	t.Helper()
	return clientsOn(t, views, noLog{}, noLists{})
}

// clientsOn is clients of a service that has a log.
func clientsOn(
	t testing.TB, views projections.Views, log product.Log, lists product.Lists,
) map[string]atlantv1connect.ProductServiceClient {
	t.Helper()
	return clientsOf(t, product.NewService(projections.Fixed{Views: views}, log, lists))
}

// clientsOf returns a client of a service for each protocol. Its watchers hear soon how far they are, also where nothing
// changes. At the end of the test the service is closed.
func clientsOf(t testing.TB, service *product.Service) map[string]atlantv1connect.ProductServiceClient {
	t.Helper()
	service.SetHeartbeat(100 * time.Millisecond)
	srv := httptest.NewUnstartedServer(rpc.NewHandler(nil, rpc.Mount(atlantv1connect.ProductServiceName)(
		atlantv1connect.NewProductServiceHandler(service, rpc.Options(slog.New(slog.DiscardHandler))...))))
	var both, only2 http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	only2.SetUnencryptedHTTP2(true)
	srv.Config.Protocols = &both
	srv.Start()
	transport := &http.Transport{Protocols: &only2}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		service.Close()
		srv.Close()
	})
	http1, http2 := srv.Client(), &http.Client{Transport: transport}
	return map[string]atlantv1connect.ProductServiceClient{
		"connect":  atlantv1connect.NewProductServiceClient(http1, srv.URL),
		"get":      atlantv1connect.NewProductServiceClient(http1, srv.URL, connect.WithHTTPGet()),
		"json":     atlantv1connect.NewProductServiceClient(http2, srv.URL, connect.WithProtoJSON()),
		"grpc":     atlantv1connect.NewProductServiceClient(http2, srv.URL, connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewProductServiceClient(http1, srv.URL, connect.WithGRPCWeb()),
	}
}

func list(t testing.TB, client atlantv1connect.ProductServiceClient, request *atlantv1.ListRequest) *atlantv1.ListResponse {
	t.Helper()
	response, err := client.List(t.Context(), connect.NewRequest(request))
	if err != nil {
		t.Fatalf("list %v: %v", request, err)
	}
	return response.Msg
}

// walk returns the ids of all pages of a list.
func walk(t testing.TB, client atlantv1connect.ProductServiceClient, request *atlantv1.ListRequest) []string {
	t.Helper()
	var ids []string
	for {
		page := list(t, client, request)
		for _, p := range page.GetProducts() {
			ids = append(ids, p.GetId())
		}
		size := cmp.Or(int(request.GetPageSize()), rpc.DefaultPageSize)
		if len(page.GetProducts()) > size || page.GetNextPageToken() != "" && len(page.GetProducts()) != size {
			t.Fatalf("%v: a page of %d, next is %q", request, len(page.GetProducts()), page.GetNextPageToken())
		}
		if page.GetNextPageToken() == "" {
			return ids
		}
		request.PageToken = page.GetNextPageToken()
	}
}

// selected does in memory what List does.
func selected(products []projections.Product, request *atlantv1.ListRequest) []string {
	less := map[atlantv1.SortBy]func(p, q *projections.Product) int{
		atlantv1.SortBy_SORT_BY_PRICE:         func(p, q *projections.Product) int { return cmp.Compare(p.Price.Micros, q.Price.Micros) },
		atlantv1.SortBy_SORT_BY_PRICE_CHANGES: func(p, q *projections.Product) int { return cmp.Compare(p.PriceChanges, q.PriceChanges) },
		atlantv1.SortBy_SORT_BY_PRICE_CHANGED_AT: func(p, q *projections.Product) int {
			return cmp.Compare(p.PriceChangedAt(), q.PriceChangedAt())
		},
		atlantv1.SortBy_SORT_BY_FIRST_OBSERVED_AT: func(p, q *projections.Product) int {
			return cmp.Compare(p.FirstObservedAt, q.FirstObservedAt)
		},
	}[request.GetSortBy()]
	if less == nil {
		less = func(p, q *projections.Product) int { return cmp.Compare(p.Name, q.Name) }
	}
	products = slices.DeleteFunc(slices.Clone(products), func(p projections.Product) bool {
		since := request.GetChangedSince()
		return request.GetSource() != "" && p.Source != request.GetSource() ||
			request.MinPriceMicros != nil && p.Price.Micros < request.GetMinPriceMicros() ||
			request.MaxPriceMicros != nil && p.Price.Micros > request.GetMaxPriceMicros() ||
			since != nil && (p.PriceChanges == 0 || p.PriceChangedAt().Timestamp().AsTime().Before(since.AsTime()))
	})
	slices.SortFunc(products, func(p, q projections.Product) int {
		order := cmp.Or(less(&p, &q), cmp.Compare(p.Name, q.Name), slices.Compare(p.ID[:], q.ID[:]))
		if request.GetDescending() {
			return -order
		}
		return order
	})
	var ids []string
	for i := range products {
		ids = append(ids, products[i].ID.String())
	}
	return ids
}
