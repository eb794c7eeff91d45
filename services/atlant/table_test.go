package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
)

var longRow = []string{strings.Repeat("long name ", 5), "12.50 EUR", "2026-01-31 12:00"}

func longColumns() []column {
	return []column{{name: "name", flexible: true}, {name: "price", right: true, color: moveColor}, {name: "seen", optional: true}}
}

func renderAt(tb testing.TB, width int, color bool) []string {
	tb.Helper()
	var out bytes.Buffer
	t := &pagedTable{console: &console{out: &out, width: width, color: color}, columns: longColumns()}
	if err := t.write([][]string{append([]string(nil), longRow...)}); err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestTableFitsTerminal(t *testing.T) {
	t.Parallel()
	for width, columns := range map[int]int{40: 2, 60: 3, 200: 3} {
		lines := renderAt(t, width, false)
		if got := len(strings.Fields(lines[0])); got != columns {
			t.Errorf("at %d: got %d columns, want %d", width, got, columns)
		}
		for _, line := range lines {
			if got := text.StringWidthWithoutEscSequences(line); got > width {
				t.Errorf("at %d: a line is %d wide: %s", width, got, line)
			}
		}
	}
}

func TestTableIsWholeInPipes(t *testing.T) {
	t.Parallel()
	if lines := renderAt(t, 0, false); !strings.Contains(lines[1], longRow[0]) || !strings.Contains(lines[1], longRow[2]) {
		t.Errorf("got %q", lines)
	}
}

func TestTableColors(t *testing.T) {
	t.Parallel()
	if lines := renderAt(t, 80, true); !strings.HasPrefix(lines[0], "\x1b[1mname\x1b[0m") {
		t.Errorf("got %q", lines)
	}
	if lines := renderAt(t, 80, false); strings.Contains(strings.Join(lines, ""), "\x1b") {
		t.Errorf("got %q", lines)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"Crème 1 l":        "Crème 1 l",
		"a\x1b]0;title\a":  `a\x1b]0;title\x07`,
		"a\nb\tc":          `a\x0ab\x09c`,
		"user\u202Egnirts": `user\x202egnirts`,
	} {
		if got := printable(raw); got != want {
			t.Errorf("%q: got %s, want %s", raw, got, want)
		}
	}
}
