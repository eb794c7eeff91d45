package projections_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/projections"
)

func TestNameWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"":                       "",
		" - / ":                  "",
		"Milk 3.5% 500g":         "3 5 500g milk",
		"milk MILK Milk":         "milk",
		"Café Crème":             "cafe creme",
		"Cafe\u0301":             "cafe",
		"STRASSE Straße":         "strasse",
		"ΟΔΟΣ οδός":              "οδοσ",
		"Ёлка ёлка йод":          "елка иод",
		"İstanbul":               "istanbul",
		"ﬁne Ｆｕｌｌ １２":            "12 fine full",
		"L'Oréal":                "l oreal",
		"so\u00adft":             "soft",
		"שָׁלוֹם":                "שלום",
		"مُحَمَّد":               "محمد",
		"हिन्दी":                 "हिन्दी",
		"कु का":                  "का कु",
		"手机壳":                    "壳 手机 机壳",
		"iPhone手机 15":            "15 iphone 手机 机",
		"カメラ":                    "カメ メラ ラ",
		"ｶﾒﾗ":                    "カメ メラ ラ",
		"コーヒー":                   "コー ヒー ー ーヒ",
		"กาแฟ":                   "กา ฟ าแ แฟ",
		"한국":                     norm.NFD.String("한국"),
		"½ m²":                   "1 2 m2",
		"x😀y":                    "x y",
		"\U0001F36E":             "",
		"a\u0301\u0302b":         "ab",
		strings.Repeat("ab ", 9): "ab",
	} {
		if got := strings.Join(projections.NameWords(name), " "); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestQueryWords(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"":             "",
		"?!":           "",
		"ca cafe CA c": "cafe",
		"b a ab":       "ab b",
		"手机壳":          "手机 机壳",
		"手":            "手",
		"手 手机":         "手机",
		"Crème caf":    "caf creme",
	} {
		if got := strings.Join(projections.QueryWords(query), " "); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}

func TestNameMatches(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, query string
		want        bool
	}{
		{"Café au lait", "LAIT caf", true},
		{"Café au lait", "ait", false},
		{"Café au lait", "caf au lait x", false},
		{"cafe", "café", true},
		{"Straße", "STRASS", true},
		{"红色手机壳", "手机", true},
		{"红色手机壳", "机", true},
		{"红色手机壳", "壳", true},
		{"红色手机壳", "色手机壳", true},
		{"红色手机壳", "机手", false},
		{"กาแฟดำ", "ดำ", true},
		{"한국어", "하", true}, // as it is typed
		{"anything", "", true},
	} {
		if got := projections.NameMatches(test.name, projections.QueryWords(test.query)); got != test.want {
			t.Errorf("%q, asked for %q: %t", test.name, test.query, got)
		}
	}
}

// anyName draws texts of many scripts, with marks and signs.
var anyName = rapid.StringOfN(rapid.OneOf(
	rapid.RuneFrom([]rune("aAbBzZ09 .-'ßİıŉǰſΣς手机カｶー\u0301\u0345\u0327\u00ad\u200d\ufb01\u0e33\u093f\u0f71하\u1100")),
	rapid.RuneFrom(nil, unicode.L, unicode.N, unicode.M, unicode.Cf), rapid.Rune(),
), 0, 30, -1)

// wantWords fails if the words of a name are not what they are said to be.
func wantWords(t rapid.TB, name string) {
	words := projections.NameWords(name)
	if !slices.IsSorted(words) || len(slices.Compact(slices.Clone(words))) != len(words) {
		t.Fatalf("%q: not in order, or not once: %q", name, words)
	}
	for _, word := range words {
		for _, r := range word {
			if !unicode.In(r, unicode.L, unicode.N, unicode.M) || 'A' <= r && r <= 'Z' {
				t.Fatalf("%q: %q in %q", name, r, word)
			}
		}
		// What is folded stays as it is, and a word is found by itself and by each of its beginnings.
		again := projections.QueryWords(word)
		if len(again) != 1 || again[0] != word {
			t.Fatalf("%q: the words of %q are %q", name, word, again)
		}
		for end := range word {
			if end > 0 && !projections.NameMatches(name, []string{word[:end]}) {
				t.Fatalf("%q is not found by %q", name, word[:end])
			}
		}
	}
	if !projections.NameMatches(name, projections.QueryWords(name)) {
		t.Fatalf("%q is not found by itself: %q, %q", name, projections.QueryWords(name), words)
	}
}

func TestAnyNameIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := anyName.Draw(t, "name")
		wantWords(t, name)
		for _, same := range []string{norm.NFC.String(name), norm.NFD.String(name), norm.NFKC.String(name)} {
			if words := projections.NameWords(same); !slices.Equal(words, projections.NameWords(name)) {
				t.Fatalf("%q has the words %q, %q has %q", name, projections.NameWords(name), same, words)
			}
		}
	})
}

// A name matches a query if, and only if, that can be seen from the words of both.
func TestNameMatchesByWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.StringOfN(rapid.RuneFrom([]rune("abcAÄ 手机壳 ")), 0, 12, -1)
		name, query := alphabet.Draw(t, "name"), alphabet.Draw(t, "query")
		want := true
		for _, asked := range projections.NameWords(query) { // with what QueryWords leaves out
			want = want && slices.ContainsFunc(projections.NameWords(name), func(word string) bool { return strings.HasPrefix(word, asked) })
		}
		if got := projections.NameMatches(name, projections.QueryWords(query)); got != want {
			t.Fatalf("%t", got)
		}
	})
}

func FuzzNameWords(f *testing.F) {
	for _, name := range []string{"", "Café 3.5%", "手机壳 iPhone", "हिन्दी", "\xff\u0301", "\ufdfa"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) { wantWords(t, name) })
}

func BenchmarkNameMatches(b *testing.B) {
	for _, name := range []string{"Product of some length 00012345", "Crème brûlée à la vanille 4×100 g"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				projections.NameMatches(name, []string{"00012", "prod"})
			}
		})
	}
}
