package pricelist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// slowRecords splits a text as quick never was there: byte by byte.
func slowRecords(t rapid.TB, split *splitter, visit func(*record)) error {
	t.Helper()
	for {
		switch err := split.slowly(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if !split.rec.isBlank() {
			visit(&split.rec)
		}
	}
}

// showRecord writes down all that is told of a record.
func showRecord(r *record) string {
	return fmt.Sprintf("%d@%d %q %v %v/%d", r.line, r.offset, r.raw, r.fields, r.fault, r.column)
}

func checkSplit(t rapid.TB, text string, f format) {
	t.Helper()
	open := func() *splitter {
		return newSplitter(context.Background(), strings.NewReader(text), place{line: 1}, int64(len(text)), f)
	}
	var want []string
	var suspects []bool
	wantErr := slowRecords(t, open(), func(r *record) {
		want, suspects = append(want, showRecord(r)), append(suspects, r.suspect)
	})
	split := open()
	for i := 0; ; i++ {
		r, err := split.next()
		if err != nil {
			if i != len(want) || fmt.Sprint(unlessEnd(err)) != fmt.Sprint(wantErr) {
				t.Fatalf("%q as %+v ends with %v after %d records, want %v after %d", text, f, err, i, wantErr, len(want))
			}
			return
		}
		if got := showRecord(r); i >= len(want) || got != want[i] {
			t.Fatalf("%q as %+v:\n got %s\nwant %s", text, f, got, strings.Join(want[min(i, len(want)):], "\n"))
		}
		if suspects[i] && !r.suspect || r.tidy && !hasTidyFields(r) {
			t.Fatalf("%q as %+v: %s is suspect %v, tidy %v", text, f, want[i], r.suspect, r.tidy)
		}
	}
}

func hasTidyFields(r *record) bool {
	for i := range r.fields {
		if text := r.value(i); !isPrintable(text) || bytes.Contains(text, []byte("  ")) {
			return false
		}
	}
	return true
}

// FuzzQuick compares the fast way to split a list with the one that looks at each byte.
func FuzzQuick(f *testing.F) {
	for _, text := range []string{
		"a;1\n", "a;1\r\n", ";;\n", "\n", "\r\n", "a\r;1\n", "a\tb;1\n", "молоко;1\n", "a\x00b;1\n", "a\x7fbcdefgh;1\n", "abcdefgh\x1fbc;1\n", "\"a;b\";1\n",
		"12\" pipe;1\n", "a;1", "a\r\r\n", "a;1\nb;2\n", "\"a\"\"b\";\"1\"\r\n\"\";\"\"\"\"\n\"a\nb\";2\n", "\"a\"b;1\nc;2\n", "\"a\r\nb\tc\";1\n", "a  b;1\nc;2\n",
		strings.Repeat("x", 62) + "  y;1\n", strings.Repeat("x;\"1\"\r\n", 40), strings.Repeat("x", 270_000) + ";1\ny;2\n", "\xff\xff;1\n\x80;2\n", "a;\"1\n",
	} {
		for kind := range uint8(6) {
			f.Add(text, kind)
		}
	}
	f.Fuzz(func(t *testing.T, text string, kind uint8) {
		dialect := format{delimiter: ";,|\t"[kind>>2&3], quotes: kind&1 == 0, newline: '\n'}
		if kind&2 != 0 {
			dialect.newline = '\r'
		}
		checkSplit(t, text, dialect)
	})
}

// drawText draws text that is rich in what makes a difference to the splitter.
func drawText(t *rapid.T, name string) string {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			";", ";", "\n", "\n", "\n", "\r\n", "\r", "\t", ",", "\"", "\"\"", "\";\"", "\"\n", "\"\r\n", "  ", " ", "\x00", "\x7f", "\xff", "é", "\u0085", "#", "!", "~",
		}),
		rapid.StringMatching(`[a-z]{1,30}`), rapid.StringMatching(`[0-9]{1,4}\.[0-9]{2}`),
	)
	return strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, name), "")
}

func TestQuickSplitsAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		checkSplit(r, drawText(r, "text"), format{
			delimiter: rapid.SampledFrom([]byte(";,|\t")).Draw(r, "delimiter"), quotes: rapid.Bool().Draw(r, "quotes"),
			newline: rapid.SampledFrom([]byte("\n\n\r")).Draw(r, "newline"),
		})
	})
}

// The same where the list is larger than the window, with records of all lengths across the places where it moves on.
func TestQuickInSeveralWindows(t *testing.T) {
	t.Parallel()
	odd := []string{"\"a\"b;1\n", "\"x\ny\";\"1\"\n", "a\tb;1\r\n", "\n", "é;1\n", "a\x00;1\n", "a  b;1\n", "\"a\"\"b\";1\n"}
	for seed := range uint64(4) {
		source := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		for b.Len() < 2*windowBytes {
			switch n := source.IntN(1000); {
			case n == 0:
				fmt.Fprintf(&b, "%s;1\n", strings.Repeat("long ", source.IntN(2*maxRecordBytes/5)))
			case n < 20:
				b.WriteString(odd[source.IntN(len(odd))])
			default:
				fmt.Fprintf(&b, "%s;%d.50\n", strings.Repeat("x", 1+source.IntN(500)), n)
			}
		}
		checkSplit(t, b.String(), format{delimiter: ';', quotes: seed%2 == 0, newline: '\n'})
	}
}

