package product_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/product"
)

// Whatever is written meanwhile, a walk meets each product once, where it was at the first page, and shows what it costs now.
func TestListWhileItIsWritten(t *testing.T) {
	t.Parallel()
	for sort := range atlantv1.SortBy_name {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/descending=%t", atlantv1.SortBy(sort), descending), func(t *testing.T) {
				t.Parallel()
				store := newViews(t)
				products := fixture(t, store)
				client := clients(t, store)["grpc"]
				request := &atlantv1.ListRequest{PageSize: 7, SortBy: atlantv1.SortBy(sort), Descending: descending}
				want := selected(products, request)
				var got []string
				for n := 0; ; n++ {
					page := list(t, client, request)
					for _, p := range page.GetProducts() {
						if slices.Contains(want, p.GetId()) {
							got = append(got, p.GetId())
						}
						now, err := store.GetProduct(t.Context(), uuid.MustParse(p.GetId()))
						wantNoError(t, err)
						if now.Price.Micros != p.GetPrice().GetAmountMicros() || now.PriceChanges != p.GetPriceChanges() {
							t.Errorf("shown is %v, stored %+v", p, now)
						}
					}
					if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
						break
					}
					var changed []events.Observation
					for i := n % 3; i < len(products); i += 3 {
						p := &products[i]
						changed = append(changed, observe(p.Source, p.Name, (p.Price.Micros*7+int64(n)*100_003)%9_000_000, 10+n))
					}
					changed = append(changed, observe("default", fmt.Sprintf("product 0%d new", n), 1, 10+n))
					project(t, store, uint64(1000+n), changed...)
				}
				if !slices.Equal(got, want) {
					t.Errorf("got  %v\nwant %v", got, want)
				}
			})
		}
	}
}

// Walks that begin at the same position share what they know of the products that have moved since.
func TestListTogetherWhileItIsWritten(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	products := fixture(t, store)
	client := clients(t, store)["connect"]
	want := selected(products, &atlantv1.ListRequest{})
	first := list(t, client, &atlantv1.ListRequest{PageSize: 1})
	var walking, writing sync.WaitGroup
	var walked atomic.Bool
	for n := range 8 {
		walking.Go(func() {
			for range 5 {
				request := &atlantv1.ListRequest{PageSize: int32(1 + n), PageToken: first.GetNextPageToken()}
				if got := append(ids(first), walk(t, client, request)...); !slices.Equal(got, want) {
					t.Errorf("got  %v\nwant %v", got, want)
				}
			}
		})
	}
	writing.Go(func() {
		for n := 0; !walked.Load(); n++ {
			p := &products[n%len(products)]
			project(t, store, uint64(1000+n), observe(p.Source, p.Name, int64(n), 10))
		}
	})
	walking.Wait()
	walked.Store(true)
	writing.Wait()
}

// A rebuild may make another generation live between two pages, which has not taken in all yet.
func TestListAcrossASwitch(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { wantNoError(t, store.Close()) })
	generation := func(number int64) projections.Views {
		views, err := store.Views(t.Context(), number)
		wantNoError(t, err)
		wantNoError(t, views.BuildIndexes(t.Context()))
		return views
	}
	first, second := generation(1), generation(2)
	products := fixture(t, first)
	fixture(t, second)
	client := clientsOf(t, product.NewService(store, noLog{}, noLists{}))["connect"]
	moved := observe(products[3].Source, products[3].Name, 8_000_000, 20)
	project(t, first, 100, moved)

	request := &atlantv1.ListRequest{PageSize: 10, SortBy: atlantv1.SortBy_SORT_BY_PRICE}
	page := list(t, client, request)
	want := walk(t, client, &atlantv1.ListRequest{PageSize: 1000, SortBy: atlantv1.SortBy_SORT_BY_PRICE})
	got := ids(page)
	project(t, first, 101, observe(products[4].Source, products[4].Name, 8_500_000, 21))
	now, err := store.Generations(t.Context())
	wantNoError(t, err)
	wantNoError(t, store.SetGenerations(t.Context(), now, projections.Generations{Live: 2, Previous: 1, Last: 2}))
	waiting := make(chan []string)
	go func() {
		request.PageToken = page.GetNextPageToken()
		waiting <- walk(t, client, request)
	}()
	project(t, second, 100, moved)
	got = append(got, <-waiting...)
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func ids(page *atlantv1.ListResponse) []string {
	var all []string
	for _, p := range page.GetProducts() {
		all = append(all, p.GetId())
	}
	return all
}

