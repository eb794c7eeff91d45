package events_test

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

func TestNormalizeName(t *testing.T) {
	t.Parallel()
	limit := strings.Repeat("x", events.MaxNameBytes)
	tests := []struct {
		name, raw, want string
		err             error
	}{
		{name: "plain", raw: "Olive oil 1 l", want: "Olive oil 1 l"},
		{name: "trimmed", raw: " \t Oil\r\n", want: "Oil"},
		{name: "folded", raw: "Olive  \t oil", want: "Olive oil"},
		{name: "line break within", raw: "Olive\noil", want: "Olive oil"},
		{name: "no-break space", raw: "\u00a0Olive\u00a0oil\u00a0", want: "Olive oil"},
		{name: "en quad, ideographic space, next line", raw: "a\u2000b\u3000c\u0085d", want: "a b c d"},
		{name: "zero width space is no white space", raw: "a\u200bb", want: "a\u200bb"},
		{name: "composed", raw: "Cafe\u0301", want: "Café"},
		{name: "composed already", raw: "Café", want: "Café"},
		{name: "singleton", raw: "5 \u212b", want: "5 Å"},
		{name: "hangul", raw: "\u1100\u1161", want: "가"},
		{name: "compatibility forms stay", raw: "ﬁne ½ №5", want: "ﬁne ½ №5"},
		{name: "case stays", raw: "MiXed", want: "MiXed"},
		{name: "marks in canonical order", raw: "a\u0301\u0323", want: "\u1ea1\u0301"},
		{name: "mark behind a space", raw: "a  \u0301", want: "a \u0301"},
		{name: "at limit - 1", raw: limit[1:], want: limit[1:]},
		{name: "at limit", raw: limit, want: limit},
		{name: "at limit once trimmed", raw: "  " + limit + "  ", want: limit},
		{name: "at limit once folded", raw: limit[:1000] + "      " + limit[:23], want: limit[:1000] + " " + limit[:23]},
		{name: "at limit once composed", raw: limit[:1022] + "e\u0301", want: limit[:1022] + "é"},
		{name: "at limit + 1", raw: limit + "x", err: events.ErrNameTooLong},
		{name: "above the limit once composed", raw: limit[:1023] + "e\u0301", err: events.ErrNameTooLong},
		// U+0958 is excluded from composition: NFC writes it as two runes.
		{name: "at limit but longer in NFC", raw: limit[:1021] + "\u0958", err: events.ErrNameTooLong},
		{name: "empty", raw: "", err: events.ErrNameMissing},
		{name: "white space only", raw: " \t\u00a0\u3000", err: events.ErrNameMissing},
		{name: "NUL", raw: "a\x00b", err: events.ErrNameControl},
		{name: "escape", raw: "a\x1b[31mb", err: events.ErrNameControl},
		{name: "delete", raw: "a\x7f", err: events.ErrNameControl},
		{name: "C1", raw: "a\u009bb", err: events.ErrNameControl},
		{name: "not UTF-8", raw: "Caf\xe9", err: events.ErrNameNotUTF8},
		{name: "surrogate", raw: "a\xed\xa0\x80", err: events.ErrNameNotUTF8},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := events.NormalizeName(test.raw)
			if got != test.want || err != test.err { //nolint:errorlint // bare, as it says
				t.Errorf("NormalizeName(%q) = %q, %v; want %q, %v", test.raw, got, err, test.want, test.err)
			}
		})
	}
}

// rawName draws texts that lists could hold, rich in what normalization works on.
func rawName() *rapid.Generator[string] {
	odd := []rune(" \t\n\u00a0\u0085\u2003\u3000\u0301\u0323\u0300\u0308\u1100\u1161\u11a8\u212b\u0958\u0344\u1fef\u034f\u200d\x00\x1faeX9")
	return rapid.OneOf(
		rapid.StringOf(rapid.RuneFrom(odd)), rapid.String(), rapid.StringOfN(rapid.RuneFrom(odd), 900, 1100, -1),
		// Runs of marks are what a text stream's normalization has to cut somewhere.
		rapid.StringOfN(rapid.RuneFrom([]rune("a\u0301\u0323\u0344")), 20, 80, -1),
	)
}

func TestNormalizedNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rawName().Draw(t, "raw")
		name, err := events.NormalizeName(raw)
		if err != nil {
			if name != "" {
				t.Fatalf("%q besides an error", name)
			}
			return
		}
		if again, err := events.NormalizeName(name); err != nil || again != name {
			t.Fatalf("%q becomes %q, %v", name, again, err)
		}
		if !norm.NFC.IsNormalString(name) || len(name) == 0 || len(name) > events.MaxNameBytes {
			t.Fatalf("%q", name)
		}
		white := func(r rune) bool { return unicode.IsSpace(r) && r != ' ' || unicode.IsControl(r) }
		if strings.Contains(name, "  ") || strings.Trim(name, " ") != name || strings.ContainsFunc(name, white) {
			t.Fatalf("%q", name)
		}
	})
}

// Names that differ only in what normalization undoes are one name.
func TestNormalizeNameIgnoresSpelling(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := rawName().Draw(t, "raw")
		want, err := events.NormalizeName(raw)
		if err != nil {
			t.Skip(err)
		}
		for _, spelling := range []string{" " + raw + "\t", norm.NFC.String(raw), strings.ReplaceAll(raw, " ", "\u00a0\n")} {
			if got, err := events.NormalizeName(spelling); err != nil || got != want {
				t.Fatalf("%q becomes %q, %v; want %q", spelling, got, err, want)
			}
		}
		if len(want) < 100 { // taken apart, a long name can be longer than what is allowed
			if got, err := events.NormalizeName(norm.NFD.String(raw)); err != nil || got != want {
				t.Fatalf("NFD of %q becomes %q, %v; want %q", raw, got, err, want)
			}
		}
	})
}
