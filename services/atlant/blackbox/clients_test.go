package blackbox_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// However many clients ask for lists of one source at once, none of what they bring comes too late to count.
func TestManyClientsOfOneSource(t *testing.T) {
	t.Parallel()
	const clients, lists = 10, 30
	shop, atlant := newShop(t), startOpen(t)
	urls := make(chan string, lists)
	for i := range lists {
		urls <- shop.sell(fmt.Sprintf("/%d.csv", i), fmt.Sprintf("PRODUCT NAME;PRICE\nA;%d.00\n", i+1))
	}
	close(urls)
	ids := make(chan string, lists)
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			for url := range urls {
				ids <- atlant.ask(t, &atlantv1.FetchRequest{Url: url}).GetId()
			}
		})
	}
	asking.Wait()
	close(ids)
	for id := range ids {
		if fetch := atlant.await(t, id); fetch.GetAccepted() != 1 {
			t.Errorf("got %v", fetch)
		}
	}
	eventuallyf(t, func() bool {
		return call(t, atlant.projection.GetStatus, &atlantv1.GetStatusRequest{}).GetLag() == 0
	}, "the views hold all lists")
	product := call(t, atlant.products.Get, &atlantv1.GetRequest{Name: "A"}).GetProduct()
	if _, late := atlant.prices(t); late != 0 || product.GetPriceChanges() != lists-1 {
		t.Errorf("%d changes, want %d; %d observations came too late", product.GetPriceChanges(), lists-1, late)
	}
}

// JSON that says what no request has is refused by name, not passed over.
func TestMisspeltJSON(t *testing.T) {
	t.Parallel()
	atlant := startOpen(t)
	for body, names := range map[string]string{
		`{"sortBy": "SORT_BY_COST"}`: "SORT_BY_COST",
		`{"pageSizes": 3}`:           "pageSizes",
		`{"pageSize": "many"}`:       "pageSize",
	} {
		request, err := http.NewRequestWithContext(within(t), http.MethodPost,
			atlant.url+"/atlant.v1.ProductService/List", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := newHTTPClient(t, false).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(answer), names) ||
			!strings.Contains(string(answer), "invalid_argument") {
			t.Errorf("%s: got %s %s", body, response.Status, answer)
		}
	}
}
