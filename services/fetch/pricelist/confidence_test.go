package pricelist_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// many writes n rows of a format with one %d.
func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestConfidence(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for name, test := range map[string]struct {
		text         string
		options      *o
		want         int32
		alternatives []string
	}{
		"one row":      {"Milk;1\n", nil, 66, nil},
		"two rows":     {"Milk;1\nBread;2\n", nil, 75, nil},
		"hundred rows": {many(100, "Milk %d;1\n"), nil, 99, nil},
		"all is given": {
			"Milk;1.5\n", &o{Delimiter: ";", NameColumns: []string{"1"}, PriceColumn: "2", DecimalMark: "."}, 100, nil,
		},
		"a header, no decimals":            {"name;price\nMilk;1\n", nil, 95, nil},
		"a header over rows without price": {"name;price\nMilk;1\n" + many(200, "Nothing %d;\n"), nil, 95, nil},
		"two prices under a header": {
			"name;price;old price\n" + many(10, "Milk %d;1;2\n"), nil, 93, []string{`price in column 3 "old price"`},
		},
		"two names under a header": {
			"description;name;price\n" + many(10, "white;Milk %d;1\n"), nil, 93, []string{`name in column 1 "description"`},
		},
		"two delimiters": {
			many(40, "Milk %d;1;|x\n") + "Bread;2;|3\n", nil, 89, []string{"separated by pipes: 1 of 41 rows would have a price"},
		},
		"two decimal marks": {
			"name;price\nMilk;1.5\nBread;2.5\nRum;3.5\nTea;4,5\n", nil, 66, []string{`decimal mark comma in 1 price ("4,5" on line 5)`},
		},
		"columns by what is in them": { // 20 prices, and 5 of 20 cells beside them
			many(15, "a;Milk %d;1;x\n") + many(5, "a;Bread %d;1;2\n"), nil, 65,
			[]string{`price in column 4: 5 of 20 cells look like one, such as "2"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := open(test.text, test.options)
			if err != nil {
				t.Fatal(err)
			}
			d := l.Dialect()
			if d.GetConfidence() != test.want {
				t.Errorf("got %v, want %v: %v", d.GetConfidence(), test.want, d)
			}
			if diff := cmp.Diff(test.alternatives, d.GetAlternatives()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A list that could as well be another one is refused, with the options that would settle it; with them it is read.
func TestTooLittleConfidence(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for name, test := range map[string]struct {
		text, message string
		settled       *o
	}{
		"prose": {
			"Dear all\n" + many(200, "see item %d; thanks\n") + "we pay; 5\n",
			"it is not certain enough that the columns are separated by semicolons: 1 of 202 rows have a price then; the confidence is ",
			&o{Delimiter: ";"},
		},
		"a column that has prices often": {
			many(9, "a;Milk %d;1;2\n") + many(6, "a;Bread %d;1;\n"),
			"it is not certain enough that column 3 is the price: 15 of 15 cells look like one; " +
				`it could be price in column 4: 9 of 15 cells look like one, such as "2"; ` +
				"the confidence is 45 %, 50 % are needed; csv.name_columns and csv.price_column (--name-columns and --price-column) would settle it",
			&o{PriceColumn: "3"},
		},
		"names that are hardly more unlike than others": {
			many(9, "a%[1]d;b%[1]d;1\n") + many(3, "a0;c%d;1\n") + strings.Repeat("a0;b0;1\n", 8),
			"it is not certain enough that column 2 is the name",
			&o{NameColumns: []string{"2"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantUnreadable(t, test.text, nil, test.message)
			if _, err := open(test.text, test.settled); err != nil {
				t.Error(err)
			}
		})
	}
}

// At the threshold itself a list is read: one row of fifty with a price.
func TestConfidenceAtTheThreshold(t *testing.T) {
	t.Parallel()
	text := many(50, "Nothing %d;on request\n") + "Milk;1\n"
	l, err := open(text, nil)
	if err != nil || l.Dialect().GetConfidence() != 50 {
		t.Fatal(l.Dialect(), err)
	}
	wantUnreadable(t, many(51, "Nothing %d;on request\n")+"Milk;1\n", nil, "the confidence is 49 %, 50 % are needed")
}

// More rows that say the same never lower the confidence, and it stays between the threshold and certainty.
func TestConfidenceGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "rows")
		header := rapid.SampledFrom([]string{"", "name;price\n", "sku;price\n", "Preis;Artikel\n"}).Draw(t, "header")
		row := rapid.SampledFrom([]string{"%d a;1\n", "%d b;1.5\n", "%d c;1,25\n"}).Draw(t, "row")
		last := int32(0)
		for rows := n; rows < n+3; rows++ {
			l, err := open(header+many(rows, row), nil)
			if err != nil {
				if header == "Preis;Artikel\n" { // the names are no prices
					return
				}
				t.Fatal(err)
			}
			got := l.Dialect().GetConfidence()
			if got < last || got < 50 || got > 100 {
				t.Fatalf("%d rows: %v after %v", rows, got, last)
			}
			last = got
		}
	})
}
