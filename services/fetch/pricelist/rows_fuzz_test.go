package pricelist_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/pricelist"
)

func FuzzRows(f *testing.F) {
	for _, text := range []string{
		"a;1\nb;2\n", "name,price\r\n\"a\nb\",2.50\r\n", "\uFEFFa;1,5\n\n;\n", "\"a\"b;1\n\"c;2", "a\x00;1\n\xff;2\n", "a\t1\r\r\n", ";;;\n,,\n",
		strings.Repeat("x", 270_000) + ";1\ny;2\n",
	} {
		f.Add(text, ";", "", "")
		f.Add(text, "", "2", "none")
		f.Add(text, ",", "", `"`)
	}
	files, err := filepath.Glob("../testdata/world/*/*")
	if err != nil || len(files) == 0 {
		f.Fatal("no lists of the world", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "", "", "")
		f.Add(string(text), "", "2", "none")
	}
	f.Fuzz(func(t *testing.T, text, delimiter, price, quote string) {
		l, err := open(text, &atlantv1.CsvOptions{Delimiter: delimiter, PriceColumn: price, Quote: quote})
		var unreadable *pricelist.UnreadableError
		if err != nil {
			if !errors.As(err, &unreadable) || !utf8.ValidString(err.Error()) {
				t.Fatalf("%T %q", err, err)
			}
			return
		}
		checkRows(t, text, l)
	})
}

// checkRows sees to it that every row is accounted for: between one row and the next there is that row, and blank lines.
func checkRows(t *testing.T, text string, l *pricelist.List) {
	t.Helper()
	n, line, offset := 0, int64(0), int64(-1)
	newline := "\n"
	if !strings.Contains(text[:min(len(text), 64<<10)], newline) && strings.Contains(text[:min(len(text), 64<<10)], "\r") {
		newline = "\r"
	}
	err := l.Rows(context.Background(), func(r *pricelist.Row) error {
		n++
		if r.Line <= line || r.ByteOffset <= offset {
			t.Fatalf("line %d at %d after line %d at %d", r.Line, r.ByteOffset, line, offset)
		}
		line, offset = r.Line, r.ByteOffset
		if got := int64(strings.Count(text[:offset], newline)) + 1; got != line || offset > 0 && text[offset-1] != newline[0] && offset != 3 {
			t.Fatalf("row at %d is on line %d, not %d", offset, got, line)
		}
		checkRow(t, text, *r)
		return nil
	})
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if got, lines := n+boolToInt(l.Dialect().GetHasHeader()), filledLines(text, newline); l.Dialect().GetQuote() == "none" && got != lines {
		if got < lines && (strings.Contains(text, "#") || strings.Contains(strings.Join(l.Dialect().GetEvidence(), ""), "passed over")) {
			return // a remark, or a preamble
		}
		t.Fatalf("%d rows of %d lines", n, lines)
	}
}

func checkRow(t *testing.T, text string, r pricelist.Row) {
	t.Helper()
	if reject := r.Reject; reject != nil {
		start := strings.ToValidUTF8(text[r.ByteOffset:min(int(r.ByteOffset)+1, len(text))], "\uFFFD")
		switch {
		case r.Name != "" || r.Price != events.Price{} || reject.GetLine() != r.Line || reject.GetByteOffset() != r.ByteOffset,
			reject.GetReason() == 0 || reject.GetMessage() == "" || !utf8.ValidString(reject.GetMessage()),
			len(reject.GetRaw()) > 500 || !utf8.ValidString(reject.GetRaw()),
			text[r.ByteOffset] < 0x80 && !strings.HasPrefix(reject.GetRaw(), start) && text[r.ByteOffset] != '\r':
			t.Fatalf("bad reject %v", reject)
		}
		return
	}
	if name, err := events.NormalizeName(r.Name); err != nil || name != r.Name || r.Price.Micros < 0 || r.Price.Micros >= 1e18 {
		t.Fatalf("bad row %+v", r)
	}
}

func filledLines(text, newline string) int {
	n := 0
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "\uFEFF"), newline) {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
