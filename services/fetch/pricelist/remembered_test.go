package pricelist_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

func openWith(text string, o *atlantv1.CsvOptions, m *pricelist.Remembered) (*pricelist.List, error) {
	return pricelist.Open(context.Background(), strings.NewReader(text), int64(len(text)), o, m)
}

// remember reads a list, and returns what the next one can be read by.
func remember(t *testing.T, fetch, text string, o *atlantv1.CsvOptions, before *pricelist.Remembered) *pricelist.Remembered {
	t.Helper()
	l, err := openWith(text, o, before)
	if err != nil {
		t.Fatal(err)
	}
	return &pricelist.Remembered{Fetch: fetch, Dialect: l.Dialect()}
}

func TestRemembered(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for name, test := range map[string]struct {
		before, text  string
		options       *o     // of both
		alone, filled string // the rows, or a part of the error
		evidence      string // of what was filled
	}{
		"decimal comma": {
			"Milk;1,50\n", "Bread;1,234\n", nil, "1@0 PRICE_AMBIGUOUS/2", "1@0 Bread=1234000",
			"the decimal mark is a comma, as in fetch F1 of this list",
		},
		"decimal point, under the same header": {
			"name;price\nMilk;1.50\n", "name;price\nBread;1.234\n", nil, "2@11 PRICE_AMBIGUOUS/2", "2@11 Bread=1234000",
			"the decimal mark is a point, as in fetch F1 of this list",
		},
		"thousands, as they were written": {
			"Milk;1.234,50\n", "Bread;1.234\n", nil, "1@0 PRICE_AMBIGUOUS/2", "1@0 Bread=1234000000",
			"the decimal mark is a comma, as in fetch F1 of this list",
		},
		"a mark that the list itself leaves open in part": {
			"Milk;1,50\n", "Tea;2,5\n" + strings.Repeat("Bread;1,234\n", 30), nil,
			"1@0 Tea=2500000|2@8 PRICE_AMBIGUOUS/2", "1@0 Tea=2500000|2@8 Bread=1234000",
			"the decimal mark is a comma, as in fetch F1 of this list",
		},
		"order of dates": {
			"date;name;price\n13/05/2026;Milk;1\n", "date;name;price\n04/05/2026;Milk;1\n", &o{ObservedAtColumn: "date"},
			"2@16 DATE/1", "2@16 Milk=1000000  2026-05-04T00:00", "the day comes first, as in fetch F1 of this list",
		},
		"two columns that could be the price": {
			"Milk;white;1.50;x\nBread;dark;2.50;\nTea;green;3.50;\n", "Milk;white;1.75;7\nBread;dark;2.75;8\n",
			&o{NameColumns: []string{"1"}},
			"the price could be column 3", "1@0 Milk=1750000|2@18 Bread=2750000",
			"columns are separated by semicolons, and the price is in column 3, as in fetch F1 of this list",
		},
		"two columns that could be the name": {
			"Milk;a;1.50\nBread;a;2.50\nTea;a;3.50\n", "Milk;b;1.75\nBread;c;2.75\n", nil,
			"the name could be column 1", "1@0 Milk=1750000|2@12 Bread=2750000",
			"columns are separated by semicolons, and the price is in column 3, as in fetch F1 of this list",
		},
		"delimiter": {
			"Milk;3;x\nBread;5;y\n", "Milk;3;x|4\nBread;5;y|3\n", &o{NameColumns: []string{"1"}},
			"could be separated by", "1@0 Milk=3000000|2@11 Bread=5000000",
			"columns are separated by semicolons, and the price is in column 2, as in fetch F1 of this list",
		},
		"quotes": {
			strings.Repeat("\"5 inch;pipe;1.50\n", 20), "\"6 inch;pipe\";1.75\n\"7 inch;tube;2.75\n", &o{NameColumns: []string{"1", "2"}, PriceColumn: "3"},
			"still open at the end", `1@0 "6 inch pipe"=1750000|2@19 "7 inch tube=2750000`, "quotes are text, as in fetch F1 of this list",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantOutcome(t, test.text, test.options, nil, test.alone)
			m := remember(t, "F1", test.before, test.options, nil)
			d := wantOutcome(t, test.text, test.options, m, test.filled)
			if d.GetRememberedFrom() != "F1" || !strings.Contains(strings.Join(d.GetEvidence(), "\n"), test.evidence) || len(d.GetOpen()) > 0 {
				t.Errorf("want %q: %v", test.evidence, d)
			}
			if d.GetConfidence() < 50 {
				t.Error(d)
			}
			again := remember(t, "F2", test.text, test.options, m)
			if d := wantOutcome(t, test.text, test.options, again, test.filled); d.GetRememberedFrom() != "F2" {
				t.Errorf("what is remembered is not remembered again: %v", d)
			}
		})
	}
}

// wantOutcome checks the first rows of a list, or a part of the error.
func wantOutcome(t *testing.T, text string, o *atlantv1.CsvOptions, m *pricelist.Remembered, want string) *atlantv1.Dialect {
	t.Helper()
	l, err := openWith(text, o, m)
	if err != nil {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%.100q: %v, want %q", text, err, want)
		}
		return nil
	}
	all := showAll(rows(t, l))
	if got := strings.Join(all[:min(len(all), strings.Count(want, "|")+1)], "|"); got != want {
		t.Errorf("%.100q: got %s, want %s: %v", text, got, want, l.Dialect())
	}
	return l.Dialect()
}

