package product_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/parquet-go/parquet-go"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/services/product"
	"github.com/atlant-log/atlant/services/product/exportfile"
)

// exports serves downloads of these views.
func exports(t testing.TB, views projections.Views) string {
	t.Helper()
	service := product.NewService(projections.Fixed{Views: views}, noLog{}, noLists{})
	server := httptest.NewServer(service.Export(slog.New(slog.DiscardHandler)))
	t.Cleanup(func() {
		server.Close()
		service.Close()
	})
	return server.URL + product.ExportPath
}

// get downloads a file; its error is that of a download that breaks off.
func get(t testing.TB, url string) (status int, header http.Header, body []byte, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	wantNoError(t, err)
	response, err := http.DefaultClient.Do(request)
	wantNoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, response.Header, body, err
}

// rowsIn reads a file back, each row as text by column: prices as decimals, times as RFC 3339 has them.
func rowsIn[Row any](t testing.TB, format exportfile.Format, data []byte) []map[string]string {
	t.Helper()
	var all []map[string]string
	switch format {
	case exportfile.CSV:
		r := csv.NewReader(bytes.NewReader(data))
		r.Comma = ';'
		records, err := r.ReadAll()
		wantNoError(t, err)
		for _, record := range records[1:] {
			row := map[string]string{}
			for i, text := range record {
				name := records[0][i]
				if text != "" || !strings.HasPrefix(name, "previous") && name != "price_changed_at" && name != "observed_at" {
					row[name] = text
				}
			}
			all = append(all, row)
		}
	case exportfile.JSONLines:
		for line := range bytes.Lines(data) {
			all = append(all, textRow(t, line))
		}
	case exportfile.Parquet:
		rows, err := parquet.Read[Row](bytes.NewReader(data), int64(len(data)))
		wantNoError(t, err)
		for i := range rows {
			line, err := json.Marshal(&rows[i])
			wantNoError(t, err)
			all = append(all, textRow(t, line))
		}
	}
	return all
}

func textRow(t testing.TB, line []byte) map[string]string {
	t.Helper()
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	wantNoError(t, decoder.Decode(&fields))
	row := map[string]string{}
	for name, value := range fields {
		row[name] = fmt.Sprint(value)
	}
	return row
}

func timeText(at events.Micros) string { return at.Timestamp().AsTime().Format(time.RFC3339Nano) }

func productText(p *projections.Product) map[string]string {
	row := map[string]string{
		"name": p.Name, "price": events.Decimal(p.Price.Micros), "currency": p.Price.Currency, "source": p.Source, "id": p.ID.String(),
		"price_changes": fmt.Sprint(p.PriceChanges), "first_observed_at": timeText(p.FirstObservedAt), "observed_at": timeText(p.Seen.ObservedAt),
	}
	if p.PriceChanges > 0 {
		row["previous_price"], row["previous_currency"] = events.Decimal(p.PreviousPrice.Micros), p.PreviousPrice.Currency
		row["price_changed_at"] = timeText(p.PriceChangedAt())
	}
	return row
}

// exportLog has products with names and prices that a file may get wrong, and more of them than are read at once.
func exportLog() []events.Observation {
	names := []string{"plain", `with "quotes"`, "semi;colon", "comma, too", "=1+1", "Café 手机壳", "-", `"`, "back\\slash", "<&>"}
	for i := range 2500 {
		names = append(names, fmt.Sprintf("many %04d", i))
	}
	var log []events.Observation
	for fetch := range 3 {
		for i, name := range names {
			price := []int64{0, 1, 12_500_000, 999_999_999_999_999_999, 1_234_567}[(i+fetch*(i%3))%5]
			log = append(log, observe([]string{"default", "shop"}[i%2], name, price, fetch))
		}
	}
	return log
}

// byName folds observations to products in the order of their names.
func byName(log []events.Observation) []projections.Product {
	all := projections.FoldBatch(nil, log).New
	slices.SortFunc(all, func(p, q projections.Product) int { return (&projections.ProductQuery{}).Compare(&p, &q) })
	return all
}

// exportFixture projects exportLog.
func exportFixture(t testing.TB, views projections.Views) []projections.Product {
	t.Helper()
	log := exportLog()
	project(t, views, uint64(len(log)), log...)
	return byName(log)
}

