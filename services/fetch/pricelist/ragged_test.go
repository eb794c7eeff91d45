package pricelist_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

func TestRaggedRows(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for name, test := range map[string]struct {
		text    string
		options *o
		want    []string
	}{
		"empty fields dropped": {
			"name;price;color;note\nMilk;1,99\nBread;2,49;brown\nButter;3,10;;salted\nHam\n;\n", nil,
			[]string{"2@22 Milk=1990000", "3@32 Bread=2490000", "4@49 Butter=3100000", "5@69 COLUMN_COUNT/0"},
		},
		"a field dropped that counts": {
			"price;note;name\n1.99;x;Milk\n2.49;y\n", nil, []string{"2@16 Milk=1990000", "3@28 COLUMN_COUNT/0"},
		},
		"the date dropped": {
			"name;price;date\nMilk;1.99;2026-04-20\nBread;2.49\n", &o{ObservedAtColumn: "date"},
			[]string{"2@16 Milk=1990000  2026-04-20T00:00", "3@37 COLUMN_COUNT/0"},
		},
		"surplus fields": {
			"name;price;color\nMilk;1,99;white;;\nBread;2,49;;;x\n", nil, []string{"2@17 Milk=1990000", "3@35 COLUMN_COUNT/0"},
		},
		"short rows beside rows that are shifted": {
			"name;price;color;note\nMilk;1,99\nScrews; 5;2,49;red;x\nNuts; 9;2,49\n", nil,
			[]string{"2@22 COLUMN_COUNT/0", "3@32 COLUMN_COUNT/0", "4@53 COLUMN_COUNT/0"},
		},
		"twenty short rows to a shifted one": {
			"name;price;color;note\n" + strings.Repeat("Milk;1,99\n", 20) + "Screws; 5;2,49;red;x\n", nil, []string{"2@22 Milk=1990000"},
		},
		"commas that split prices": {
			"name,price,stock\nMilk,1.50,7\nNuts,1,99,5\nJam,2,50\nHam,3,\"50\"\nTea,4,few\n", nil,
			[]string{"2@17 Milk=1500000", "3@29 COLUMN_COUNT/0", "4@41 PRICE_AMBIGUOUS/2", "5@50 Ham=3000000", "6@61 Tea=4000000"},
		},
		"a column without a name": {
			"name;price;;\nMilk;1.50;x;\nBread;2.25;y;\n", nil, []string{"2@13 Milk=1500000", "3@26 Bread=2250000"},
		},
		"a remark": {
			"name;price;color\n#1 tea;1.50\n# end; of list\n", nil, []string{"2@17 #1 tea=1500000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRead(t, test.text, test.options, test.want...)
		})
	}
}

func TestRowsLongerThanTheHeader(t *testing.T) {
	t.Parallel()
	const names = "name,price,stock\n1,Milk,1.50,7\n2,Bread,2.25,8\n"
	wantUnreadable(t, names, nil, `such as line 2: "1,Milk,1.50,7"; csv.skip_lines = 1, csv.no_header, and csv.name_columns and csv.price_column`)
	wantRead(t, names, &atlantv1.CsvOptions{SkipLines: 1, NoHeader: true, NameColumns: []string{"2"}, PriceColumn: "3"},
		"2@17 Milk=1500000", "3@31 Bread=2250000")
	wantUnreadable(t, "name,price\nMilk,1,50\nBread,2,25\n", nil, "a decimal comma could be the cause, and nothing tells it")
	wantUnreadable(t, "Milk,1,50\nBread,2,25\n", nil, "or columns 2 and 3 together, at a decimal comma")
}

// Whether a row has its empty fields at its end, and how many, makes no difference.
func TestEmptyFieldsAtTheEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var padded, ragged strings.Builder
		header := "id;name;price;a;b;c\n"
		for i := range rapid.IntRange(1, 20).Draw(t, "rows") {
			fmt.Fprintf(&padded, "%d;p%d;%d.50;;;\n", i, i, i)
			fmt.Fprintf(&ragged, "%d;p%d;%d.50%s\n", i, i, i, strings.Repeat(";", rapid.IntRange(0, 9).Draw(t, "empty")))
		}
		if diff := cmp.Diff(prices(t, header+padded.String()), prices(t, header+ragged.String())); diff != "" {
			t.Error(diff)
		}
	})
}

// prices reads a list and returns its rows, without where they stand.
func prices(t rapid.TB, text string) []string {
	t.Helper()
	l, err := open(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, shown := range showAll(rows(t, l)) {
		_, row, _ := strings.Cut(shown, " ")
		all = append(all, row)
	}
	return all
}
