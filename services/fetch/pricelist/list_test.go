package pricelist_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

func open(text string, o *atlantv1.CsvOptions) (*pricelist.List, error) {
	return pricelist.Open(context.Background(), strings.NewReader(text), int64(len(text)), o, nil)
}

func rows(t rapid.TB, l *pricelist.List) []pricelist.Row {
	t.Helper()
	var all []pricelist.Row
	if err := l.Rows(context.Background(), func(r *pricelist.Row) error { all = append(all, *r); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// show writes a row as line@offset name=micros currency date, or line@offset REASON/column.
func show(r pricelist.Row) string {
	if r.Reject != nil {
		reason := strings.TrimPrefix(r.Reject.GetReason().String(), "REJECT_REASON_")
		return fmt.Sprintf("%d@%d %s/%d", r.Line, r.ByteOffset, reason, r.Reject.GetColumn())
	}
	date := ""
	if r.ObservedAt != 0 {
		date = r.ObservedAt.Timestamp().AsTime().Format(" 2006-01-02T15:04")
	}
	return strings.TrimSpace(fmt.Sprintf("%d@%d %s=%d %s", r.Line, r.ByteOffset, r.Name, r.Price.Micros, r.Price.Currency) + date)
}

func showAll(rows []pricelist.Row) []string {
	var all []string
	for _, r := range rows {
		all = append(all, show(r))
	}
	return all
}

func fixtures(t *testing.T, verdict string) map[string]string {
	t.Helper()
	names, err := filepath.Glob("testdata/*." + verdict + ".csv")
	if err != nil || len(names) == 0 {
		t.Fatal("no fixtures", err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(filepath.Base(name), "."+verdict+".csv")] = string(text)
	}
	return texts
}

func TestGoodLists(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"pipes":          {"1@0 Milk=12500000", "2@11 Bread=2200000"},
		"cr":             {"1@0 a=1000000", "2@4 b=2000000"},
		"plain":          {"1@0 Flasherboulder=30233010000", "2@24 Crystallegend=47025450000", "3@47 Thunderjelly=33228000000"},
		"header":         {"2@19 test_product_1=9470000", "3@39 test_product_2=4480000"},
		"bom-crlf-comma": {`2@23 Pipe, 12" wide=3500000`, "3@47 Milk=1000000"},
		"decimal-comma":  {"1@0 Milk=12500000", "2@11 PRICE_AMBIGUOUS/2", "3@28 Bread=2500000"},
		"multiline":      {"2@23 Two lines=500000", `6@45 12" pipe=125000`},
		"columns":        {"2@17 Milk=2500000", "3@29 Tea; green=3750000"},
		"rows": {
			"1@0 a=1500000", "2@6 COLUMN_COUNT/0", "3@8 NAME_MISSING/1", "4@11 PRICE_MISSING/2", "5@14 PRICE_NEGATIVE/2", "6@19 QUOTE/1",
			"7@26 PRICE_AMBIGUOUS/2", "8@34 CONTROL_CHARACTER/1", "9@39 ENCODING/1", "10@44 PRICE_NOT_A_NUMBER/2", "11@50 COLUMN_COUNT/0",
		},
	}
	for name, text := range fixtures(t, "good") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := open(text, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[name], showAll(rows(t, l))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadLists(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"empty":         "the list is empty",
		"header-only":   "the list has a header but no rows",
		"open-quote":    "line 3 in column 1 is still open at the end of the list: the list is cut off, or its quotes are plain text (csv.quote = none)",
		"delimiter":     "semicolons (1 row) or commas (1 row); csv.delimiter",
		"three-columns": "the list has 3 columns and nothing says which are name and price; csv.name_columns and csv.price_column",
		"lined-up":      "the columns of the list are lined up with spaces, as 5 of 5 lines have them",
		"spaced":        "could separate columns or be decimal commas",
		"html":          `this is HTML (its title is "Sign & in"), not a price list`,
		"json":          "this is JSON, not a price list",
		"two-prices":    "columns 2 and 3 of line 1 could both be the price; csv.price_column",
	}
	for name, text := range fixtures(t, "bad") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantUnreadable(t, text, nil, want[name])
		})
	}
}

