package pricelist

import (
	"slices"
	"strings"
	"testing"
)

// FuzzSplitPlain compares the fast way to split a record with the one that takes any.
func FuzzSplitPlain(f *testing.F) {
	for _, text := range []string{
		"a;1\n", "a;1\r\n", ";;\n", "\n", "\r\n", "a\r;1\n", "a\tb;1\n", "молоко;1\n", "a\x00b;1\n", "a\x7fbcdefgh;1\n", "abcdefgh\x1fbc;1\n", "\"a;b\";1\n",
		"12\" pipe;1\n", "a;1", "a\r\r\n", "a;1\nb;2\n",
	} {
		f.Add(text, false, false)
		f.Add(text, true, true)
	}
	f.Fuzz(func(t *testing.T, text string, tabs, bare bool) {
		dialect := format{delimiter: ';', quotes: !bare, newline: '\n'}
		if tabs {
			dialect.delimiter = '\t'
		}
		fast := newSplitter(t.Context(), strings.NewReader(text), place{}, int64(len(text)), dialect)
		slow := newSplitter(t.Context(), strings.NewReader(text), place{}, int64(len(text)), dialect)
		n, done := fast.splitPlain([]byte(text))
		if !done {
			return
		}
		wantN, wantDone := slow.split([]byte(text), true)
		if n != wantN || done != wantDone || !slices.Equal(fast.rec.fields, slow.rec.fields) || fast.rec.suspect != slow.rec.suspect {
			t.Errorf("%q: %d %v %v %v, want %d %v %v %v", text, n, done, fast.rec.fields, fast.rec.suspect,
				wantN, wantDone, slow.rec.fields, slow.rec.suspect)
		}
	})
}
