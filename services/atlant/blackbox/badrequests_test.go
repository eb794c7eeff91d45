package blackbox_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const (
	someURL   = "http://127.0.0.1:1/list.csv"
	unknownID = "00000000-0000-7000-8000-000000000000"
)

func withCSV(csv *atlantv1.CsvOptions) *atlantv1.FetchRequest {
	return &atlantv1.FetchRequest{Url: someURL, Csv: csv}
}

// TestBadFetchRequests: each is refused, and the message names the field.
func TestBadFetchRequests(t *testing.T) {
	t.Parallel()
	a := startOpen(t)
	for _, c := range []struct {
		field   string
		request *atlantv1.FetchRequest
	}{
		{"url", &atlantv1.FetchRequest{}},
		{"url", &atlantv1.FetchRequest{Url: "gopher://example.com/list.csv"}},
		{"url", &atlantv1.FetchRequest{Url: "file://etc/passwd"}},
		{"url", &atlantv1.FetchRequest{Url: "ftp://127.0.0.1:1/"}},
		{"url", &atlantv1.FetchRequest{Url: "ftp://127.0.0.1:1/a%0D%0ADELE%20b"}},
		{"url", &atlantv1.FetchRequest{Url: "s3://prices/list.csv?endpoint=http://127.0.0.1:1"}},
		{"credentials", &atlantv1.FetchRequest{Url: "s3://prices/list.csv", Credentials: withToken("secret")}},
		{"credentials", &atlantv1.FetchRequest{Url: "sftp://127.0.0.1:1/list.csv"}},
		{"credentials.ssh_private_key", &atlantv1.FetchRequest{Url: "sftp://user@127.0.0.1:1/list.csv", Credentials: withKey("secret")}},
		{"credentials.ssh_private_key.key", &atlantv1.FetchRequest{Url: "sftp://user@127.0.0.1:1/list.csv", Credentials: withKey("")}},
		{"url", &atlantv1.FetchRequest{Url: "gopher://example.com"}},
		{"url", &atlantv1.FetchRequest{Url: "/etc/passwd"}},
		{"url", &atlantv1.FetchRequest{Url: "127.0.0.1:1/list.csv"}},
		{"url", &atlantv1.FetchRequest{Url: "http://"}},
		{"url", &atlantv1.FetchRequest{Url: "http:///list.csv"}},
		{"url", &atlantv1.FetchRequest{Url: "http://:8080/list.csv"}},
		{"url", &atlantv1.FetchRequest{Url: "http://us%3Aer:secret@127.0.0.1:1/"}},
		{"credentials", &atlantv1.FetchRequest{Url: "http://user@127.0.0.1:1/", Credentials: withToken("secret")}},
		{"credentials.bearer_token", &atlantv1.FetchRequest{Url: someURL, Credentials: withToken("")}},
		{"credentials.bearer_token", &atlantv1.FetchRequest{Url: someURL, Credentials: withToken("a\r\nHost: b")}},
		{"credentials.basic.user", &atlantv1.FetchRequest{Url: someURL, Credentials: &atlantv1.Credentials{
			Credentials: &atlantv1.Credentials_Basic{Basic: &atlantv1.BasicCredentials{User: "a:b"}},
		}}},
		{"url", &atlantv1.FetchRequest{Url: "http://127.0.0.1:notaport/"}},
		{"url", &atlantv1.FetchRequest{Url: "http://[::1/"}},
		{"url", &atlantv1.FetchRequest{Url: "http://127.0.0.1:1/\n"}},
		{"url", &atlantv1.FetchRequest{Url: "http://127.0.0.1:1/" + strings.Repeat("x", 2048)}},
		{"source", &atlantv1.FetchRequest{Url: someURL, Source: "with space"}},
		{"source", &atlantv1.FetchRequest{Url: someURL, Source: "../up"}},
		{"source", &atlantv1.FetchRequest{Url: someURL, Source: ".hidden"}},
		{"source", &atlantv1.FetchRequest{Url: someURL, Source: "nul\x00"}},
		{"source", &atlantv1.FetchRequest{Url: someURL, Source: "line\n"}},
		{"source", &atlantv1.FetchRequest{Url: someURL, Source: strings.Repeat("x", 65)}},
		{"observed_at", &atlantv1.FetchRequest{Url: someURL, ObservedAt: stamp(time.Now().Add(time.Hour))}},
		{"observed_at", &atlantv1.FetchRequest{Url: someURL, ObservedAt: &timestamppb.Timestamp{Seconds: -1}}},
		{"observed_at", &atlantv1.FetchRequest{Url: someURL, ObservedAt: &timestamppb.Timestamp{Nanos: -1}}},
		{"observed_at", &atlantv1.FetchRequest{Url: someURL, ObservedAt: &timestamppb.Timestamp{Seconds: 1 << 62}}},
		{"request_id", &atlantv1.FetchRequest{Url: someURL, RequestId: strings.Repeat("x", 129)}},
		{"csv.delimiter", withCSV(&atlantv1.CsvOptions{Delimiter: "x"})},
		{"csv.encoding", withCSV(&atlantv1.CsvOptions{Encoding: "ebcdic"})},
		{"csv.decimal_mark", withCSV(&atlantv1.CsvOptions{DecimalMark: "'"})},
		{"csv.quote", withCSV(&atlantv1.CsvOptions{Quote: "'"})},
		{"csv.currency_code", withCSV(&atlantv1.CsvOptions{CurrencyCode: "eur"})},
		{"csv.currency_code", withCSV(&atlantv1.CsvOptions{CurrencyCode: "EURO"})},
		{"csv.skip_lines", withCSV(&atlantv1.CsvOptions{SkipLines: -1})},
		{"csv.skip_lines", withCSV(&atlantv1.CsvOptions{SkipLines: 1001})},
		{"csv.name_columns", withCSV(&atlantv1.CsvOptions{NameColumns: []string{"a", ""}})},
		{"csv.name_columns", withCSV(&atlantv1.CsvOptions{NameColumns: strings.Split("abcdefghijklmnopq", "")})},
		{"csv.price_column", withCSV(&atlantv1.CsvOptions{PriceColumn: strings.Repeat("x", 201)})},
	} {
		refuse(t, a.fetches.Fetch, c.request, connect.CodeInvalidArgument, c.field)
	}
	// What was refused has left no trace, and no password is in a message.
	if got := a.allFetches(t, largestPage, ""); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	_, err := a.fetches.Fetch(within(t), connect.NewRequest(&atlantv1.FetchRequest{Url: "http://user:secret@host:notaport/"}))
	if connect.CodeOf(err) != connect.CodeInvalidArgument || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func withKey(key string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_SshPrivateKey{SshPrivateKey: &atlantv1.SshPrivateKey{Key: key}}}
}

