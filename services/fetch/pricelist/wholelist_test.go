package pricelist_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is decided from the whole list: each case shows how its last rows are read.
func TestWholeListDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"the other mark is rejected": {
			"a;1.50\nb;2,50\nc;3.75\n",
			[]string{"1@0 a=1500000", "2@7 PRICE_NOT_A_NUMBER/2", "3@14 c=3750000"},
		},
		"a mark that is contested decides nothing that is ambiguous": {
			"a;1.50\nb;2,50\nc;3.75\nd;1.234\n",
			[]string{"3@14 c=3750000", "4@21 PRICE_AMBIGUOUS/2"},
		},
		"a mark by far the most frequent does": {
			strings.Repeat("a;1.50\n", 20) + "b;2,50\nd;1.234\n",
			[]string{"21@140 PRICE_NOT_A_NUMBER/2", "22@147 d=1234000"},
		},
		"as many of both marks": {
			"a;1.50\nb;2,50\nc;3\n",
			[]string{"1@0 PRICE_AMBIGUOUS/2", "2@7 PRICE_AMBIGUOUS/2", "3@14 c=3000000"},
		},
		"a header with a semicolon": {
			"PRODUCT NAME;PRICE\nTV;1.299,00\nCable;9,99\n",
			[]string{"2@19 TV=1299000000", "3@31 Cable=9990000"},
		},
		"one slip says nothing of many": {
			strings.Repeat("a;1.234\n", 21) + "b;99.5\n",
			[]string{"21@160 PRICE_AMBIGUOUS/2", "22@168 b=99500000"},
		},
		"thousands of whole prices, among prices with decimals": {
			"a;1.234,50\nb;2.345\nc;3.456.789\n",
			[]string{"1@0 a=1234500000", "2@11 b=2345000000", "3@19 c=3456789000000"},
		},
		"thousands by currency": {
			"a;12.500 ₫\nb;5.000 ₫\nc;500 ₫\n",
			[]string{"1@0 a=12500000000 VND", "2@13 b=5000000000 VND", "3@25 c=500000000 VND"},
		},
		"thousands by the currency in the header": {
			"name;precio (COP)\na;$ 12.500\nb;45.900\n",
			[]string{"2@18 a=12500000000 COP", "3@29 b=45900000000 COP"},
		},
		"thousands by the language of the header": {
			"品名;単価\na;1,200\nb;350\n", []string{"2@14 a=1200000000", "3@22 b=350000000"},
		},
		"yen that have decimals": {
			"品名;単価(円)\na;1.234\nb;3.5\nc;1,200\n",
			[]string{"2@19 a=1234000 JPY", "3@27 b=3500000 JPY", "4@33 c=1200000000 JPY"},
		},
		"a point in yen may be a decimal one": {
			"a;1.234円\nb;2.345円\n", []string{"1@0 PRICE_AMBIGUOUS/2", "2@11 PRICE_AMBIGUOUS/2"},
		},
		"a dollar close before": {
			"a,\"$25,990\"\nb,\"$9,990\"\nc,$500\n", []string{"1@0 a=25990000000", "2@12 b=9990000000", "3@23 c=500000000"},
		},
		"a dollar behind": {
			"a;25,990 $\nb;9,990 $\n", []string{"1@0 PRICE_AMBIGUOUS/2", "2@11 PRICE_AMBIGUOUS/2"},
		},
		"a real close before": {
			"a;R$25,990\nb;R$9,990\n", []string{"1@0 PRICE_AMBIGUOUS/2", "2@11 PRICE_AMBIGUOUS/2"},
		},
		"euros say nothing of the mark": {
			"a;1.234 €\nb;2.345 €\n", []string{"1@0 PRICE_AMBIGUOUS/2", "2@12 PRICE_AMBIGUOUS/2"},
		},
		"a currency of one price says nothing of the others": {
			"a;1.234 ₫\nb;2.345 €\n", []string{"1@0 PRICE_AMBIGUOUS/2", "2@12 PRICE_AMBIGUOUS/2"},
		},
		"averages in a currency without decimals": {
			"a;589.123 Ft\nb;590.4 Ft\n", []string{"1@0 a=589123000 HUF", "2@13 b=590400000 HUF"},
		},
		"texts as formulas": {
			"a;=\"1,50\"\n=\"007\";\"=\"\"2,50\"\"\"\n", []string{"1@0 a=1500000", "2@10 007=2500000"},
		},
		"the only currency": {
			"a;1.50 €\nb;2.50\nc;$3.50\n",
			[]string{"1@0 a=1500000 EUR", "2@11 b=2500000 EUR", "3@18 c=3500000 EUR"},
		},
		"several currencies": {
			"a;1.50 €\nb;2.50\nc;£3.50\n",
			[]string{"1@0 a=1500000 EUR", "2@11 b=2500000", "3@18 c=3500000 GBP"},
		},
		"a header with a semicolon over rows with commas": {
			"PRODUCT NAME;PRICE\nScrew, 5\nNut, 6\nBolt;3\n",
			[]string{"2@19 COLUMN_COUNT/0", "3@28 COLUMN_COUNT/0", "4@35 Bolt=3000000"},
		},
		"cut off before the mark": {
			"a;10.50\nb;20.50\nc;30.50\nd;4",
			[]string{"3@16 c=30500000", "4@24 CUT_OFF/2"},
		},
		"cut off behind the mark": {
			"a;10.50\nb;20.50\nc;30.50\nd;40.5",
			[]string{"4@24 CUT_OFF/2"},
		},
		"whole, without a line end": {
			"a;10.50\nb;20.50\nc;30.50\nd;40.55",
			[]string{"4@24 d=40550000"},
		},
		"whole, with fewer decimals": {
			"a;10.50\nb;20.50\nc;30.50\nd;40.5\n",
			[]string{"4@24 d=40500000"},
		},
		"prices of several lengths": {
			"a;10.50\nb;20.5\nc;30.50\nd;40",
			[]string{"4@23 d=40000000"},
		},
		"too few prices to tell": {
			"a;10.50\nb;20",
			[]string{"2@8 b=20000000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := open(test.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := showAll(rows(t, l))
			if diff := cmp.Diff(test.want, got[max(0, len(got)-len(test.want)):]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