func TestExportProducts(t *testing.T) {
	t.Parallel()
	views := newViews(t)
	products := exportFixture(t, views)
	url := exports(t, views)
	for parameters, passes := range map[string]func(*projections.Product) bool{
		"":                                    func(*projections.Product) bool { return true },
		"?source=shop&query=many":             func(p *projections.Product) bool { return p.Source == "shop" && strings.HasPrefix(p.Name, "many") },
		"?query=cafe":                         func(p *projections.Product) bool { return strings.HasPrefix(p.Name, "Café") },
		"?min_price_micros=2":                 func(p *projections.Product) bool { return p.Price.Micros >= 2 },
		"?max_price_micros=1":                 func(p *projections.Product) bool { return p.Price.Micros <= 1 },
		"?changed_since=1970-01-01T00:00:00Z": func(p *projections.Product) bool { return p.PriceChanges > 0 },
		"?source=none":                        func(*projections.Product) bool { return false },
	} {
		var want []map[string]string
		for i := range products {
			if passes(&products[i]) {
				want = append(want, productText(&products[i]))
			}
		}
		for _, format := range exportfile.Formats() {
			status, header, body, err := get(t, url+"products."+format.Extension+parameters)
			if err != nil || status != http.StatusOK || header.Get("Content-Type") != format.ContentType {
				t.Fatalf("%s: %d, %v, %v", format.Extension, status, header, err)
			}
			if diff := cmp.Diff(want, rowsIn[exportfile.Product](t, format, body)); diff != "" {
				t.Fatalf("%s%s: -want +got:\n%s", format.Extension, parameters, diff)
			}
		}
	}
}

// As of a time there are the products that a fold up to it gives; when they were seen last by then is not known.
func TestExportProductsAsOf(t *testing.T) {
	t.Parallel()
	views := newViews(t)
	exportFixture(t, views)
	at := day + 1_000_000 // when the second fetch of three was
	then := byName(slices.DeleteFunc(exportLog(), func(o events.Observation) bool { return o.Position.ObservedAt > at }))
	var want []map[string]string
	for i := range then {
		if p := &then[i]; p.Source == "shop" && p.Price.Micros >= 2 {
			row := productText(p)
			delete(row, "observed_at")
			want = append(want, row)
		}
	}
	for _, format := range exportfile.Formats() {
		_, _, body, err := get(t, exports(t, views)+"products."+format.Extension+"?source=shop&min_price_micros=2&as_of="+timeText(at))
		wantNoError(t, err)
		if diff := cmp.Diff(want, rowsIn[exportfile.Product](t, format, body)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", format.Extension, diff)
		}
	}
}

func TestExportChanges(t *testing.T) {
	t.Parallel()
	views := newViews(t)
	products := exportFixture(t, views)
	url := exports(t, views)
	second := day + 2_000_000 // when the last fetch was
	one := products[len(products)/2].ID
	for parameters, passes := range map[string]func(*projections.Product, *projections.Change) bool{
		"": func(*projections.Product, *projections.Change) bool { return true },
		"?source=shop&min_price_micros=2": func(p *projections.Product, c *projections.Change) bool {
			return p.Source == "shop" && c.Price.Micros >= 2
		},
		"?product_id=" + one.String():        func(p *projections.Product, _ *projections.Change) bool { return p.ID == one },
		"?product_id=" + uuid.NewString():    func(*projections.Product, *projections.Change) bool { return false },
		"?changed_since=" + timeText(second): func(_ *projections.Product, c *projections.Change) bool { return c.At.ObservedAt >= second },
	} {
		want := map[string]map[string]string{}
		for i := range products {
			p := &products[i]
			changes, err := views.ListChanges(t.Context(), p.ID, true, nil, 100)
			wantNoError(t, err)
			for i := range changes {
				if c := &changes[i]; passes(p, c) {
					want[p.ID.String()+c.At.Fetch.String()] = map[string]string{
						"name": p.Name, "price": events.Decimal(c.Price.Micros), "currency": c.Price.Currency, "source": p.Source,
						"previous_price": events.Decimal(c.PreviousPrice.Micros), "previous_currency": c.PreviousPrice.Currency,
						"observed_at": timeText(c.At.ObservedAt), "product_id": p.ID.String(), "fetch_id": c.At.Fetch.String(), "line": fmt.Sprint(c.Line),
					}
				}
			}
		}
		for _, format := range exportfile.Formats() {
			_, _, body, err := get(t, url+"changes."+format.Extension+parameters)
			wantNoError(t, err)
			got := map[string]map[string]string{}
			rows := rowsIn[exportfile.Change](t, format, body)
			for _, row := range rows {
				got[row["product_id"]+row["fetch_id"]] = row
			}
			if diff := cmp.Diff(want, got); diff != "" || len(rows) != len(want) {
				t.Fatalf("%s%s: %d rows, -want +got:\n%s", format.Extension, parameters, len(rows), diff)
			}
		}
	}
}

