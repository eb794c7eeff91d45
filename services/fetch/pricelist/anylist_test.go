package pricelist_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// anyList is a list in the style of one of many programs and countries, and what is true of it.
type anyList struct {
	text   string
	prices map[string]int64 // in micros, by name
	sloppy bool             // texts may hold the delimiter, so that names are cut
}

// TestNoListIsReadWrong makes lists of all kinds. Each may be read or refused, in whole or in part, but what is read is right.
func TestNoListIsReadWrong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := drawList(t)
		l, err := open(list.text, nil)
		if err != nil {
			return
		}
		err = l.Rows(context.Background(), func(row *pricelist.Row) error {
			want, known := list.prices[row.Name]
			if row.Reject == nil && (!known && !list.sloppy || known && want != row.Price.Micros) {
				t.Fatalf("%s\nline %d: %q costs %d, not %d; %v", list.text, row.Line, row.Name, want, row.Price.Micros, l.Dialect())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// style is how numbers and fields are written.
type style struct {
	delimiter, mark, group    string
	decimals                  int
	before, behind            string // the number
	header, quotesAll, ragged bool
	sloppy                    bool // nothing is quoted
}

func drawStyle(t *rapid.T) style {
	s := style{
		delimiter: rapid.SampledFrom([]string{";", ",", "|", "\t"}).Draw(t, "delimiter"),
		mark:      rapid.SampledFrom([]string{".", ","}).Draw(t, "mark"),
		group:     rapid.SampledFrom([]string{"", "", ".", ",", " ", "\u00a0", "'"}).Draw(t, "group"),
		decimals:  rapid.SampledFrom([]int{0, 1, 2, 2, 2, 3}).Draw(t, "decimals"),
		behind:    rapid.SampledFrom([]string{"", "", "", " €", " EUR", " zł", ",-", "/kg"}).Draw(t, "behind"),
		before:    rapid.SampledFrom([]string{"", "", "", "€", "EUR ", "CHF "}).Draw(t, "before"),
		header:    rapid.Bool().Draw(t, "header"),
		quotesAll: rapid.Bool().Draw(t, "quotes all"),
		ragged:    rapid.Bool().Draw(t, "ragged"),
		sloppy:    rapid.Bool().Draw(t, "sloppy"),
	}
	// Without a header, or where rows end early as well, nobody can tell 1,50 from 1 and a note that says 50.
	s.sloppy = s.sloppy && s.header && !s.ragged
	if s.group == s.mark {
		s.group = ""
	}
	if s.behind == ",-" && (s.decimals > 0 || s.mark == ".") {
		s.behind = ""
	}
	return s
}

// number writes thousandths.
func (s *style) number(thousandths int64) string {
	whole := fmt.Sprint(thousandths / 1000)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + s.group + whole[i:]
	}
	if s.decimals == 0 {
		return whole
	}
	return whole + s.mark + fmt.Sprintf("%03d", thousandths%1000)[:s.decimals]
}

// field quotes what has to be quoted.
func (s *style) field(text string) string {
	if s.sloppy {
		return text
	}
	if s.quotesAll || strings.Contains(text, s.delimiter) || strings.HasPrefix(text, `"`) {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// anyColumn is a column of a list: what may stand over it, and what in it.
type anyColumn struct {
	headers []string
	cell    func(t *rapid.T, s *style, row int) string
}

var otherColumns = []anyColumn{
	{[]string{"id", "Nr.", "", "№"}, func(_ *rapid.T, _ *style, row int) string { return fmt.Sprint(row + 1) }},
	{[]string{"EAN", "GTIN", "Barcode"}, func(_ *rapid.T, _ *style, row int) string { return fmt.Sprintf("40063813339%02d", row) }},
	{[]string{"stock", "Bestand", "Остаток", "Qty"}, func(t *rapid.T, _ *style, _ int) string {
		return fmt.Sprint(rapid.IntRange(0, 150).Draw(t, "stock"))
	}},
	{[]string{"old price", "Alter Preis", "Старая цена", "Prix barré"}, func(t *rapid.T, s *style, _ int) string {
		return s.number(rapid.Int64Range(100, 99_999).Draw(t, "old") * 10)
	}},
	{[]string{"Rabatt", "VAT", "НДС"}, func(t *rapid.T, _ *style, _ int) string {
		return rapid.SampledFrom([]string{"7", "19", "7%", "19 %"}).Draw(t, "VAT")
	}},
	{[]string{"date", "Datum", "дата"}, func(_ *rapid.T, _ *style, row int) string { return fmt.Sprintf("2026-04-%02d", row%28+1) }},
	{[]string{"note", "Hinweis", ""}, func(t *rapid.T, _ *style, _ int) string {
		return rapid.SampledFrom([]string{"", "", "new", "a, b; c", "10"}).Draw(t, "note")
	}},
	{[]string{"weight", "Gewicht (kg)", "вес"}, func(t *rapid.T, s *style, _ int) string {
		return s.number(rapid.Int64Range(1, 30_000).Draw(t, "weight"))
	}},
}

// drawList writes a list with one price, and other columns around it.
func drawList(t *rapid.T) anyList {
	s := drawStyle(t)
	list := anyList{prices: map[string]int64{}}
	columns := rapid.SliceOfN(rapid.IntRange(-2, len(otherColumns)-1), 0, 5).Draw(t, "columns") // -1 is the price, -2 the name
	columns = slices.DeleteFunc(columns, func(i int) bool { return i < 0 })
	slices.Sort(columns)
	columns = rapid.Permutation(append(slices.Compact(columns), -1, -2)).Draw(t, "order")
	var lines [][]string
	if s.header {
		lines = append(lines, drawHeader(t, columns))
	}
	for row := range rapid.IntRange(1, 12).Draw(t, "rows") {
		name := fmt.Sprintf("%s %d", rapid.SampledFrom([]string{"Milk", "Bread, white", "Nail; 5", `12" pipe`, "Чай"}).Draw(t, "name"), row)
		unit := []int64{1000, 100, 10, 1}[s.decimals]
		thousandths := rapid.Int64Range(0, 9_999_999).Draw(t, "price") / unit * unit
		list.prices[name] = thousandths * 1000
		var cells []string
		for _, i := range columns {
			switch i {
			case -1:
				cells = append(cells, s.before+s.number(thousandths)+s.behind)
			case -2:
				cells = append(cells, name)
			default:
				cells = append(cells, otherColumns[i].cell(t, &s, row))
			}
		}
		lines = append(lines, cells)
	}
	list.text, list.sloppy = s.write(lines), s.sloppy
	return list
}

func drawHeader(t *rapid.T, columns []int) []string {
	var cells []string
	for _, i := range columns {
		headers := []string{"name", "Artikel", "Наименование", "Produkt"}
		switch {
		case i == -1:
			headers = []string{"price", "Preis", "Цена (руб.)", "Unit price", "Prix TTC", "Wert x"}
		case i >= 0:
			headers = otherColumns[i].headers
		}
		cells = append(cells, rapid.SampledFrom(headers).Draw(t, "header"))
	}
	return cells
}

func (s *style) write(lines [][]string) string {
	var b strings.Builder
	for _, cells := range lines {
		for s.ragged && len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		for i, cell := range cells {
			if i > 0 {
				b.WriteString(s.delimiter)
			}
			b.WriteString(s.field(cell))
		}
		b.WriteString("\n")
	}
	return b.String()
}
