package fetch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/listtext"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// worldList is a list like those that are published, and what someone who reads it with care makes of it.
type worldList struct {
	file    string
	refused string               // a part of what is said where it can't be read without options
	options *atlantv1.CsvOptions // that the refusal asks for
	want    string               // encoding, columns of the name, of the price, decimal mark, currency, rows accepted and rejected
	rows    []string             // the first and the last one that is accepted
}

func priceIn(column string) *atlantv1.CsvOptions { return &atlantv1.CsvOptions{PriceColumn: column} }

var worldLists = []worldList{
	{
		file: "shops/amazon-flat.txt",
		want: `utf-8, name [2], price 5, mark ".", currency "EUR": 3 + 1`,
		rows: []string{"Espresso Beans 1 kg = 18.9 EUR", "Cup = 7 EUR"},
	},
	{
		file: "shops/amazon-inventory.txt",
		want: `utf-8, name [1], price 5, mark ".", currency "": 3 + 0`,
		rows: []string{"Espresso Beans 1 kg = 18.9", `Cup 12" high = 7`},
	},
	{
		file: "shops/ebay.csv",
		want: `utf-8, name [4], price 6, mark ".", currency "": 3 + 0`,
		rows: []string{"Phone case black = 12.99", "Phone stand = 8.5"},
	},
	{
		file: "shops/google-merchant.tsv",
		want: `utf-8, name [2], price 7, mark ".", currency "EUR": 3 + 0`,
		rows: []string{"Espresso Beans 1 kg = 18.9 EUR", "Tea Pot 1.2 l = 1299 EUR"},
	},
	{
		file: "shops/magento.csv",
		want: `utf-8, name [7], price 14, mark ".", currency "": 3 + 0`,
		rows: []string{"Joust Duffle Bag = 34", "Crown Summit Backpack = 38.5"},
	},
	{
		file:    "shops/prestashop.csv",
		refused: "columns 5 and 7 of line 1 could both be the price; csv.price_column",
		options: priceIn("Price tax excluded"),
		want:    `utf-8, name [3], price 5, mark ".", currency "": 3 + 0`,
		rows:    []string{"Hummingbird t-shirt = 23.9", "The best is yet to come = 29"},
	},
	{
		file:    "shops/scraped-two-prices.csv",
		refused: "columns 4 and 5 of line 1 could both be the price; csv.price_column",
		options: priceIn("discounted_price"),
		want:    `utf-8, name [2], price 4, mark "", currency "INR": 3 + 0`,
		rows:    []string{"Wayona Nylon Braided USB Cable = 399 INR", "Sounce Fast Phone = 199 INR"},
	},
	{
		file: "shops/shopify.csv",
		want: `utf-8, name [2], price 19, mark ".", currency "": 2 + 2`,
		rows: []string{"Classic Tee = 19.99", "Blue Mug = 9"},
	},
	{
		file:    "shops/woocommerce.csv",
		refused: "columns 17 and 18 of line 1 could both be the price; csv.price_column",
		options: priceIn("Regular price"),
		want:    `utf-8, name [5], price 18, mark ".", currency "": 3 + 0`,
		rows:    []string{"Espresso Beans, 1 kg = 18.9", "Cup = 7"},
	},
	{
		file:    "suppliers/distributor.csv",
		refused: "columns 14 and 15 of line 1 could both be the price; csv.price_column",
		options: &atlantv1.CsvOptions{PriceColumn: "Customer Price", NameColumns: []string{"Ingram Part Description"}},
		want:    `utf-8, name [2], price 14, mark ".", currency "": 3 + 0`,
		rows:    []string{"HP LASERJET TONER 26A BLACK = 89.45", "CABLE CAT6 5M = 2.1"},
	},
	{
		file:    "suppliers/hek-uvp.csv",
		refused: "columns 7 and 8 of line 1 could both be the price; csv.price_column",
		options: priceIn("HEK"),
		want:    `utf-8, name [5], price 7, mark ",", currency "": 3 + 0`,
		rows:    []string{"Toner 26A schwarz = 89.45", "Kabel Cat6 5m = 2.1"},
	},
	{
		file:    "suppliers/msrp-map.csv",
		refused: "columns 3 and 4 of line 1 could both be the price; csv.price_column",
		options: priceIn("msrp"),
		want:    `utf-8, name [2], price 3, mark ".", currency "": 3 + 0`,
		rows:    []string{"Drill 18V = 129.99", "Sander = 89.99"},
	},
	{
		file:    "suppliers/netto-brutto.csv",
		refused: "columns 3 and 4 of line 1 could both be the price; csv.price_column",
		options: priceIn("4"),
		want:    `utf-8, name [2], price 4, mark ",", currency "": 3 + 0`,
		rows:    []string{"Toner 26A schwarz = 106.45", "Kabel Cat6 5m = 2.5"},
	},
	{
		file: "suppliers/preamble-sections-total.csv",
		want: `windows-1251, name [3], price 6, mark ",", currency "": 3 + 3`,
		rows: []string{"Болт М8х30 = 12.5", "Шайба 8 мм; оцинк. = 0.85"},
	},
	{
		file:    "suppliers/quantities.csv",
		refused: "columns 3, 4 and 5 of line 1 could all be the price; csv.price_column",
		options: priceIn("Price 10+"),
		want:    `utf-8, name [2], price 4, mark ".", currency "": 3 + 0`,
		rows:    []string{"Resistor 10k = 0.05", "Inductor 10u = 0.4"},
	},
	{
		file: "suppliers/rate.csv",
		want: `utf-8, name [2], price 4, mark ".", currency "": 3 + 0`,
		rows: []string{"Cement OPC 53 = 385", "TMT Bar 12mm = 62.5"},
	},
	{
		file: "suppliers/retail.csv",
		want: `utf-8, name [2], price 3, mark ".", currency "": 3 + 0`,
		rows: []string{"Drill 18V = 129.99", "Sander = 89.99"},
	},
	{
		file:    "suppliers/unicode-text.txt",
		refused: "columns 4 and 5 of line 1 could both be the price; csv.price_column",
		options: priceIn("Розничная цена"),
		want:    `utf-16le, name [1], price 5, mark ",", currency "": 3 + 0`,
		rows:    []string{"Болт М8х30 = 12.5", "Шайба 8 мм = 0.85"},
	},
	{
		file: "suppliers/uvp.csv",
		want: `utf-8, name [2], price 4, mark ",", currency "EUR": 3 + 0`,
		rows: []string{"Toner 26A schwarz = 115.99 EUR", "Kabel Cat6 5m = 4.99 EUR"},
	},
	{
		file: "languages/arabic.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "": 3 + 0`,
		rows: []string{"أرز بسمتي = 45.5", "شاي = 1234"},
	},
	{
		file: "languages/brazilian.csv",
		want: `windows-1252, name [2], price 3, mark ",", currency "BRL": 3 + 0`,
		rows: []string{"Parafuso M8 = 1.2 BRL", "Porca M8 = 0.55 BRL"},
	},
	{
		file: "languages/bulgarian.csv",
		want: `windows-1251, name [2], price 3, mark ",", currency "BGN": 2 + 0`,
		rows: []string{"Болт = 1.2 BGN", "Бормашина = 234 BGN"},
	},
	{
		file: "languages/chinese.csv",
		want: `gb18030, name [3], price 6, mark ".", currency "CNY": 3 + 0`,
		rows: []string{"农夫山泉饮用水 = 2 CNY", "茅台酒 = 1499 CNY"},
	},
	{
		file: "languages/czech.csv",
		want: `windows-1250, name [2], price 3, mark ",", currency "CZK": 3 + 0`,
		rows: []string{"Šroub M8 = 1234.5 CZK", "Vrtačka = 1200 CZK"},
	},
	{
		file: "languages/dinars.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "KWD": 3 + 0`,
		rows: []string{"أرز = 1.25 KWD", "شاي = 12.75 KWD"},
	},
	{
		file: "languages/french.csv",
		want: `utf-8, name [2], price 3, mark ",", currency "EUR": 3 + 0`,
		rows: []string{"Vis M8 = 1 EUR", "Écrou = 0.5 EUR"},
	},
	{
		file: "languages/hebrew.csv",
		want: `windows-1255, name [2], price 3, mark ".", currency "": 3 + 0`,
		rows: []string{"חלב 3% = 6.2", "גבינה = 1234"},
	},
	{
		file: "languages/hungarian.csv",
		want: `utf-8, name [2], price 3, mark "", currency "HUF": 3 + 0`,
		rows: []string{"Csavar M8 = 1234 HUF", "Fúró = 12990 HUF"},
	},
	{
		file: "languages/indian.csv",
		want: `utf-8, name [2], price 5, mark ".", currency "INR": 3 + 0`,
		rows: []string{`Samsung TV 55" = 111110.4 INR`, "USB Cable = 299 INR"},
	},
	{
		file: "languages/indonesian.csv",
		want: `utf-8, name [1], price 2, mark ",", currency "IDR": 3 + 0`,
		rows: []string{"Pulpen = 12500 IDR", "Penghapus = 500 IDR"},
	},
	{
		file: "languages/japanese.csv",
		want: `shift_jis, name [2], price 4, mark ".", currency "": 3 + 0`,
		rows: []string{"ボールペン 黒 = 1200", "プリンター = 123000"},
	},
	{
		file: "languages/korean.csv",
		want: `euc-kr, name [2], price 3, mark ".", currency "KRW": 3 + 0`,
		rows: []string{"볼펜 = 1200 KRW", "프린터 = 123000 KRW"},
	},
	{
		file: "languages/lithuanian.csv",
		want: `utf-8, name [2], price 3, mark ",", currency "EUR": 2 + 0`,
		rows: []string{"Varžtas = 0.15 EUR", "Gręžtuvas = 123 EUR"},
	},
	{
		file: "languages/norwegian.csv",
		want: `utf-8, name [2], price 3, mark ",", currency "": 3 + 0`,
		rows: []string{"Skrue M8 = 12.5", "Drill = 899"},
	},
	{
		file: "languages/persian.csv",
		want: `utf-8, name [2], price 3, mark "", currency "": 3 + 0`,
		rows: []string{"برنج = 1250000", "چای = 950000"},
	},
	{
		file: "languages/rupees.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "": 3 + 0`,
		rows: []string{"Basmati Rice 5 kg = 499", "Ghee 1 l = 1250"},
	},
	{
		file: "languages/swedish.csv",
		want: `utf-8, name [2], price 3, mark "", currency "": 2 + 1`,
		rows: []string{"Mutter M8 = 1234", "Borrmaskin = 899"},
	},
	{
		file: "languages/swiss.csv",
		want: `utf-8, name [2], price 3, mark ".", currency "CHF": 3 + 0`,
		rows: []string{"Schraube M8 = 0.85 CHF", "Mutter = 12345 CHF"},
	},
	{
		file: "languages/thai.csv",
		want: `windows-874, name [2], price 3, mark ".", currency "": 3 + 0`,
		rows: []string{"ปากกา = 12.5", "สมุด = 25"},
	},
	{
		file: "languages/turkish.csv",
		want: `windows-1254, name [2], price 5, mark ",", currency "TRY": 3 + 0`,
		rows: []string{"Matkap 500W = 1234.56 TRY", "Çekiç = 2150 TRY"},
	},
	{
		file: "languages/vietnamese.csv",
		want: `utf-8, name [2], price 4, mark ",", currency "VND": 3 + 0`,
		rows: []string{"Bút bi = 5000 VND", "Vở = 12500 VND"},
	},
	{
		file: "opendata/fuel-brazil.csv",
		want: `utf-8, name [7], price 9, mark ",", currency "": 3 + 0`,
		rows: []string{"GASOLINA = 5.199", "GASOLINA = 5.29"},
	},
	{
		file:    "opendata/fuel-france.csv",
		refused: "columns 9, 11, 13 and 15 of line 1 could all be the price; csv.price_column",
		options: &atlantv1.CsvOptions{PriceColumn: "Prix Gazole", NameColumns: []string{"id", "Ville"}, DecimalMark: "."},
		want:    `utf-8, name [1 5], price 9, mark ".", currency "": 2 + 0`,
		rows:    []string{"1000001 SAINT-DENIS = 1.749", "1000002 BOURG = 1.739"},
	},
	{
		file: "opendata/fuel-italy.csv",
		want: `utf-8, name [2], price 3, mark ".", currency "": 4 + 0`,
		rows: []string{"Benzina = 1.879", "GPL = 0.719"},
	},
	{
		file:    "opendata/fuel-spain.csv",
		refused: "columns 10, 11 and 12 of line 1 could all be the price; csv.price_column",
		options: &atlantv1.CsvOptions{PriceColumn: "Precio Gasoleo A", NameColumns: []string{"Rótulo", "Dirección"}, DecimalMark: ","},
		want:    `utf-8, name [14 2], price 10, mark ",", currency "": 2 + 0`,
		rows:    []string{"Nº 10.935 AVENIDA CASTILLA, 26 = 1.529", "REPSOL CR CM-332, 46,4 = 1.519"},
	},
	{
		file: "opendata/hxl.csv",
		want: `utf-8, name [8], price 13, mark ".", currency "AFN": 3 + 1`,
		rows: []string{"Bread = 50 AFN", "Bread = 52 AFN"},
	},
	{
		file:    "opendata/lowest-highest.csv",
		refused: "columns 2, 3 and 4 of line 1 could all be the price; csv.price_column",
		options: priceIn("平均价"),
		want:    `utf-8, name [1], price 3, mark ".", currency "": 3 + 0`,
		rows:    []string{"大白菜 = 0.6", "黄瓜 = 2.25"},
	},
	{
		file:    "opendata/no-header.csv",
		refused: "the list has 15 columns",
		options: &atlantv1.CsvOptions{PriceColumn: "6", NameColumns: []string{"1", "2", "3"}},
		want:    `utf-8, name [1 2 3], price 6, mark ".", currency "": 3 + 0`,
		rows: []string{
			"CUADERNO FORMA ITALIANA 96 HOJAS PASTA DURA. CUADRICULA CHICA ESTRELLA = 25.9",
			"GISES CAJA 12 CERAS. TAMANO REGULAR C.B. 201034 CRAYOLA = 13.9",
		},
	},
	{
		file: "opendata/quotes.csv",
		want: `utf-8, name [3], price 6, mark ".", currency "": 3 + 0`,
		rows: []string{"LARGE LOAF-WHITE-UNSLICED-800G = 1.25", "SIX BREAD ROLLS-WHITE/BROWN = 0.95"},
	},
	{
		file: "spreadsheets/carriage-returns.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "": 2 + 0`,
		rows: []string{"Milk = 1.99", "Bread, white = 2.49"},
	},
	{
		file:    "spreadsheets/cents.csv",
		refused: `the header of column 3, "price_cents"`,
		options: priceIn("price_cents"),
		want:    `utf-8, name [2], price 3, mark "", currency "": 3 + 0`,
		rows:    []string{"Milk = 199", "Cheese = 1200"},
	},
	{
		file: "spreadsheets/formulas.csv",
		want: `utf-8, name [2], price 3, mark ",", currency "": 3 + 0`,
		rows: []string{"Milk = 1.99", "Butter = 3.1"},
	},
	{
		file: "spreadsheets/long-rows.csv",
		want: `utf-8, name [1], price 2, mark ",", currency "": 2 + 2`,
		rows: []string{"Milk = 1.99", "Bread = 2.49"},
	},
	{
		file:    "spreadsheets/merged-header.csv",
		refused: "columns 3 and 4 of line 2 could both be the price; csv.price_column",
		options: priceIn("Gross"),
		want:    `utf-8, name [2], price 4, mark ",", currency "": 3 + 0`,
		rows:    []string{"Milk = 1.99", "Cheese = 12"},
	},
	{
		file: "spreadsheets/no-values.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "": 2 + 8`,
		rows: []string{"Milk = 1.99", "Ham = 0"},
	},
	{
		file: "spreadsheets/old-price.csv",
		want: `utf-8, name [1], price 3, mark ".", currency "": 3 + 0`,
		rows: []string{"Milk = 1.99", "Cheese = 12"},
	},
	{
		file:    "spreadsheets/row-names.csv",
		refused: "all rows have more columns than the header on line 1",
		options: &atlantv1.CsvOptions{SkipLines: 1, NoHeader: true, PriceColumn: "3", NameColumns: []string{"2"}},
		want:    `utf-8, name [2], price 3, mark ".", currency "": 3 + 0`,
		rows:    []string{"Milk = 1.99", "Cheese = 12"},
	},
	{
		file: "spreadsheets/sep.csv",
		want: `utf-8, name [1], price 2, mark ",", currency "": 2 + 0`,
		rows: []string{"Milch = 1.99", "Brot = 2.49"},
	},
	{
		file: "spreadsheets/short-rows.csv",
		want: `utf-8, name [1], price 2, mark ",", currency "": 4 + 1`,
		rows: []string{"Milk = 1.99", "Cheese = 12"},
	},
	{
		file: "spreadsheets/sum.csv",
		want: `utf-8, name [1], price 3, mark ",", currency "": 3 + 4`,
		rows: []string{"Milch = 1.99", "Käse = 12"},
	},
	{
		file:    "spreadsheets/thousands.csv",
		refused: `the header of column 2, "Цена, тыс. руб."`,
		options: priceIn("2"),
		want:    `utf-8, name [1], price 2, mark "", currency "": 2 + 0`,
		rows:    []string{"Квартира = 3450", "Дом = 8900"},
	},
	{
		file:    "traps/could-be-decimals.csv",
		refused: `the price "1,859" could be 1859 or 1.859; csv.decimal_mark would settle it`,
		options: &atlantv1.CsvOptions{DecimalMark: ","},
		want:    `utf-8, name [1], price 2, mark ",", currency "": 3 + 0`,
		rows:    []string{"Super E5 = 1.859", "Diesel = 1.679"},
	},
	{
		file:    "traps/could-be-thousands.csv",
		refused: `the price "125.000" could be 125000 or 125.000; csv.decimal_mark would settle it`,
		options: &atlantv1.CsvOptions{DecimalMark: ","},
		want:    `utf-8, name [1], price 2, mark ",", currency "": 3 + 0`,
		rows:    []string{"Casa = 125000", "Plaza = 12000"},
	},
	{
		file: "traps/decimal-commas.csv",
		want: `utf-8, name [1], price 2, mark "", currency "": 1 + 3`,
		rows: []string{"Cheese = 12", "Cheese = 12"},
	},
	{
		file:    "traps/feet.csv",
		refused: "the list has 3 columns",
		options: &atlantv1.CsvOptions{PriceColumn: "3", NameColumns: []string{"1"}},
		want:    `utf-8, name [1], price 3, mark ".", currency "": 3 + 0`,
		rows:    []string{"2x4 stud = 3.49", "plywood = 31"},
	},
	{
		file: "traps/mixed-marks.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "": 3 + 1`,
		rows: []string{"A = 1234.5", "D = 3"},
	},
	{
		file:    "traps/rates-amounts.csv",
		refused: "columns 5 and 6 of line 1 could both be the price; csv.price_column",
		options: priceIn("Rate"),
		want:    `utf-8, name [2], price 5, mark ".", currency "": 3 + 1`,
		rows:    []string{"Cement = 385", "Steel = 62.5"},
	},
	{
		file:    "traps/ratings.csv",
		refused: "the list has 3 columns",
		options: &atlantv1.CsvOptions{PriceColumn: "2", NameColumns: []string{"1"}},
		want:    `utf-8, name [1], price 2, mark "", currency "": 3 + 0`,
		rows:    []string{"Laptop A = 1299", "Mouse = 19"},
	},
	{
		file: "traps/unit-price-total.csv",
		want: `utf-8, name [1], price 3, mark ".", currency "": 3 + 1`,
		rows: []string{"Widget A = 1.5", "Widget C = 5.25"},
	},
	{
		file: "traps/units-ranges.csv",
		want: `utf-8, name [1], price 2, mark ",", currency "EUR": 3 + 2`,
		rows: []string{"Äpfel = 2.99 EUR", "Milch = 1.09 EUR"},
	},
	{
		file: "traps/unquoted-comma.csv",
		want: `utf-8, name [1], price 2, mark ".", currency "": 2 + 3`,
		rows: []string{"Milk, 1 l = 1.99", "Butter = 3.1"},
	},
}

