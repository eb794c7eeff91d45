package pricelist_test

import (
	"fmt"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// Of several prices the one that is plainly the price is read, and otherwise none.
func TestHeadersWithSeveralPrices(t *testing.T) {
	t.Parallel()
	const rows = "7;Milk;1.50;2.25;3\n8;Bread;3.75;4.25;4\n9;Tea;5.50;6.25;5\n"
	for header, want := range map[string]int32{
		"id;name;old price;price;stock":                     4,
		"id;name;Preis;alter Preis;Bestand":                 3,
		"id;name;price;sale price;stock":                    3,
		"id;name;EK;Verkaufspreis;Lager":                    4,
		"id;name;Price tax incl.;was price;qty":             3,
		"id;name;Precio anterior;Precio oferta;stock":       4,
		"id;name;Gewicht;UVP inkl. MwSt.;Bestand":           4,
		"SKU;Title;Variant Price;Variant Compare At Price;": 3,
		"id;name;weight;Rate;qty":                           4,
		"№;Наименование;Остаток;Цена с НДС, руб.;Кол-во":    4,
		"id;name;rabatt;Ord. pris;antal":                    4,
		"id;name;Quantity;Цена, руб. коп.;qty":              4,
		"コード;品名;在庫数;税込価格;入数":                                4,
		"id;name;評価;小売単価;在庫":                                4,
		"Code;Item;Available Qty;Cost per Unit;Min. Qty":    4,
	} {
		if d := wantRead(t, header+"\n"+rows, nil); d.GetPriceColumn() != want || d.GetNameColumns()[0] != 2 {
			t.Errorf("%s: %v", header, d)
		}
	}
	for header, message := range map[string]string{
		"id;name;net price;gross price;stock":                "columns 3 and 4 of line 1 could both be the price",
		"id;name;Sale price;Regular price;stock":             "columns 3 and 4 of line 1 could both be the price",
		"id;name;Price tax excluded;Wholesale price;stock":   "columns 3 and 4 of line 1 could both be the price",
		"id;name;HEK;UVP;Bestand":                            "columns 3 and 4 of line 1 could both be the price",
		"№;Наименование;Опт. цена;Розн. цена;Кол-во":         "columns 3 and 4 of line 1 could both be the price",
		"id;name;discounted_price;actual_price;ratings":      "columns 3 and 4 of line 1 could both be the price",
		"id;name;Price 1+;Price 10+;Price 100+":              "columns 3, 4 and 5 of line 1 could all be the price",
		"id;Adresse;Prix Gazole;Prix SP95;pop":               "columns 3 and 4 of line 1 could both be the price",
		"id;name;Rate;Amount;Qty":                            "columns 3 and 4 of line 1 could both be the price",
		"品番;品名;税抜価格;税込価格;在庫":                                 "columns 3 and 4 of line 1 could both be the price",
		"id;name;Grundwert;UVP;stock":                        "columns 3 and 4 of line 1 could both be the price",
		"id;name;Dealer;Retail;stock":                        "columns 3 and 4 of line 1 could both be the price",
		"id;name;Price;;stock":                               "columns 3 and 4 of line 1 could both be the price",
		"id;name;price group;old price;stock":                "csv.price_column",
		"id;name;Price per month;Price per year;free months": "columns 3 and 4 of line 1 could both be the price",
	} {
		wantUnreadable(t, header+"\n"+rows, nil, message)
		option := &atlantv1.CsvOptions{NameColumns: []string{"2"}, PriceColumn: "4"}
		wantRead(t, header+"\n"+rows, option, fmt.Sprintf("2@%d Milk=2250000", len(header)+1))
	}
}

// A cell of the header may be one over several columns, and the line below say what they are.
func TestMergedHeader(t *testing.T) {
	t.Parallel()
	wantUnreadable(t, "№;Наименование;Цена;;Остаток\n;;опт;розн;\n1;Болт;10,00;12,50;5\n2;Гайка;2,00;3,50;7\n", nil,
		"columns 3 and 4 of line 1 could both be the price; csv.price_column")
}

// A time is not the name of anything.
func TestNoName(t *testing.T) {
	t.Parallel()
	wantUnreadable(t, "date;price;rooms\n20261013T000000;1.50;3\n20261014T000000;2.25;4\n", nil, "csv.name_columns")
}

// A header may say that the numbers under it are not in the unit of the currency. Who names the column wants them as they are.
func TestHeadersWithAScale(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"price_cents", "PriceInCents", "Price (pence)", "Preis (ct/kWh)", "Cena, tis. Kč", "Цена, тыс. руб.", "Price (million USD)", "价格(万元)",
		"単価（千円）", "Price in lakhs", "Preis [k€]", "Fiyat (bin TL)", "가격(만원)",
	} {
		wantUnreadable(t, "name;"+header+";stock\nMilk;199;3\nBread;249;5\n", nil, "not in whole units of their currency")
		wantRead(t, "name;"+header+";stock\nMilk;199;3\nBread;249;5\n", &atlantv1.CsvOptions{PriceColumn: "2"},
			fmt.Sprintf("2@%d Milk=199000000", len(header)+12)+headerSays(header))
	}
	for _, header := range []string{"price percent incl", "Centro precio", "Prix centrale", "Preis je Tausendfuß"} {
		wantRead(t, "name;"+header+";stock\nMilk;199;3\nBread;249;5\n", nil, fmt.Sprintf("2@%d Milk=199000000", len(header)+12))
	}
}

