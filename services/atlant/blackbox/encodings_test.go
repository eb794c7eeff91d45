package blackbox_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

const teaList = "PRODUCT NAME;PRICE\nЧай чёрный листовой;129.50\nКофе растворимый;310.00\nМолоко цельное;89.90\nХлеб ржаной;45.00\n" +
	"Сыр российский;599.00\n"

// TestEncodings: the same list, packed and encoded in many ways, says the same.
func TestEncodings(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	in := func(e encoding.Encoding) []byte {
		data, err := e.NewEncoder().Bytes([]byte(teaList))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	zstdWriter, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	koi8 := in(charmap.KOI8R)
	lists := map[string]struct {
		serve    http.HandlerFunc
		encoding string
	}{
		"utf-8":       {serve: textList(teaList), encoding: "utf-8"},
		"bom":         {serve: textList("\uFEFF" + teaList), encoding: "utf-8"},
		"utf-16":      {serve: binary(in(unicode.UTF16(unicode.BigEndian, unicode.UseBOM))), encoding: "utf-16be"},
		"windows":     {serve: binary(in(charmap.Windows1251)), encoding: "windows-1251"},
		"koi8":        {serve: binary(koi8), encoding: "koi8-r"},
		"told":        {serve: binary(in(charmap.ISO8859_5)), encoding: "iso-8859-5"},
		"server":      {serve: typed("text/csv; charset=GBK", in(simplifiedchinese.GBK)), encoding: "gbk"},
		"gzip":        {serve: binary(gzipped(t, koi8)), encoding: "koi8-r"},
		"gzip-twice":  {serve: encoded("gzip", gzipped(t, gzipped(t, koi8))), encoding: "koi8-r"},
		"zstd":        {serve: encoded("zstd", zstdWriter.EncodeAll(koi8, nil)), encoding: "koi8-r"},
		"zip":         {serve: binary(zipped(t, "lists/list.csv", string(koi8))), encoding: "koi8-r"},
		"zip-of-many": {serve: binary(zipped(t, "a.csv", "A;1\n", "lists/list.csv", teaList)), encoding: "utf-8"},
	}
	ids := map[string]string{}
	for name, list := range lists {
		request := &atlantv1.FetchRequest{Url: s.handle("/"+name, list.serve), Source: name}
		switch name {
		case "told":
			request.Csv = &atlantv1.CsvOptions{Encoding: "ISO-8859-5"}
		case "zip-of-many":
			request.Url += "#lists/list.csv"
		}
		ids[name] = a.ask(t, request).GetId()
	}
	want := prices{
		"Чай чёрный листовой": 129_500_000, "Кофе растворимый": 310_000_000, "Молоко цельное": 89_900_000,
		"Хлеб ржаной": 45_000_000, "Сыр российский": 599_000_000,
	}
	for name, list := range lists {
		fetch := a.await(t, ids[name])
		counts{5, 5, 0, 0, 5}.expect(t, fetch)
		if fetch.GetDialect().GetEncoding() != list.encoding || name != "bom" && fetch.GetBytes() != int64(len(teaList)) {
			t.Errorf("%s: got %v", name, fetch)
		}
		if diff := cmp.Diff(want, a.pricesOf(t, fetch)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// typed serves bytes as the type.
func typed(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(body)
	}
}

// prices are those of products, in micros.
type prices map[string]int64

// pricesOf returns what a fetch that is the only one of its source says, once the views show it.
func (a *atlant) pricesOf(tb testing.TB, fetch *atlantv1.Fetch) prices {
	tb.Helper()
	products, _ := a.walk(tb, &atlantv1.ListRequest{PageSize: largestPage, Source: fetch.GetSource(), Position: fetch.GetPosition()})
	found := prices{}
	for _, p := range products {
		found[p.GetName()] = p.GetPrice().GetAmountMicros()
	}
	return found
}
