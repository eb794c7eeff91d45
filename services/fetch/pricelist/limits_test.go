package pricelist_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

const longest = 256 << 10

func TestLongRows(t *testing.T) {
	t.Parallel()
	fill := func(n int) string { return strings.Repeat("x", n) }
	for _, test := range []struct {
		name, row, want string
	}{
		{"at the limit", fill(longest-2) + ";1", "NAME_TOO_LONG/1"},
		{"one over", fill(longest-1) + ";1", "ROW_TOO_LONG/0"},
		{"far over", fill(5*longest) + ";1", "ROW_TOO_LONG/0"},
		{"white space first", strings.Repeat(" ", longest) + fill(9) + ";1", "ROW_TOO_LONG/0"},
		{"quoted lines at its end", fill(longest) + ";\"\nb;2\n\"", "ROW_TOO_LONG/0"},
		{"quote across the limit", fill(longest-3) + ";\"a\nb;3\"", "ROW_TOO_LONG/0"},
	} {
		for _, end := range []string{"\n", "\r\n"} {
			t.Run(fmt.Sprintf("%s %q", test.name, end), func(t *testing.T) {
				t.Parallel()
				l, err := open("a;1"+end+test.row+end+"z;2"+end, nil)
				if err != nil {
					t.Fatal(err)
				}
				all := rows(t, l)
				n, offset := strings.Count(test.row, "\n"), 3+len(end)
				want := []string{
					"1@0 a=1000000", fmt.Sprintf("2@%d %s", offset, test.want),
					fmt.Sprintf("%d@%d z=2000000", n+3, offset+len(test.row)+len(end)),
				}
				if diff := cmp.Diff(want, showAll(all)); diff != "" {
					t.Error(diff)
				}
				if raw := all[1].Reject.GetRaw(); len(raw) != 500 || !strings.HasPrefix(test.row, raw) {
					t.Errorf("raw %q", raw)
				}
			})
		}
	}
}