// What is remembered does not count where the list says otherwise, or may be another one.
func TestRememberedIsContradicted(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for name, test := range map[string]struct {
		before, text string
		options      *o // of the second list
		want         string
	}{
		"another mark":                  {"Milk;1,50\n", "Tea;1.5\nBread;1,234\n", nil, "1@0 Tea=1500000|2@8 PRICE_AMBIGUOUS/2"},
		"both marks as often":           {"Milk;1,50\n", "Tea;1.5\nRum;2,5\n", nil, "1@0 PRICE_AMBIGUOUS/2|2@8 PRICE_AMBIGUOUS/2"},
		"thousands, never written so":   {"Milk;1,50\n", "Bread;1.234\n", nil, "1@0 PRICE_AMBIGUOUS/2"},
		"no mark was seen":              {"Milk;1\n", "Bread;1,234\n", nil, "1@0 PRICE_AMBIGUOUS/2"},
		"the mark was left open":        {"Tea;2,5\n" + strings.Repeat("Bread;1,234\n", 30), "Bread;1,234\n", nil, "1@0 PRICE_AMBIGUOUS/2"},
		"another header":                {"name;price\nMilk;1,50\n", "name;price*\nBread;1,234\n", nil, "2@12 PRICE_AMBIGUOUS/2"},
		"a header where there was none": {"Milk;1,50\n", "name;price\nBread;1,234\n", nil, "2@11 PRICE_AMBIGUOUS/2"},
		"more columns":                  {"name;price\nMilk;1,50\n", "name;price;x\nBread;1,234;\n", nil, "2@13 PRICE_AMBIGUOUS/2"},
		"another delimiter":             {"Milk;1,50\n", "Bread|1,234\n", nil, "1@0 PRICE_AMBIGUOUS/2"},
		"an option":                     {"Milk;1,50\n", "Bread;1,234\n", &o{DecimalMark: "."}, "1@0 Bread=1234000000"},
		"another column, by an option": {
			"a;Milk;1,50;x\nb;Bread;2,50;y\n", "a;Milk;1,234;1,234\nb;Bread;2,234;1,234\n", &o{NameColumns: []string{"2"}, PriceColumn: "4"},
			"1@0 PRICE_AMBIGUOUS/4",
		},
		"another column is sure": {
			"a;Milk;1.50\na;Bread;2.50\n", "1.50;Milk;b\n2.50;Bread;c\n", nil, "the name could be column 2",
		},
		"no prices in the column": {
			"a;Milk;1.50\na;Bread;2.50\n", "7;8;b\n9;5;c\n", nil, "nothing says which are name and price",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := remember(t, "F1", test.before, &o{NameColumns: firstColumns(test.before)}, nil)
			d := wantOutcome(t, test.text, test.options, m, test.want)
			if d.GetRememberedFrom() != "" {
				t.Error(d)
			}
			if diff := cmp.Diff(wantOutcome(t, test.text, test.options, nil, test.want), d, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// firstColumns says in which column the names of the lists above are.
func firstColumns(text string) []string {
	if line, _, _ := strings.Cut(text, "\n"); strings.Count(line, ";") > 1 {
		return []string{"2"}
	}
	return []string{"1"}
}

// A list that needs nothing of what is remembered is read as it is without: whoever reads it again need not know it.
func TestRememberedIsOfUseOrWithoutEffect(t *testing.T) {
	t.Parallel()
	cell := rapid.SampledFrom([]string{"Milk", "Tea", "1", "2", "1,5", "2.5", "1,234", "1.234", "1.234,5", `"x"`, `"`, "", "04/05/2026"})
	list := rapid.Custom(func(t *rapid.T) string {
		delimiter := rapid.SampledFrom([]string{";", ",", "|"}).Draw(t, "delimiter")
		width := rapid.IntRange(2, 4).Draw(t, "width")
		var b strings.Builder
		b.WriteString(rapid.SampledFrom([]string{"", "name;price\n", "name;price;x\n"}).Draw(t, "header"))
		for range rapid.IntRange(1, 4).Draw(t, "rows") {
			b.WriteString(strings.Join(rapid.SliceOfN(cell, width, width).Draw(t, "row"), delimiter) + "\n")
		}
		return b.String()
	})
	rapid.Check(t, func(t *rapid.T) {
		before, err := openWith(list.Draw(t, "before"), nil, nil)
		if err != nil {
			t.Skip("no list")
		}
		m := &pricelist.Remembered{Fetch: "F1", Dialect: before.Dialect()}
		text := list.Draw(t, "list")
		alone, aloneErr := openWith(text, nil, nil)
		filled, err := openWith(text, nil, m)
		if err != nil {
			if aloneErr == nil || aloneErr.Error() != err.Error() {
				t.Fatalf("%v, but without what is remembered %v", err, aloneErr)
			}
			return
		}
		if filled.Dialect().GetRememberedFrom() != "" {
			if aloneErr == nil && len(alone.Dialect().GetOpen()) == 0 {
				t.Fatalf("nothing was open: %v", filled.Dialect())
			}
			return
		}
		if aloneErr != nil {
			t.Fatal(aloneErr)
		}
		if diff := cmp.Diff(alone.Dialect(), filled.Dialect(), protocmp.Transform()); diff != "" {
			t.Fatal(diff)
		}
	})
}