// reference reads the rows of a list without any of the fast ways, and sees to it that they tell of the list what was settled.
func reference(t rapid.TB, l *List, o *atlantv1.CsvOptions) []Row {
	t.Helper()
	var all []Row
	var marks markEvidence
	var ending endEvidence
	h := &l.reading
	first := true
	err := slowRecords(t, newSplitter(context.Background(), l.src, l.from, l.size, h.format), func(rec *record) {
		isHeader := first && h.header
		if first = false; isHeader || h.isComment(rec) {
			return
		}
		row := referenceRow(h, rec)
		all = append(all, row)
		if _, _, err := referenceName(h, rec); h.look(rec).reason != 0 || err != nil {
			return
		}
		var n number
		cell := bytes.TrimSpace(rec.value(h.price))
		if n.scan(cell) != 0 {
			return
		}
		marks.add(rec.line, cell, &n, h)
		ending.add(rec.line, n.decimals, rec.offset+int64(len(rec.raw)) == l.size)
	})
	if err != nil {
		t.Fatal(err)
	}
	if mark := marks.settle(o.GetDecimalMark(), nil); mark != h.mark || ending.cutLine() != h.cutLine {
		t.Fatalf("%+v, cut at %d: settled as %+v, cut at %d", mark, ending.cutLine(), h.mark, h.cutLine)
	}
	return all
}

func referenceRow(h *reading, rec *record) Row {
	rejected := func(f fault) Row {
		return Row{Line: rec.line, ByteOffset: rec.offset, Reject: h.reject(rec, f)}
	}
	if f := h.look(rec); f.reason != 0 {
		return rejected(f)
	}
	name, raw, err := referenceName(h, rec)
	if err != nil {
		return rejected(fault{nameReason(err), h.names[0] + 1, raw})
	}
	cell := bytes.TrimSpace(rec.value(h.price))
	price, reason := (&rowReader{reading: h}).parsePrice(rec, cell)
	if reason == 0 && h.splitPrices && h.splitsPrice(rec) {
		reason = atlantv1.RejectReason_REJECT_REASON_PRICE_AMBIGUOUS
	}
	if reason != 0 {
		return rejected(fault{reason, h.price + 1, cell})
	}
	if h.totalsFrom > 0 && rec.line >= h.totalsFrom {
		return rejected(fault{atlantv1.RejectReason_REJECT_REASON_NAME_MISSING, h.names[0] + 1, raw})
	}
	row := Row{Line: rec.line, ByteOffset: rec.offset, Name: name, Price: price}
	if h.date >= 0 {
		cell := bytes.TrimSpace(rec.value(h.date))
		var ok bool
		if row.ObservedAt, ok = (&dates{order: h.dateOrder, latest: h.latest}).read(cell); !ok {
			return rejected(fault{atlantv1.RejectReason_REJECT_REASON_DATE, h.date + 1, cell})
		}
	}
	return row
}

func referenceName(h *reading, rec *record) (name string, raw []byte, err error) {
	var parts [][]byte
	for _, column := range h.names {
		if column >= len(rec.fields) { // look says so
			return "", nil, events.ErrNameMissing
		}
		parts = append(parts, bytes.Clone(rec.value(column)))
	}
	raw = bytes.Join(parts, []byte(" "))
	name, err = events.NormalizeName(string(raw))
	return name, raw, err
}

func showRows(rows []Row) []string {
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = fmt.Sprintf("%d@%d %q %+v %d %v", r.Line, r.ByteOffset, r.Name, r.Price, r.ObservedAt, r.Reject)
	}
	return all
}

func checkRead(t rapid.TB, text string, o *atlantv1.CsvOptions) (read bool) {
	t.Helper()
	l, err := Open(context.Background(), strings.NewReader(text), int64(len(text)), o, nil)
	if err != nil {
		if !isUnreadable(err) {
			t.Fatalf("%q: %v", text, err)
		}
		return false
	}
	l.RefuseAfter(events.Micros(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()))
	var got []Row
	if err := l.Rows(context.Background(), func(r *Row) error { got = append(got, *r); return nil }); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if diff := cmp.Diff(showRows(reference(t, l, o)), showRows(got)); diff != "" {
		t.Fatalf("%q, read as %v: the fast rows are other than the slow ones (-slow +fast):\n%s", text, l.Dialect(), diff)
	}
	return true
}

