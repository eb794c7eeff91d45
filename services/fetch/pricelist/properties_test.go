package pricelist_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

// writer writes lists in a dialect of its own choosing.
type writer struct {
	strings.Builder
	delimiter, mark, end, start string
}

func drawWriter(t *rapid.T) *writer {
	return &writer{
		delimiter: rapid.SampledFrom([]string{";", ","}).Draw(t, "delimiter"),
		mark:      rapid.SampledFrom([]string{".", ","}).Draw(t, "mark"),
		end:       rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end"),
		start:     rapid.SampledFrom([]string{"", "\uFEFF"}).Draw(t, "start"),
	}
}

func (w *writer) field(text string, quote bool) string {
	if quote || strings.ContainsAny(text, "\r\n"+w.delimiter) || strings.HasPrefix(text, `"`) {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

func (w *writer) price(micros int64, decimals int) string {
	fraction := fmt.Sprintf("%06d", micros%1_000_000)
	decimals = max(decimals, len(strings.TrimRight(fraction, "0")))
	if decimals == 0 {
		return fmt.Sprint(micros / 1_000_000)
	}
	return fmt.Sprint(micros/1_000_000) + w.mark + fraction[:decimals]
}

// Whatever is written with proper quotes is read back exactly; but a byte order mark at the start of a list is no name.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWriter(t)
		w.WriteString(w.start)
		line := 1
		if rapid.Bool().Draw(t, "header") {
			w.WriteString("PRODUCT NAME" + w.delimiter + "PRICE" + w.end)
			line++
		}
		var want []string
		for range rapid.IntRange(1, 20).Draw(t, "rows") {
			raw := rapid.StringN(1, 30, -1).Draw(t, "name")
			name, err := events.NormalizeName(raw)
			if err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r == 0xFEFF || r < ' ' && r != '\n' && r != '\t' || r >= 0x7F && r < 0xA0 }) {
				raw, name = "x", "x"
			}
			micros := rapid.Int64Range(0, 999_999_999_999_999_999).Draw(t, "micros")
			want = append(want, fmt.Sprintf("%d@%d %s=%d", line, w.Len(), name, micros))
			price := w.field(w.price(micros, rapid.IntRange(0, 6).Draw(t, "decimals")), rapid.Bool().Draw(t, "quote price"))
			w.WriteString(w.field(raw, rapid.Bool().Draw(t, "quote")) + w.delimiter + price + w.end)
			line += 1 + strings.Count(raw, "\n")
		}
		l, err := open(w.String(), &atlantv1.CsvOptions{Delimiter: w.delimiter, DecimalMark: w.mark})
		if err != nil {
			t.Fatalf("%q: %v", w.String(), err)
		}
		var got []string
		err = l.Rows(context.Background(), func(r *pricelist.Row) error { got = append(got, show(*r)); return nil })
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q:\n got %q\nwant %q, %v", w.String(), got, want, err)
		}
	})
}

// With nothing told, a price is read right or not at all.
func TestNeverWrong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := drawWriter(t)
		n := rapid.IntRange(1, 30).Draw(t, "rows")
		want := map[int64]int64{}
		for i := range n {
			micros := rapid.Int64Range(0, 100_000).Draw(t, "cents") * 10_000
			want[int64(i+1)] = micros
			name := rapid.StringMatching(`[A-Za-z]+( [a-z,;]*[a-z])?( [0-9]{1,3})?`).Draw(t, "name")
			w.WriteString(w.field(name, false) + w.delimiter + w.field(w.price(micros, 2), false) + w.end)
		}
		l, err := open(w.String(), nil)
		if _, ok := errors.AsType[*pricelist.UnreadableError](err); ok {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		err = l.Rows(context.Background(), func(r *pricelist.Row) error {
			if r.Reject == nil && r.Price.Micros != want[r.Line] {
				t.Fatalf("%q: line %d is read as %d", w.String(), r.Line, r.Price.Micros)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
