package blackbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"connectrpc.com/grpcreflect"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const smallList = header + "Milk;1.50\nBread;2.25\nTea;3\n"

func TestProtocols(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	for name, c := range map[string]struct {
		http2   bool
		options []connect.ClientOption
	}{
		"connect":             {false, nil},
		"connect over http2":  {true, nil},
		"connect with JSON":   {false, []connect.ClientOption{connect.WithProtoJSON()}},
		"connect with GET":    {false, []connect.ClientOption{connect.WithHTTPGet()}},
		"grpc":                {true, []connect.ClientOption{connect.WithGRPC()}},
		"grpc with gzip":      {true, []connect.ClientOption{connect.WithGRPC(), connect.WithSendGzip()}},
		"grpc-web":            {false, []connect.ClientOption{connect.WithGRPCWeb()}},
		"grpc-web over http2": {true, []connect.ClientOption{connect.WithGRPCWeb()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testProtocol(t, s, newAPIOver(newHTTPClient(t, c.http2), a.url, c.options...))
		})
	}
}

// testProtocol does over one protocol what the others do, too.
func testProtocol(t *testing.T, s *shop, a api) {
	t.Helper()
	source := strings.ReplaceAll(strings.ReplaceAll(t.Name(), "/", "."), " ", "-")
	url, open := s.sellLater("/"+source, smallList)
	asked := a.ask(t, &atlantv1.FetchRequest{Url: url, Source: source})
	a.awaitRunning(t, asked.GetId())
	open()
	fetch := a.await(t, asked.GetId())
	counts{3, 3, 0, 0, 3}.expect(t, fetch)
	got := call(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: asked.GetId()}).GetFetch()
	if got.GetState() != completed || got.GetPosition() != fetch.GetPosition() {
		t.Errorf("got %v, want %v", got, fetch)
	}
	products := call(t, a.products.List, &atlantv1.ListRequest{Source: source, Position: fetch.GetPosition()}).GetProducts()
	if len(products) != 3 || products[0].GetName() != "Bread" || products[0].GetPrice().GetAmountMicros() != 2_250_000 {
		t.Errorf("got %v", products)
	}
	if status := call(t, a.projection.GetStatus, &atlantv1.GetStatusRequest{}); status.GetProducts() < 3 || status.GetVersion() == "" {
		t.Errorf("got %v", status)
	}
	refuse(t, a.products.List, &atlantv1.ListRequest{PageSize: -1}, connect.CodeInvalidArgument, "page_size")
	const unknown = "00000000-0000-7000-8000-000000000000"
	refuse(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: unknown}, connect.CodeNotFound, unknown)
}

// answer is what a plain HTTP client sees.
type answer struct {
	status int
	header http.Header
	text   string
}

func exchange(tb testing.TB, method, url, body string) answer {
	tb.Helper()
	request, err := http.NewRequestWithContext(within(tb), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	return exchangeRequest(tb, request)
}

func exchangeRequest(tb testing.TB, request *http.Request) answer {
	tb.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // it was read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

func httpGet(tb testing.TB, url string) answer {
	tb.Helper()
	return exchange(tb, http.MethodGet, url, "")
}

func httpPost(tb testing.TB, url, body string) answer {
	tb.Helper()
	return exchange(tb, http.MethodPost, url, body)
}

// TestPlainHTTP does what one does with curl.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	fetched := a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", smallList)})

	type listed struct {
		Products []struct {
			Name  string `json:"name"`
			Price struct {
				AmountMicros string `json:"amountMicros"`
			} `json:"price"`
		} `json:"products"`
		NextPageToken string `json:"nextPageToken"`
	}
	expectList := func(got answer) {
		t.Helper()
		var page listed
		if err := json.Unmarshal([]byte(got.text), &page); err != nil || got.status != http.StatusOK {
			t.Fatalf("%v: %+v", err, got)
		}
		if len(page.Products) != 2 || page.Products[1].Price.AmountMicros != "1500000" || page.NextPageToken == "" {
			t.Errorf("got %+v", got)
		}
	}
	procedure := a.url + "/atlant.v1.ProductService/List"
	expectList(httpPost(t, procedure, `{"pageSize": 2}`))
	query := url.Values{"encoding": {"json"}, "message": {`{"pageSize":2}`}, "connect": {"v1"}}
	expectList(httpGet(t, procedure+"?"+query.Encode()))

	got := httpPost(t, a.url+"/atlant.v1.FetchService/GetFetch", `{"id": "`+fetched.GetId()+`"}`)
	if got.status != http.StatusOK || !strings.Contains(got.text, `"rowsRead":"3"`) {
		t.Errorf("got %+v", got)
	}
	query.Set("message", `{"url":"http://127.0.0.1:1/"}`)
	if got := httpGet(t, a.url+"/atlant.v1.FetchService/Fetch?"+query.Encode()); got.status != http.StatusMethodNotAllowed {
		t.Errorf("GET of a method with side effects: got %+v", got)
	}
	got = httpPost(t, procedure, `{"pageSize": 1001}`)
	if got.status != http.StatusBadRequest || !strings.Contains(got.text, "invalid_argument") || !strings.Contains(got.text, "page_size") {
		t.Errorf("got %+v", got)
	}
	for _, bad := range []string{"{", "[]", `{"pageSize": "many"}`} {
		if got := httpPost(t, procedure, bad); got.status != http.StatusBadRequest {
			t.Errorf("%s: got %+v", bad, got)
		}
	}
	if got := httpGet(t, a.url+"/no/such/path"); got.status != http.StatusNotFound {
		t.Errorf("got %+v", got)
	}
}

var services = []string{"atlant.v1.FetchService", "atlant.v1.ProductService", "atlant.v1.ProjectionService"}

func TestReflection(t *testing.T) {
	t.Parallel()
	a := startOpen(t)
	client := grpcreflect.NewClient(newHTTPClient(t, true), a.url, connect.WithGRPC())
	stream := client.NewStream(within(t))
	defer func() { _, _ = stream.Close() }() // it has answered
	names, err := stream.ListServices()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range services {
		if !slices.ContainsFunc(names, func(name protoreflect.FullName) bool { return string(name) == want }) {
			t.Errorf("%v does not list %s", names, want)
		}
		if files, err := stream.FileContainingSymbol(protoreflect.FullName(want)); err != nil || len(files) == 0 {
			t.Errorf("schema of %s: %v, %v", want, files, err)
		}
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	a := startOpen(t)
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := httpGet(t, a.url+path); got.status != http.StatusOK || got.text != "ok\n" {
			t.Errorf("%s: got %+v", path, got)
		}
	}
	// On the wire these are HealthCheckRequest and HealthCheckResponse: a string and an enum, both of number 1.
	const serving = 1
	check := connect.NewClient[wrapperspb.StringValue, wrapperspb.Int32Value](
		newHTTPClient(t, true), a.url+"/grpc.health.v1.Health/Check", connect.WithGRPC())
	for _, service := range append([]string{""}, services...) {
		if got := call(t, check.CallUnary, wrapperspb.String(service)); got.GetValue() != serving {
			t.Errorf("%s: got %v", service, got)
		}
	}
	refuse(t, check.CallUnary, wrapperspb.String("no.such.Service"), connect.CodeNotFound, "no.such.Service")
}
