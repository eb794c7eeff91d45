package pricelist_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// wantRead checks how the first rows of a list are read.
func wantRead(t *testing.T, text string, o *atlantv1.CsvOptions, want ...string) *atlantv1.Dialect {
	t.Helper()
	l, err := open(text, o)
	if err != nil {
		t.Fatalf("%.100q: %v", text, err)
	}
	got := showAll(rows(t, l))
	if diff := cmp.Diff(append([]string{}, want...), got[:min(len(got), len(want))]); diff != "" {
		t.Errorf("%.100q: %v\n%s", text, l.Dialect(), diff)
	}
	return l.Dialect()
}

func TestHeadersInManyLanguages(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"Name;Price", "PRODUCT_NAME;UNIT-PRICE", "Produktbezeichnung;Preis in EUR", "Désignation;Prix unitaire HT (€)", "Denominación;Precio",
		"Descrizione;Prezzo", "Nome do produto;Preço (R$)", "Nazwa towaru;Cena brutto (PLN)", "Název zboží;Cena s DPH", "Terméknév;Ár (Ft)",
		"Denumire produs;Preț", "Ürün adı;Satış fiyatı", "Omschrijving;Prijs", "Benämning;Pris", "Nimi;Hinta", "Наименование товара;Цена, руб.",
		"Номенклатура;Розничная цена", "Назва товару;Ціна, грн", "Όνομα προϊόντος;Τιμή", "商品名称;价格", "商品名;販売価格", "상품명;판매가", "Tên sản phẩm;Giá bán",
		"productName;listPrice", "  Artikelname  ;  Verkaufspreis (inkl. MwSt.)  ",
	} {
		name, price, _ := strings.Cut(header, ";")
		text := fmt.Sprintf("%s;id;%s;n\n1,50;7;Milk;3\n2,25;8;Bread;4\n", price, name)
		if d := wantRead(t, text, nil); !d.GetHasHeader() || d.GetPriceColumn() != 1 || d.GetNameColumns()[0] != 3 {
			t.Errorf("%s: %v", header, d)
		}
	}
}