func TestLongQuotes(t *testing.T) {
	t.Parallel()
	head := strings.Repeat("a;1\n", 100)
	wantUnreadable(t, head+"b;\""+strings.Repeat("x\n", longest)+"\";1\n", nil, "line 101 in column 2 goes on for more than 256 KiB")
	wantUnreadable(t, head+"b;2;\"\n\";\"c\n", nil, "line 102 in column 4 is still open")
	// The quote that opens before the sample's end and closes after it is none of those.
	text := strings.Repeat("abcdefg;1.50\n", 1<<20/13) + "\"two\n" + strings.Repeat("lines\n", 9) + "\";2.50\n"
	l, err := open(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := rows(t, l)
	if got := all[len(all)-1].Name; got != "two"+strings.Repeat(" lines", 9) {
		t.Error(got)
	}
}

var errEnough = errors.New("enough rows were seen")

// The only evidence is on the last line of a list that is larger than sample and window.
func TestLateEvidence(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a;1.234\n", 150_000)
	for last, want := range map[string]string{
		strings.Repeat("b;1.5\n", 7_500):     "1@0 a=1234000",
		strings.Repeat("b;1.234,5\n", 7_500): "1@0 a=1234000000",
		"b;1.5\n":                            "1@0 PRICE_AMBIGUOUS/2", // too little for so many
		"b;1,5\n":                            "1@0 PRICE_AMBIGUOUS/2",
		"b;1\n":                              "1@0 PRICE_AMBIGUOUS/2",
	} {
		l, err := open(text+last, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = l.Rows(context.Background(), func(row *pricelist.Row) error {
			got = show(*row)
			return errEnough
		})
		if !errors.Is(err, errEnough) || got != want {
			t.Errorf("%.20q: %s, want %s", last, got, want)
		}
	}
}

func TestBinary(t *testing.T) {
	t.Parallel()
	source := rand.New(rand.NewPCG(1, 2))
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(source.Uint32())
		}
		return string(b)
	}
	for name, text := range map[string]string{
		"random, short": random(100),
		"random":        random(1 << 20),
		"PNG":           "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + random(300),
		"ELF":           "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00>\x00" + random(2000),
		"zeros":         strings.Repeat("\x00", 5000),
	} {
		wantUnreadable(t, text, nil, "binary data")
		t.Log(name)
	}
	wantUnreadable(t, "PK\x03\x04\x14\x00\x00\x00\x08\x00"+random(2000), nil, "ZIP")
	wantUnreadable(t, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"+random(2000), nil, "gzip")
	wantUnreadable(t, "%PDF-1.7\n1 0 obj\n", nil, "PDF")
	wantUnreadable(t, `<?xml version="1.0"?><a/>`, nil, "XML")
	wantUnreadable(t, strings.Repeat("\xcc\xee\xeb\xee\xea\xee;1.50\n", 100), nil, "not valid in the encoding of the list")
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1e5":       `the price is not a plain number: "1e5" (exponents are not read)`,
		"1E+5":      `the price is not a plain number: "1E+5" (exponents are not read)`,
		"+1":        `the price is not a plain number: "+1" (a leading + is not read)`,
		"5.":        `the price is not a plain number: "5." (there are no decimals after the decimal mark)`,
		"1,234":     `the price "1,234" could be 1234 or 1.234; csv.decimal_mark would settle it`,
		"1,5":       `as many prices of the list have a decimal point as a decimal comma; csv.decimal_mark would settle how to read "1,5"`,
		"18 000 0":  `the price is not a plain number: "18 000 0" (thousands are groups of three digits)`,
		"1 each":    `the price is not a plain number: "1 each"`,
		"-0.00":     `the price is negative: "-0.00"`,
		"x;1.50":    `the row has 3 columns where the list has 2; an unquoted ';' or a decimal comma could be the cause: "b;x;1.50"`,
		"\xff":      "the text is not valid in the encoding of the list: \"\uFFFD\"",
		"0.1234567": `the price has more than 6 decimals: "0.1234567"`,
	} {
		l, err := open("a;1.50\nb;"+text+"\nc;2\n", nil)
		if err != nil {
			t.Error(err)
			continue
		}
		reject := rows(t, l)[1].Reject
		if got := reject.GetMessage(); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
		if !utf8.ValidString(reject.GetRaw()) || reject.GetLine() != 2 || reject.GetByteOffset() != 7 {
			t.Error(reject)
		}
	}
}

// What could not be read is kept whole, to be corrected: also where the message shows less of it.
func TestWholeRejects(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]string{
		"short":       "b;x",
		"shown whole": "b;" + strings.Repeat("x", 494),
		"almost":      "b;" + strings.Repeat("x", 495),
		"long":        "b;" + strings.Repeat("x", 200_000),
		"not UTF-8":   "b\xFF;x",
		"replaced":    "b\uFFFD;x",
		"of lines":    "\"b\r\nc\";x",
	} {
		l, err := open("a;1\r\n"+row+"\r\nc;2\r\n", nil)
		if err != nil {
			t.Fatal(name, err)
		}
		reject := rows(t, l)[1].Reject
		if got, ok := pricelist.Whole(reject); !ok || string(got) != row {
			t.Errorf("%s: got %.100q, %v", name, got, ok)
		}
		if small := len(row) <= 496 && utf8.ValidString(row) && !strings.Contains(row, "\uFFFD"); small != (reject.GetRow() == nil) {
			t.Errorf("%s: it is kept twice, or not: %.100q", name, reject.GetRow())
		}
		reject.Row = nil
		if got, ok := pricelist.Whole(reject); ok && string(got) != row {
			t.Errorf("%s: without its row it is taken for %.100q", name, got)
		}
	}
	l, err := open("a;1\n"+strings.Repeat("x", 300<<10)+";2\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := pricelist.Whole(rows(t, l)[1].Reject); ok {
		t.Error("a row that is too long is taken for whole")
	}
}
