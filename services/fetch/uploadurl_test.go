package fetch

import (
	"crypto/sha256"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/atlant-log/atlant/events"
)

func TestUploadURL(t *testing.T) {
	t.Parallel()
	sum := events.ListSum(sha256.Sum256(nil))
	const digits = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for name, want := range map[string]string{
		"prices.csv":      "upload:" + digits + "/prices.csv",
		"März 20%.csv":    "upload:" + digits + "/M%C3%A4rz%2020%25.csv",
		"a#b?c&d;e:f.csv": "upload:" + digits + "/a%23b%3Fc&d%3Be:f.csv",
		"..csv":           "upload:" + digits + "/..csv",
	} {
		if got := UploadURL(sum, name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
		for _, entry := range []string{"", "#", "#lists/march.csv"} {
			gotSum, gotName, err := ParseUploadURL(want + entry)
			if err != nil || gotSum != sum || gotName != name {
				t.Errorf("%s%s: got %s, %q, %v", want, entry, gotSum, gotName, err)
			}
		}
	}
	for _, bad := range []string{
		"", "upload:", "upload:/prices.csv", "https://shop.example/prices.csv", "upload:" + digits, "upload:" + digits + "/",
		"upload:" + digits[1:] + "/prices.csv", "upload:" + strings.ToUpper(digits) + "/prices.csv",
		"upload:" + strings.Replace(digits, "e", "g", 1) + "/prices.csv", "upload:" + digits + "0/prices.csv",
		"upload://" + digits + "/prices.csv", "upload:/" + digits + "/prices.csv", "Upload:" + digits + "/prices.csv",
		"upload:" + digits + "/../prices.csv", "upload:" + digits + "/..", "upload:" + digits + "/a%2Fb", "upload:" + digits + "/a%5Cb",
		"upload:" + digits + "/a/b", "upload:" + digits + "/a%00b", "upload:" + digits + "/a%0Ab", "upload:" + digits + "/a%FFb",
		"upload:" + digits + "/prices.csv?x", "upload:" + digits + "/%70rices.csv", "upload:" + digits + "/a%zz",
		"upload:" + digits + "/" + strings.Repeat("x", 256), " upload:" + digits + "/prices.csv",
	} {
		if sum, name, err := ParseUploadURL(bad); err == nil {
			t.Errorf("%q was read as %s, %q", bad, sum, name)
		}
	}
}

// Whatever a file is called, its URL tells so again, in one way.
func TestUploadURLKeepsTheName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		sum := events.ListSum(sha256.Sum256([]byte(name)))
		gotSum, gotName, err := ParseUploadURL(UploadURL(sum, name))
		if isFileName(name) && (err != nil || gotSum != sum || gotName != name) {
			t.Fatalf("got %s, %q, %v", gotSum, gotName, err)
		}
		if !isFileName(name) && err == nil {
			t.Fatalf("%q was taken, and is %q", name, gotName)
		}
	})
}

// TestParseUploadURLAnything sees that whatever is taken for the URL of an upload is the one that there is for it. It is no fuzz
// test because those are built anew with all that the package imports, which takes minutes.
func TestParseUploadURLAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{
			UploadURL(events.ListSum{}, "prices.csv"), UploadURL(events.ListSum{1}, "März?.csv") + "#a b/c.csv", "upload:x/y",
		}).Draw(t, "URL")
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(text)).Draw(t, "at")
			until := rapid.IntRange(at, min(at+3, len(text))).Draw(t, "until")
			text = text[:at] + rapid.SampledFrom([]string{"", "/", "%2F", "%41", "#", "?", "A", "\x00", "\xff", "é", ":", ".."}).Draw(t, "piece") + text[until:]
		}
		sum, name, err := ParseUploadURL(text)
		if err != nil {
			return
		}
		public, _, _ := strings.Cut(text, "#")
		if public != UploadURL(sum, name) || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\n\x00") || name == "" {
			t.Errorf("%q was read as %s, %q", text, sum, name)
		}
	})
}