func withToken(token string) *atlantv1.Credentials {
	return &atlantv1.Credentials{Credentials: &atlantv1.Credentials_BearerToken{BearerToken: token}}
}

func TestBadReadRequests(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	const bad = connect.CodeInvalidArgument
	for _, size := range []int32{-1, 1001, 1_000_000_000, math.MinInt32} {
		refuse(t, a.products.List, &atlantv1.ListRequest{PageSize: size}, bad, "page_size")
		refuse(t, a.products.ListChanges, &atlantv1.ListChangesRequest{ProductId: unknownID, PageSize: size}, bad, "page_size")
		refuse(t, a.fetches.ListFetches, &atlantv1.ListFetchesRequest{PageSize: size}, bad, "page_size")
		refuse(t, a.fetches.ListRejects, &atlantv1.ListRejectsRequest{Id: unknownID, PageSize: size}, bad, "page_size")
	}
	for _, id := range []string{"", "not-a-uuid", unknownID + "0"} {
		refuse(t, a.products.ListChanges, &atlantv1.ListChangesRequest{ProductId: id}, bad, "product_id")
		refuse(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: id}, bad, "id")
		refuse(t, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: id}, bad, "id")
		refuse(t, a.fetches.ListRejects, &atlantv1.ListRejectsRequest{Id: id}, bad, "id")
		refuseWatch(t, a, id, bad, "id")
	}
	refuse(t, a.products.Get, &atlantv1.GetRequest{Id: "not-a-uuid"}, bad, "id")
	refuse(t, a.products.Get, &atlantv1.GetRequest{}, bad, "id")
	refuse(t, a.products.Get, &atlantv1.GetRequest{Id: unknownID, Name: "Milk"}, bad, "name")
	refuse(t, a.products.Get, &atlantv1.GetRequest{Name: " \t "}, bad, "name")
	refuse(t, a.products.Get, &atlantv1.GetRequest{Name: "a\x00b"}, bad, "name")
	refuse(t, a.products.List, &atlantv1.ListRequest{SortBy: 99}, bad, "sort_by")
	refuse(t, a.products.List, &atlantv1.ListRequest{SortBy: -1}, bad, "sort_by")
	refuse(t, a.products.List, &atlantv1.ListRequest{MinPriceMicros: proto.Int64(-1)}, bad, "min_price_micros")
	refuse(t, a.products.List, &atlantv1.ListRequest{MaxPriceMicros: proto.Int64(-1)}, bad, "max_price_micros")
	refuse(t, a.products.List, &atlantv1.ListRequest{MinPriceMicros: proto.Int64(2), MaxPriceMicros: proto.Int64(1)}, bad, "min_price_micros")
	refuse(t, a.products.List, &atlantv1.ListRequest{ChangedSince: &timestamppb.Timestamp{Nanos: -1}}, bad, "changed_since")
	refuse(t, a.products.List, &atlantv1.ListRequest{AsOf: &timestamppb.Timestamp{Seconds: 1 << 60}}, bad, "as_of")
	refuse(t, a.products.List, &atlantv1.ListRequest{AsOf: stamp(time.Now()), Total: true}, bad, "total")
	refuse(t, a.products.List, &atlantv1.ListRequest{AsOf: stamp(time.Now()), SortBy: atlantv1.SortBy_SORT_BY_PRICE_CHANGES}, bad, "sort_by")
	for _, token := range []string{"x", "!", "bnVsbA", "e30", strings.Repeat("A", 10_000)} {
		refuse(t, a.products.List, &atlantv1.ListRequest{PageToken: token}, bad, "page_token")
		refuse(t, a.products.ListChanges, &atlantv1.ListChangesRequest{ProductId: unknownID, PageToken: token}, bad, "page_token")
	}

	refuse(t, a.products.Get, &atlantv1.GetRequest{Id: unknownID}, connect.CodeNotFound, unknownID)
	refuse(t, a.products.Get, &atlantv1.GetRequest{Name: "No Such Product"}, connect.CodeNotFound, "No Such Product")
	refuse(t, a.products.ListChanges, &atlantv1.ListChangesRequest{ProductId: unknownID}, connect.CodeNotFound, unknownID)
	refuse(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: unknownID}, connect.CodeNotFound, unknownID)
	refuse(t, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: unknownID}, connect.CodeNotFound, unknownID)
	refuse(t, a.fetches.ListRejects, &atlantv1.ListRejectsRequest{Id: unknownID}, connect.CodeNotFound, unknownID)
	refuseWatch(t, a, unknownID, connect.CodeNotFound, unknownID)

	request := &atlantv1.FetchRequest{Url: s.sell("/a.csv", smallList), RequestId: "once"}
	a.get(t, request)
	for _, other := range []*atlantv1.FetchRequest{
		{Url: s.sell("/b.csv", smallList)},
		{Url: request.GetUrl(), Source: "other"},
		{Url: request.GetUrl(), Csv: &atlantv1.CsvOptions{Delimiter: ";"}},
	} {
		other.RequestId = "once"
		refuse(t, a.fetches.Fetch, other, bad, "request_id")
	}
}

func refuseWatch(tb testing.TB, a *atlant, id string, code connect.Code, names string) {
	tb.Helper()
	stream, err := a.fetches.WatchFetch(within(tb), connect.NewRequest(&atlantv1.WatchFetchRequest{Id: id}))
	if err == nil {
		defer func() { _ = stream.Close() }() // it has said what there is to know
		if stream.Receive() {
			tb.Errorf("%q: got %v", id, stream.Msg())
		}
		err = stream.Err()
	}
	if connect.CodeOf(err) != code || !strings.Contains(err.Error(), names) {
		tb.Errorf("%q: got %v, want %v that names %q", id, err, code, names)
	}
}