// A header that may be of something else than the price is not taken for it.
func TestHeadersThatSayTooLittle(t *testing.T) {
	t.Parallel()
	for header, message := range map[string]string{
		"Name;Price group;Price date;x": "the price could be column 2",
		"Name;Price;Unit price;x":       "columns 2 and 3 of line 1 could both be the price",
		"Store;Price;Stock;x":           "the name could be column 1",
	} {
		wantUnreadable(t, header+"\nMilk;1.50;3;North\nBread;2.25;4;South\n", nil, message)
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	type o = atlantv1.CsvOptions
	for name, test := range map[string]struct {
		text    string
		options *o
		want    []string
	}{
		"tabs":               {"name\tprice\nMilk, 1 l\t1,50\n", nil, []string{"2@11 Milk, 1 l=1500000"}},
		"pipes":              {"Milk|1.50\nBread; white|2.25\n", nil, []string{"1@0 Milk=1500000", "2@10 Bread; white=2250000"}},
		"carriage returns":   {"name;price\rMilk;1.50\r\"Bread\rwhite\";2.25\r", nil, []string{"2@11 Milk=1500000", "3@21 Bread white=2250000"}},
		"trailing delimiter": {"Milk;1.50;\nBread;2.25;\n", nil, []string{"1@0 Milk=1500000", "2@11 Bread=2250000"}},
		"preamble": {
			"Price list of Monday\n\n;;\nid;name;price\n1;Milk;1.50\n2;Bread;2.25\n", nil, []string{"5@39 Milk=1500000", "6@51 Bread=2250000"},
		},
		"preamble, columns by number": {
			"As of Monday\nid|kind|prezzo|x\n1|Milk|1.50|0\n2|Bread|2.25|0\n", &o{NameColumns: []string{"1", "2"}},
			[]string{"3@30 1 Milk=1500000", "4@44 2 Bread=2250000"},
		},
		"preamble, columns by text": {
			"a;b;c\nid;Bier;Taxe\n1;Milk;1.50\n", &o{NameColumns: []string{"Bier"}, PriceColumn: "Taxe"}, []string{"3@19 Milk=1500000"},
		},
		"no preamble: rows before what looks like a header": {
			"Milk;1.50\nname;price\nBread;2.25\n", nil, []string{"1@0 Milk=1500000", "2@10 PRICE_NOT_A_NUMBER/2", "3@21 Bread=2250000"},
		},
		"comments": {
			"# generated on Monday\nMilk;1.50\n#10 envelope;2.25\n# the end\n", nil, []string{"2@22 Milk=1500000", "3@32 #10 envelope=2250000"},
		},
		"more comments than rows": {
			"# list of today, 1.50 and more\n# one, 1\n# two, 2\nMilk;1.50\n# three, 3\nBread;2.25\n", nil,
			[]string{"4@49 Milk=1500000", "6@70 Bread=2250000"},
		},
		"columns by what is in them": {
			"4006381333931;Milk;1,50\n4006381333948;Bread;2,25\n4006381333955;Butter;3\n", nil,
			[]string{"1@0 Milk=1500000", "2@24 Bread=2250000", "3@49 Butter=3000000"},
		},
		"name under a header that does not tell it": {
			"Artikul;Wert;prix\nMilk;7;1,50\nBread;8;2,25\n", nil, []string{"2@18 Milk=1500000", "3@30 Bread=2250000"},
		},
		"dates": {
			"date;name;price\n04/05/2026;Milk;1\n13/05/2026;Milk;2\nsoon;Milk;3\n", &o{ObservedAtColumn: "date"},
			[]string{"2@16 Milk=1000000  2026-05-04T00:00", "3@34 Milk=2000000  2026-05-13T00:00", "4@52 DATE/1"},
		},
		"dates that could be two": {
			"date;name;price\n04/05/2026;Milk;1\n", &o{ObservedAtColumn: "1"}, []string{"2@16 DATE/1"},
		},
		"dates, order given": {
			"date;name;price\n04/05/2026;Milk;1\n", &o{ObservedAtColumn: "1", DateOrder: "mdy"}, []string{"2@16 Milk=1000000  2026-04-05T00:00"},
		},
		"two columns of one price": {
			"name;price;price\nMilk;1;2\n", &o{PriceColumn: "3"}, []string{"2@17 Milk=2000000"},
		},
		"currency in the header": {
			"name;Price (GEL)\nMilk;1.50\nBread;2.25 €\n", nil, []string{"2@17 Milk=1500000 GEL", "3@27 Bread=2250000 EUR"},
		},
		"prices in another currency than the options say": {
			"Milk;1.50 USD\nBread;2.25 €\nBun;1.25\n", &o{CurrencyCode: "EUR"}, []string{"1@0 CURRENCY/2", "2@14 Bread=2250000 EUR", "3@29 Bun=1250000 EUR"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRead(t, test.text, test.options, test.want...)
		})
	}
}

// Quotes that only ever open are inches, and belong to the text.
func TestQuotesThatAreText(t *testing.T) {
	t.Parallel()
	var list strings.Builder
	for i := range 40 {
		fmt.Fprintf(&list, "\"%d inch\tpipe\t%d.50\n", i, i)
	}
	d := wantRead(t, "id\tname\tprice\n"+list.String()+"x\t3/4\" pipe\t2.25\n", nil, "2@14 pipe=500000")
	if d.GetQuote() != "none" {
		t.Error(d)
	}
}

func TestDialectEvidence(t *testing.T) {
	t.Parallel()
	d := wantRead(t, "Stand: Montag\nArtikel;Preis (EUR)\nMilch;1.234,50\n", nil,
		fmt.Sprintf("3@34 %s=1234500000 EUR", "Milch"))
	want := []string{
		"1 row of the sampled 2 separated by semicolons have a price",
		`line 2 is the header: "Artikel", "Preis (EUR)"; 1 line before it passed over`,
		`the decimal mark is a comma in 1 price ("1.234,50" on line 3)`,
		"the header gives the currency: EUR",
	}
	if diff := cmp.Diff(want, d.GetEvidence()); diff != "" {
		t.Error(diff)
	}
}