// In a Parquet file an amount is a decimal, and a time a timestamp, for every program that reads it.
func TestParquetTypes(t *testing.T) {
	t.Parallel()
	views := newViews(t)
	project(t, views, 1, observe("default", "x", 1, 0))
	_, _, body, err := get(t, exports(t, views)+"products.parquet")
	wantNoError(t, err)
	file, err := parquet.OpenFile(bytes.NewReader(body), int64(len(body)))
	wantNoError(t, err)
	for column, want := range map[string]string{
		"price": "DECIMAL(18,6)", "previous_price": "DECIMAL(18,6)", "observed_at": "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)", "name": "STRING",
	} {
		leaf, ok := file.Schema().Lookup(column)
		if !ok || leaf.Node.Type().LogicalType().String() != want {
			t.Errorf("%s is %v, want %s", column, leaf.Node.Type(), want)
		}
	}
}

// breaking is a store that answers so many times, and then no more.
type breaking struct {
	projections.Views

	left atomic.Int64
}

func (b *breaking) ListProducts(ctx context.Context, query projections.ProductQuery) ([]projections.Product, error) {
	if b.left.Add(-1) < 0 {
		return nil, errBroken
	}
	return b.Views.ListProducts(ctx, query)
}

// A download that fails on the way breaks off, and one that fails at once says so; no part looks like a whole.
func TestExportThatFails(t *testing.T) {
	t.Parallel()
	views := newViews(t)
	exportFixture(t, views)
	for _, format := range exportfile.Formats() {
		for _, pages := range []int64{0, 2} {
			store := &breaking{Views: views}
			store.left.Store(pages)
			status, header, body, err := get(t, exports(t, store)+"products."+format.Extension)
			switch {
			case err == nil && status == http.StatusOK:
				t.Errorf("%s, %d pages: %d bytes that look whole", format.Extension, pages, len(body))
			case err == nil && (status != http.StatusInternalServerError || strings.Contains(string(body), errBroken.Error()) ||
				header.Get("Content-Disposition") != ""):
				t.Errorf("%s, %d pages: %d, %v, %s", format.Extension, pages, status, header, body)
			case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
				t.Errorf("%s, %d pages: %v", format.Extension, pages, err)
			}
		}
	}
}

func TestExportRefuses(t *testing.T) {
	t.Parallel()
	url := exports(t, newViews(t))
	for path, test := range map[string]struct {
		status int
		says   string
	}{
		"products.xls":                     {http.StatusNotFound, ""},
		"products.csv?colour=red":          {http.StatusBadRequest, "colour: "},
		"products.csv?query=%3F":           {http.StatusBadRequest, "query: "},
		"products.csv?query=a&query=b":     {http.StatusBadRequest, "query: "},
		"changes.csv?min_price_micros=1.5": {http.StatusBadRequest, "min_price_micros: "},
		"changes.csv?min_price_micros=-1":  {http.StatusBadRequest, "min_price_micros"},
		"products.csv?changed_since=today": {http.StatusBadRequest, "changed_since: "},
		"products.csv?as_of=yesterday":     {http.StatusBadRequest, "as_of: "},
		"products.csv?as_of=2026-01-31T12:00:00Z&changed_since=2026-01-31T12:00:00Z": {http.StatusBadRequest, "changed_since: "},
		"changes.csv?as_of=2026-01-31T12:00:00Z":                                     {http.StatusBadRequest, "as_of: "},
		"changes.csv?product_id=milk":                                                {http.StatusBadRequest, "product_id: "},
		"products.csv?product_id=" + uuid.NewString():                                {http.StatusBadRequest, "product_id: "},
		"products.csv?source=%ff":                                                    {http.StatusBadRequest, "source"},
		"products.jsonl?min_price_micros=2&max_price_micros=1":                       {http.StatusBadRequest, "min_price_micros: "},
	} {
		status, _, body, err := get(t, url+path)
		if err != nil || status != test.status || !strings.Contains(string(body), test.says) {
			t.Errorf("%s: %d, %s, %v", path, status, body, err)
		}
	}
}
