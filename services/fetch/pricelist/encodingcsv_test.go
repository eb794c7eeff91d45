package pricelist_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// What encoding/csv takes as a list of as many columns as the first row has, without lazy quotes, is split alike here: every
// row is on the line where encoding/csv has it, at the byte where its first field starts, with its name. Different are only,
// and on purpose:
//
//   - Names are in normal form, so both are compared in it: white space at their ends and in a row, line ends in quotes among
//     it, is not told apart, and what is no name (nothing but white space, bytes that are not UTF-8, too long) is a reject.
//   - Lines of white space only are no rows here; encoding/csv passes over empty ones only. The texts have none.
//   - Control characters but tabs and line ends make a reject here, even those that Unicode takes for white space. A carriage
//     return of its own is one, or a line end in a list that has no line feed. The texts have neither.
//   - Lines that begin with # and have another number of columns are remarks here; in such texts they have the same number.
//   - A byte order mark at the start of a list is no part of a name. The texts have none.
//   - encoding/csv refuses a list for one bad quote, this package a row: then there is nothing to compare.
func checkAgainstCSV(t rapid.TB, text, delimiter string) (compared bool) {
	t.Helper()
	if !isForBoth(text) {
		return false
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = rune(delimiter[0]), 0
	var want []string
	for {
		cells, err := r.Read()
		if err != nil {
			if len(want) == 0 || err.Error() != "EOF" {
				return false
			}
			break
		}
		if len(cells) != 2 {
			return false
		}
		line, _ := r.FieldPos(0)
		name, err := events.NormalizeName(cells[0])
		if err != nil {
			name = "no name"
		}
		want = append(want, fmt.Sprintf("%d %q", line, name))
	}
	l, err := open(text, &atlantv1.CsvOptions{
		Delimiter: delimiter, Quote: `"`, NoHeader: true, NameColumns: []string{"1"}, PriceColumn: "2", DecimalMark: ".",
	})
	if err != nil {
		if _, ok := errors.AsType[*pricelist.UnreadableError](err); !ok {
			t.Fatal(err)
		}
		return false
	}
	var got []string
	err = l.Rows(context.Background(), func(row *pricelist.Row) error {
		name := row.Name
		if reject := row.Reject; reject != nil && reject.GetColumn() == 1 {
			name = "no name"
		} else if reject != nil {
			name = "bad price"
		}
		got = append(got, fmt.Sprintf("%d %q", row.Line, name))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(len(want), len(got)) {
		if start, found := strings.CutSuffix(got[i], `"bad price"`); found { // what its name is, is not told
			got[i], want[i] = start, want[i][:min(len(start), len(want[i]))]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%q: encoding/csv splits it in another way (-csv +this):\n%s", text, diff)
	}
	return true
}

// isForBoth reports whether a text has nothing in it that the two take differently on purpose.
func isForBoth(text string) bool {
	isControl := func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }
	if strings.ContainsFunc(strings.ReplaceAll(text, "\r\n", "\n"), isControl) || strings.HasPrefix(text, "\uFEFF") {
		return false
	}
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" && strings.Trim(line, "\r\n") != "" {
			return false
		}
	}
	return true
}

func TestSplitsAsEncodingCSV(t *testing.T) {
	t.Parallel()
	compared := 0
	rapid.Check(t, func(r *rapid.T) {
		w := drawWriter(r)
		name := rapid.OneOf(
			rapid.StringMatching(`[A-Za-z0-9 ,;.]{1,40}`), rapid.StringMatching(`("|[a-z]|\n|;|,| ){1,12}`), rapid.StringN(1, 20, -1),
		)
		for range rapid.IntRange(1, 30).Draw(r, "rows") {
			price := w.price(rapid.Int64Range(0, 99_999).Draw(r, "cents")*10_000, 2)
			quotes := rapid.Bool().Draw(r, "quote")
			w.WriteString(w.field(name.Draw(r, "name"), quotes) + w.delimiter + w.field(price, quotes) + w.end)
		}
		if checkAgainstCSV(r, strings.TrimPrefix(w.String(), "\uFEFF"), w.delimiter) {
			compared++
		}
	})
	if compared == 0 {
		t.Error("there was nothing to compare")
	}
}

func FuzzAgainstEncodingCSV(f *testing.F) {
	for _, text := range []string{
		"a;1\nb;2\n", "\"a;b\";1.5\r\n\"c\"\"d\";2\r\n", "\"a\n\nb\";1\n\n\nc;2", "#a;1\nb;2\n", "a;1\n;2\n", "a;1\n\"\";2\n", " a ;1\nb\t;2\n", "молоко;1\nx;\"2\"\n",
		strings.Repeat("abcdefg;1.50\n", 100) + "\"two\nlines\";\"2.50\"\n", "a\x00;1\n\xff;2\nc;x\n", "a;\"1\"\"\"\nb;2\n",
	} {
		f.Add(text, true)
		f.Add(strings.ReplaceAll(text, ";", ","), false)
	}
	f.Fuzz(func(t *testing.T, text string, semicolon bool) {
		delimiter := ","
		if semicolon {
			delimiter = ";"
		}
		checkAgainstCSV(t, text, delimiter)
	})
}