var (
	someNames = []string{
		"Milk", "Oat Milk 1 l", "Oat  Milk", " Milk", "Milk ", "", "Молоко 1 л", "e\u0301", "Café", "a\tb", "12\" pipe", "a\x00", "\xff", "牛乳",
		"a\u00a0b", "x\u0085", "\u0301x", "#1", strings.Repeat("n", 1024), strings.Repeat("n", 1025), "x\x7f", "ﬁne ½", "각", "가\u11a8", "a\u0323\u0307",
	}
	somePrices = []string{
		"1", "2.50", "2,50", "1.234", "1,234", "0", "0.0", "00012.30", "12345678", "123456.78", "123456789012.123456", "1234567890123", "0.1234567", "1.", ".5", ",5",
		"", " 3.25 ", "-1", "1e5", "12,50 €", "$5", "1.234,50", "1 234.50", "1'200.-", "12,-", "n/a", "9.99USD", "1\t", "5.5.5", "1;5", "１",
	}
	someDates = []string{"2026-04-20", "20.04.2026", "4/20/2026", "04/05/2026", "20260420", "2026-04-20 12:30", "", "soon", "2026-02-30", "2126-01-01"}
)

// lister writes lists with everything in them that may be, each in a dialect of its own.
type lister struct {
	delimiter, end string
	quote, dated   bool
	names          int
}

func (w *lister) cell(r *rapid.T, text string) string {
	if w.quote && rapid.IntRange(0, 9).Draw(r, "unquoted") > 0 {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

func (w *lister) row(r *rapid.T) string {
	var cells []string
	for range w.names {
		cells = append(cells, w.cell(r, rapid.SampledFrom(someNames).Draw(r, "name")))
	}
	price := rapid.OneOf(rapid.StringMatching(`[0-9]{1,7}[.,][0-9]{1,2}`), rapid.SampledFrom(somePrices)).Draw(r, "price")
	cells = append(cells, w.cell(r, price))
	if w.dated {
		cells = append(cells, w.cell(r, rapid.SampledFrom(someDates).Draw(r, "date")))
	}
	if rapid.IntRange(0, 19).Draw(r, "ragged") == 0 {
		cells = append(cells, rapid.SampledFrom([]string{"", " ", "x"}).Draw(r, "more"))
	}
	return strings.Join(cells, w.delimiter) + w.end
}

// Whatever a list holds, rows read in the fast ways are those that are read in the slow ones.
func TestRowsAlike(t *testing.T) {
	t.Parallel()
	readable := 0
	rapid.Check(t, func(r *rapid.T) {
		w := lister{
			delimiter: rapid.SampledFrom([]string{";", ",", "|", "\t"}).Draw(r, "delimiter"),
			end:       rapid.SampledFrom([]string{"\n", "\r\n", "\r"}).Draw(r, "end"),
			quote:     rapid.Bool().Draw(r, "quote"), dated: rapid.Bool().Draw(r, "dated"), names: rapid.IntRange(1, 3).Draw(r, "names"),
		}
		o := &atlantv1.CsvOptions{
			Delimiter: w.delimiter, PriceColumn: fmt.Sprint(w.names + 1),
			DecimalMark:  rapid.SampledFrom([]string{"", ".", ","}).Draw(r, "mark"),
			CurrencyCode: rapid.SampledFrom([]string{"", "EUR"}).Draw(r, "currency"),
			Quote:        rapid.SampledFrom([]string{"", `"`, "none"}).Draw(r, "quotes"),
			NoHeader:     rapid.Bool().Draw(r, "no header"),
		}
		for i := range w.names {
			o.NameColumns = append(o.NameColumns, fmt.Sprint(i+1))
		}
		if w.dated {
			o.ObservedAtColumn = fmt.Sprint(w.names + 2)
		}
		text := strings.Join(rapid.SliceOfN(rapid.Custom(w.row), 1, 40).Draw(r, "rows"), "")
		if rapid.Bool().Draw(r, "open end") {
			text = strings.TrimRight(text, "\r\n")
		}
		if checkRead(r, text, o) {
			readable++
		}
	})
	if readable == 0 {
		t.Error("not one of the lists was read")
	}
}

// FuzzRowsAlike is TestRowsAlike for lists of any bytes.
func FuzzRowsAlike(f *testing.F) {
	for _, text := range []string{
		"a;1\nb;2\n", "Name;Price\r\n\"a  b\";\"2.50\"\r\nc;3,5\n", "\"a\nb\";1.5\nc;2.5\n# remark\nd;3.5", strings.Repeat("Milk;1.50\n", 20) + "\xff;2\n;3\n",
		"Молоко;1.50\nХлеб;2.25\n", "a;1.234\nb;1,5\nc;1.5\n",
	} {
		f.Add(text, ";", "1", "2", "", "")
		f.Add(text, "", "", "", "none", ",")
	}
	f.Fuzz(func(t *testing.T, text, delimiter, name, price, quote, mark string) {
		o := &atlantv1.CsvOptions{Delimiter: delimiter, PriceColumn: price, Quote: quote, DecimalMark: mark}
		if name != "" {
			o.NameColumns = strings.Split(name, " ")
		}
		checkRead(t, text, o)
	})
}
