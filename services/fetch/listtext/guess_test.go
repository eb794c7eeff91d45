package listtext

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// languagesIn are files of names in testdata, and encodings that lists in the language come in.
var languagesIn = map[string]string{
	"pl": "windows-1250 iso-8859-2 ibm852", "cs": "windows-1250 iso-8859-2", "sk": "windows-1250", "hu": "windows-1250 iso-8859-2",
	"ro": "windows-1250", "hr": "windows-1250", "tr": "windows-1254", "de": "windows-1252 ibm850", "fr": "windows-1252 macintosh",
	"it": "windows-1252", "es": "windows-1252", "pt": "windows-1252", "sv": "windows-1252", "fi": "windows-1252", "da": "windows-1252",
	"ru": "windows-1251 koi8-r iso-8859-5 ibm866 x-mac-cyrillic", "uk": "windows-1251 koi8-u", "bg": "windows-1251 iso-8859-5",
	"el": "windows-1253 iso-8859-7", "he": "windows-1255", "ar": "windows-1256 iso-8859-6", "th": "windows-874",
	"zh": "gb18030", "tw": "big5", "ja": "shift_jis euc-jp", "ko": "euc-kr",
}

// productNames returns the names of products in a language.
func productNames(tb testing.TB, language string) []string {
	tb.Helper()
	text, err := os.ReadFile("testdata/names/" + language + ".txt")
	if err != nil {
		tb.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// A list of all names is read as what it is, and in every encoding.
func TestLanguages(t *testing.T) {
	t.Parallel()
	for language, encodings := range languagesIn {
		var b strings.Builder
		for i, name := range productNames(t, language) {
			fmt.Fprintf(&b, "%s;%d,90\n", name, i)
		}
		for encoding := range strings.FieldsSeq(encodings) {
			got, text, err := readAll(t, encoded(t, encoding, b.String()), Hints{})
			if err != nil || got != b.String() {
				t.Errorf("%s in %s: %+v, %v", language, encoding, text, err)
			}
		}
	}
}

// However few names there are, none is misread: either they are what they are, or there is a doubt.
func TestShortLists(t *testing.T) {
	t.Parallel()
	const tries = 20
	chance := rand.New(rand.NewPCG(1, 2))
	right, all := 0, 0
	for _, language := range slices.Sorted(maps.Keys(languagesIn)) {
		names := productNames(t, language)
		for encoding := range strings.FieldsSeq(languagesIn[language]) {
			for try := range 3 * tries {
				text := ""
				for range []int{1, 3, 8}[try/tries] {
					text += fmt.Sprintf("%s;%d.50\n", names[chance.IntN(len(names))], chance.IntN(1000))
				}
				data := encoded(t, encoding, text)
				got, _, err := readAll(t, data, Hints{})
				all++
				switch {
				case err == nil && got == text:
					right++
				case err == nil && got != string(data): // which is to say that bytes are left as they are, and their rows rejected
					t.Errorf("%s in %s: %q is read as %q", language, encoding, text, got)
				}
			}
		}
	}
	if right*3 < all*2 {
		t.Errorf("%d of %d lists can be read", right, all)
	}
}