// A walk that began too long ago has to begin again.
func TestListStale(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	products := fixture(t, store)
	client := clients(t, store)["connect"]
	byPrice := func(token string) *atlantv1.ListRequest {
		return &atlantv1.ListRequest{SortBy: atlantv1.SortBy_SORT_BY_PRICE, PageSize: 5, PageToken: token}
	}
	token := list(t, client, byPrice("")).GetNextPageToken()
	byName := list(t, client, &atlantv1.ListRequest{PageSize: 5}).GetNextPageToken()
	const many = 110_000
	changes := make([]projections.Change, many)
	for i := range changes {
		changes[i] = projections.Change{
			ProductID: products[0].ID, Number: products[0].PriceChanges + int64(i) + 1, Place: events.LogPlace{Sequence: uint64(1000 + i)},
			At: events.Position{ObservedAt: day + 1_000_000_000 + events.Micros(i)},
		}
	}
	for chunk := range slices.Chunk(changes, 10_000) {
		wantNoError(t, store.InsertPrices(t.Context(), nil, chunk))
	}
	wantNoError(t, store.ApplyPrices(t.Context(), projections.Delta{}, projections.Checkpoint{Stream: events.PriceStream(0), Sequence: 1000 + many}))
	for range 2 {
		_, err := client.List(t.Context(), connect.NewRequest(byPrice(token)))
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "page_token") || !strings.Contains(err.Error(), "start again") {
			t.Errorf("got error %v", err)
		}
	}
	list(t, client, byPrice(""))
	list(t, client, &atlantv1.ListRequest{PageSize: 5, PageToken: byName}) // which no price disturbs
}

// What a client makes of a token is refused, or leads somewhere in the list; it never does harm.
func TestListForgedTokens(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	fixture(t, store)
	client := clients(t, store)["connect"]
	token := list(t, client, &atlantv1.ListRequest{PageSize: 5}).GetNextPageToken()
	forged := func(field string, value any) *atlantv1.ListRequest {
		data, err := base64.RawURLEncoding.DecodeString(token)
		wantNoError(t, err)
		var whole map[string]any
		wantNoError(t, json.Unmarshal(data, &whole))
		if cursor := whole["c"].(map[string]any); value == nil {
			delete(cursor, field)
		} else {
			cursor[field] = value
		}
		data, err = json.Marshal(whole)
		wantNoError(t, err)
		return &atlantv1.ListRequest{PageToken: base64.RawURLEncoding.EncodeToString(data)}
	}
	for name, request := range map[string]*atlantv1.ListRequest{
		"no beginning":            forged("b", nil),
		"beginning of nonsense":   forged("b", "!!"),
		"beginning of no shard":   forged("b", ""),
		"beginning of one shard":  forged("b", events.LogPosition{0: 1}.String()),
		"beginning of no shards":  forged("b", events.LogPosition{7: 1}.String()),
		"beginning of three":      forged("b", events.LogPosition{0: 1, 1: 1, 2: 1}.String()),
		"beginning of a number":   forged("b", 3),
		"value of text":           forged("v", "x"),
		"value out of range":      forged("v", 1e300),
		"name of a number":        forged("n", 7),
		"name longer than any is": forged("n", strings.Repeat("x", events.MaxNameBytes+1)),
		"id of nonsense":          forged("i", "x"),
	} {
		_, err := client.List(t.Context(), connect.NewRequest(request))
		if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "page_token") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	for name, request := range map[string]*atlantv1.ListRequest{
		"value of another sort": forged("v", -1<<62),
		"name with a NUL":       forged("n", "a\x00b"),
		"name of bad UTF-8":     forged("n", "\xff\xfe"),
		"from the very start":   forged("b", events.LogPosition{0: 0, 1: 0}.String()),
	} {
		if _, err := client.List(t.Context(), connect.NewRequest(request)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Position says how far the views were, at least, when the page was read.
func TestListPosition(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	for protocol, client := range clients(t, store) {
		before := list(t, client, &atlantv1.ListRequest{}).GetPosition()
		position, err := events.ParseLogPosition(before, shards)
		wantNoError(t, err)
		next := position[0] + 1
		project(t, store, next, observe("default", "x", 1, 0))
		want := events.LogPosition{0: next, 1: 0}.String()
		if got := list(t, client, &atlantv1.ListRequest{}).GetPosition(); got != want || before == "" {
			t.Errorf("%s: %q, then %q, not %q", protocol, before, got, want)
		}
		list(t, client, &atlantv1.ListRequest{Position: want})
	}
}