// headerSays returns the currency that such a header gives as well.
func headerSays(header string) string {
	for code, sign := range map[string]string{" CZK": "Kč", " USD": "USD"} {
		if strings.Contains(header, sign) {
			return code
		}
	}
	return ""
}

// What is in a column tells what its header does not.
func TestColumnsByContent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text        string
		name, price int32
	}{
		"an empty price":         {"name;price;sale price\nMilk;;1.50\nBread;;2.25\n", 1, 3},
		"an empty kind of price": {"name;sale price;regular price\nMilk;;1.50\nBread;;2.25\n", 1, 3},
		"dates of prices":        {"name;Prix Gazole;Prix Gazole le\nMilk;1.50;2026-04-20\nBread;2.25;2026-04-20\n", 1, 2},
		"numbers of articles":    {"Artikel;Beschreibung;Preis\n100200;Milk;1,50\n100201;Bread;2,25\n", 2, 3},
		"numbers as names":       {"Artikel;Preis;Lager\n100200;1,50;3\n100201;2,25;4\n", 1, 2},
		"the only currency":      {"Milk;7;€ 1.50;4\nBread;7;€ 2.25;5\nTea;19;€ 3.50;4\n", 1, 3},
		"a header of no known words": {
			"alfa;beta;gama;delta\nMilk;$1.50;7;2\nBread;$2.25;8;4\nTea;$3.50;9;2\n", 1, 2,
		},
		"what is no price":          {"naam x;KDV;wert x;stok\nMilk;20;1.50;4\nBread;20;2.25;5\nTea;20;3.50;4\n", 1, 3},
		"a name with a word":        {"Vendor name;Car_Name;Selling_Price\nA;ritz;3\nB;swift;4\n", 2, 3},
		"article numbers for names": {"sku;price;qty\nA-100;1.50;10\nA-200;2.25;5\n", 1, 2},
		"a column without a name":   {"name;price;;stock\nMilk;1.50;brown;7\nBread;2.25;;8\n", 1, 2},
		"a rival that is empty":     {"name;Grundwert;UVP\nMilk;;1.50\nBread;;2.25\n", 1, 3},
		"counted from zero":         {";what;how much\n0;Milk;1.50\n1;Bread;2.25\n2;Tea;3.50\n3;Ham;4\n", 2, 3},
	} {
		if d := wantRead(t, test.text, nil); d.GetPriceColumn() != test.price || d.GetNameColumns()[0] != test.name {
			t.Errorf("%s: %v", name, d)
		}
	}
}
