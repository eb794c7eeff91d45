package listtext

import (
	"bytes"
	"strings"
	"testing"
)

func TestZip(t *testing.T) {
	t.Parallel()
	three := zipOf(t, "prices/", "", "prices/march.csv", "Milk;3\n", "prices/april.csv", "Milk;4\n", "__MACOSX/prices/._march.csv", "x", "notes.txt", "none")
	many := zipOf(t, "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", "")
	secret := packed(t, "zip", []byte("Milk;1\n"))
	secret[6] |= 1 // the flag, in the entry and in the directory
	secret[bytes.Index(secret, []byte("PK\x01\x02"))+8] |= 1
	unknown := packed(t, "zip", []byte("Milk;1\n"))
	unknown[bytes.Index(unknown, []byte("PK\x01\x02"))+10] = 99
	inner := zipOf(t, "list.csv", "Milk;1\n")
	for name, test := range map[string]struct {
		data        []byte
		entry, want string // a text, or part of an error
	}{
		"one":               {zipOf(t, "a/", "", "a/list.csv", "Milk;1\n", "a/.DS_Store", "x", "__MACOSX/a/._list.csv", "y"), "", "Milk;1\n"},
		"named":             {three, "prices/april.csv", "Milk;4\n"},
		"named, only one":   {inner, "list.csv", "Milk;1\n"},
		"several":           {three, "", `holds 3 files; the end of the URL names the one to read, like #prices/march.csv; there are "prices/march.csv", "prices/april.csv", "notes.txt"`},
		"named, not there":  {three, "prices/may.csv", `holds no file "prices/may.csv", which the end of the URL names; there are "prices/march.csv"`},
		"many":              {many, "", `"5" and 2 more`},
		"not UTF-8":         {zipOf(t, "\xFF.csv", "", "2", ""), "", `like #%FF.csv; there are "\xff.csv"`},
		"none":              {zipOf(t), "", "holds no file"},
		"folders":           {zipOf(t, "a/", ""), "", "holds no file"},
		"encrypted":         {secret, "", "encrypted with a password"},
		"method":            {unknown, "", "method 99 is not read"},
		"zip in zip":        {zipOf(t, "a.zip", string(inner)), "", `a ZIP archive's "a.zip" with another archive inside`},
		"zip in gzip":       {packed(t, "gzip", inner), "", "gzip with another archive inside"},
		"too deep":          {packed(t, "zip", packed(t, "gzip", packed(t, "gzip", nil))), "", "another archive inside"},
		"no zip":            {append([]byte("PK\x03\x04"), make([]byte, 1000)...), "", "a ZIP archive, and cut off or damaged"},
		"name of a product": {[]byte("PK;1\n"), "", "PK;1\n"},
		"unused":            {[]byte("Milk;1\n"), "section", "Milk;1\n"},
	} {
		got, _, err := readAll(t, test.data, Hints{Entry: test.entry})
		if err != nil {
			got = err.Error()
		}
		if got != test.want && (err == nil || !strings.Contains(got, test.want)) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// A document that is a ZIP archive inside is left as it is, for pricelist to say what it is; packed, it is unpacked once.
func TestDocuments(t *testing.T) {
	t.Parallel()
	sheet := zipOf(t, "[Content_Types].xml", "<Types/>", "_rels/.rels", "", "xl/workbook.xml", "<workbook/>")
	late := zipOf(t, "xl/workbook.xml", "<workbook/>", "[Content_Types].xml", "<Types/>")
	for name, data := range map[string][]byte{
		"sheet": sheet, "late": late, "in zip": zipOf(t, "sheet.xlsx", string(sheet)), "in gzip": packed(t, "gzip", sheet),
	} {
		got, _, err := readAll(t, data, Hints{})
		if err != nil || !strings.HasPrefix(got, "PK\x03\x04") || !strings.Contains(got, "[Content_Types].xml") {
			t.Errorf("%s: %.40q, %v", name, got, err)
		}
	}
}