func wantUnreadable(t *testing.T, text string, o *atlantv1.CsvOptions, message string) {
	t.Helper()
	l, err := open(text, o)
	var unreadable *pricelist.UnreadableError
	switch {
	case err == nil:
		t.Errorf("read as %v: %q", l.Dialect(), showAll(rows(t, l)))
	case !errors.As(err, &unreadable):
		t.Errorf("%T: %v", err, err)
	case message == "" || !strings.Contains(err.Error(), message):
		t.Errorf("says %q, want %q", err, message)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for _, test := range []struct {
		name, text string
		options    *o
		want       []string
	}{
		{"delimiter", "a,b;12.50", nil, []string{"1@0 a,b=12500000"}},
		{"delimiter comma", "a;b,12.50", nil, []string{"1@0 a;b=12500000"}},
		{"pipe", "a|1.50\n", &o{Delimiter: "|"}, []string{"1@0 a=1500000"}},
		{"tab", "a\t1,50\n\t\t\nb\t2", &o{Delimiter: "\t"}, []string{"1@0 a=1500000", "3@10 b=2000000"}},
		{"comma, given", "Milk 12,50", &o{Delimiter: ","}, []string{"1@0 Milk 12=50000000"}},
		{"no header", "name;price\na;1", &o{NoHeader: true}, []string{"1@0 PRICE_NOT_A_NUMBER/2", "2@11 a=1000000"}},
		{"skipped lines", "x;y;z\n\"\na;1", &o{SkipLines: 2}, []string{"3@8 a=1000000"}},
		{"quotes are text", "\"a;1\nb;2", &o{Quote: "none"}, []string{`1@0 "a=1000000`, "2@5 b=2000000"}},
		{"numbers", "a;b;1;c\nd;e;2;f", &o{NameColumns: []string{"2", "1"}, PriceColumn: "3"}, []string{"1@0 b a=1000000", "2@8 e d=2000000"}},
		{"numbers, foreign header", "Имя;Цена\nа;1", &o{NameColumns: []string{"1"}}, []string{"2@16 а=1000000"}},
		{"texts", "x;Цена; Имя \n1;2;b", &o{NameColumns: []string{"имя"}, PriceColumn: "ЦЕНА"}, []string{"2@20 b=2000000"}},
		{"price first", "1;a\n2;b", &o{PriceColumn: "1"}, []string{"1@0 a=1000000", "2@4 b=2000000"}},
		{"first price missing", "a;\nb;2", &o{PriceColumn: "2"}, []string{"1@0 PRICE_MISSING/2", "2@3 b=2000000"}},
		{"mark given", "a;1.234\nb;1,234", &o{DecimalMark: ","}, []string{"1@0 a=1234000000", "2@8 b=1234000"}},
		{"mark unknown", "a;1.234\nb;1,234\nc;5", nil, []string{"1@0 PRICE_AMBIGUOUS/2", "2@8 PRICE_AMBIGUOUS/2", "3@16 c=5000000"}},
		{"unknown header", "Vaihe;Tila\na;1", nil, []string{"1@0 PRICE_NOT_A_NUMBER/2", "2@11 a=1000000"}},
		{
			"rejected rows prove nothing", "a;1.234\nb;2.50;x\n;3.5\nc;4.1234567", &o{Delimiter: ";"},
			[]string{"1@0 PRICE_AMBIGUOUS/2", "2@8 COLUMN_COUNT/0", "3@17 NAME_MISSING/1", "4@22 PRICE_TOO_PRECISE/2"},
		},
		{"no price at all", "Widget;-5\nGadget;", nil, []string{"1@0 PRICE_NEGATIVE/2", "2@10 PRICE_MISSING/2"}},
		{"a bitmap's name", "BMW;1\nMZ;2\nPK;3\nGIF89a;4", nil, []string{"1@0 BMW=1000000", "2@6 MZ=2000000", "3@11 PK=3000000", "4@16 GIF89a=4000000"}},
		{"always empty column", "a;1;\nb;2;", nil, []string{"1@0 a=1000000", "2@5 b=2000000"}},
		{"NUL in a small list", "a\x00;1\nb;2", nil, []string{"1@0 CONTROL_CHARACTER/1", "2@5 b=2000000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, err := open(test.text, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, showAll(rows(t, l))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOptionsThatDoNotFit(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for _, test := range []struct {
		name, text string
		options    *o
		want       string
	}{
		{"too large", "a;1\nb;2", &o{Delimiter: ";", PriceColumn: "3"}, "csv.price_column names column 3, but the columns of the list are 1 to 2"},
		{"zero", "a;1\nb;2", &o{Delimiter: ";", NameColumns: []string{"0"}}, "csv.name_columns names column 0"},
		{"negative", "a;1\nb;2", &o{Delimiter: ";", PriceColumn: "-1"}, "csv.price_column names column -1"},
		{"no such text", "name;price\na;1", &o{Delimiter: ";", PriceColumn: "Cost"}, `line 1, where the header should be, has "name", "price"`},
		{"text without header", "a;1", &o{Delimiter: ";", PriceColumn: "Cost", NoHeader: true}, "csv.no_header says"},
		{"text twice", "a;a;b\n1;2;3", &o{Delimiter: ";", NameColumns: []string{"a"}, PriceColumn: "b"}, "columns 1 and 2"},
		{"same column", "a;1;2", &o{Delimiter: ";", NameColumns: []string{"1", "2"}, PriceColumn: "2"}, "can't be both"},
		{"half told", "a;b;1\nc;d;2", &o{Delimiter: ";", NameColumns: []string{"1"}}, "csv.price_column"},
		{"delimiter", "a:1", &o{Delimiter: ":"}, "csv.delimiter"},
		{"skipped all", "a;1\n", &o{SkipLines: 1}, "the list is empty after the 1 line"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantUnreadable(t, test.text, test.options, test.want)
		})
	}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	l, err := open("sku;name;price\n1;a;2.50\n", &atlantv1.CsvOptions{CurrencyCode: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	want := &atlantv1.Dialect{
		Delimiter: ";", DecimalMark: ".", Quote: `"`, HasHeader: true, NameColumns: []int32{2}, PriceColumn: 3, CurrencyCode: "EUR",
		Evidence: []string{
			"1 row of the sampled 2 separated by semicolons have a price",
			`line 1 is the header: "sku", "name", "price"`,
			`the decimal mark is a point in 1 price ("2.50" on line 2)`,
		},
		Confidence: 66, Columns: 3, Header: "sku;name;price",
	}
	if diff := cmp.Diff(want, l.Dialect(), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if got := rows(t, l)[0].Price; got != (events.Price{Micros: 2_500_000, Currency: "EUR"}) {
		t.Error(got)
	}
}

func TestRowsEnds(t *testing.T) {
	t.Parallel()
	l, err := open(strings.Repeat("a;1\n", 1000), nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	if err := l.Rows(context.Background(), func(*pricelist.Row) error { return stop }); err != stop { //nolint:errorlint // as it is
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	err = l.Rows(ctx, func(*pricelist.Row) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n > 256 {
		t.Error(n, err)
	}
	if got := len(rows(t, l)); got != 1000 { // again, from the start
		t.Error(got)
	}
}

func TestShortReader(t *testing.T) {
	t.Parallel()
	_, err := pricelist.Open(context.Background(), strings.NewReader("a;1\n"), 100, nil, nil)
	var unreadable *pricelist.UnreadableError
	if err == nil || errors.As(err, &unreadable) {
		t.Error(err)
	}
}