func TestWorldLists(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, list := range worldLists {
		seen[list.file] = true
		t.Run(list.file, func(t *testing.T) {
			t.Parallel()
			if list.refused != "" {
				if summary, _, err := readWorldList(t, list.file, nil); err == nil || !strings.Contains(err.Error(), list.refused) {
					t.Errorf("read as %s, %v; want %q", summary, err, list.refused)
				}
				if list.options == nil {
					return
				}
			}
			summary, rows, err := readWorldList(t, list.file, list.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(list.want, summary) + cmp.Diff(list.rows, []string{rows[0], rows[len(rows)-1]}); diff != "" {
				t.Error(diff)
			}
		})
	}
	files, err := filepath.Glob("testdata/world/*/*")
	if err != nil || len(files) != len(worldLists) {
		t.Errorf("%d files, %d tests, %v", len(files), len(worldLists), err)
	}
	for _, file := range files {
		if name, _ := filepath.Rel("testdata/world", file); !seen[filepath.ToSlash(name)] {
			t.Errorf("%s is not tested", file)
		}
	}
}

// readWorldList reads a list as a fetch does, and says how, and which rows were accepted.
func readWorldList(t *testing.T, name string, o *atlantv1.CsvOptions) (summary string, rows []string, err error) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata/world", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := read(t.Context(), &toRead{
		file: file, size: info.Size(), hints: listtext.Hints{MaxBytes: DefaultMaxListBytes}, options: o, source: events.DefaultSource,
		makeText: func() (*textFile, error) {
			text, err := os.CreateTemp(t.TempDir(), "")
			return &textFile{text}, err
		},
	})
	defer func() { _ = r.close() }()
	if err != nil {
		return "", nil, err
	}
	rejected := 0
	err = r.list.Rows(t.Context(), func(row *pricelist.Row) error {
		if row.Reject != nil {
			rejected++
			return nil
		}
		rows = append(rows, fmt.Sprintf("%s = %s", row.Name, strings.TrimSpace(micros(row.Price.Micros)+" "+row.Price.Currency)))
		return nil
	})
	d := r.dialect()
	return fmt.Sprintf("%s, name %v, price %d, mark %q, currency %q: %d + %d", d.GetEncoding(), d.GetNameColumns(), d.GetPriceColumn(),
		d.GetDecimalMark(), d.GetCurrencyCode(), len(rows), rejected), rows, err
}

func micros(n int64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%06d", n/1_000_000, n%1_000_000), "0"), ".")
}
