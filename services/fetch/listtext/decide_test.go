package listtext

import (
	"strings"
	"testing"
)

const (
	bom    = "\xEF\xBB\xBF"
	polish = "Nazwa;Cena\nŻelazko parowe;129,99\nPączki z różą;3,50\nŚwieża kiełbasa;24,90\nMasło śmietankowe;7,49\nĆwikła z chrzanem;4,99\n"
)

// rows returns a list of so many rows in ASCII.
func asciiRows(n int) string { return strings.Repeat("Bread;2.50\n", n) }

func TestEncodings(t *testing.T) {
	t.Parallel()
	in := func(name, text string) string { return string(encoded(t, name, text)) }
	const gbk, chinese = "text/csv; charset=gbk", "联通;1\n" // of which the bytes in GBK are UTF-8 as well
	for name, test := range map[string]struct {
		data           string
		hints          Hints
		text, encoding string
		why            string
	}{
		"ASCII":                  {"Milk;1\n", Hints{}, "Milk;1\n", "utf-8", "all characters are ASCII"},
		"empty":                  {"", Hints{}, "", "utf-8", "ASCII"},
		"UTF-8":                  {polish, Hints{}, polish, "utf-8", "all that is not ASCII is valid UTF-8"},
		"UTF-8 mark":             {bom + polish, Hints{}, bom + polish, "utf-8", "byte order mark"},
		"UTF-16LE mark":          {"\xFF\xFE" + in("utf-16le", polish), Hints{}, polish, "utf-16le", "byte order mark"},
		"UTF-16BE mark":          {"\xFE\xFF" + in("utf-16be", polish), Hints{}, polish, "utf-16be", "byte order mark"},
		"UTF-32LE mark":          {"\xFF\xFE\x00\x00" + in("utf-32le", polish), Hints{}, polish, "utf-32le", "byte order mark"},
		"UTF-32BE mark":          {"\x00\x00\xFE\xFF" + in("utf-32be", polish), Hints{}, polish, "utf-32be", "byte order mark"},
		"GB18030 mark":           {"\x84\x31\x95\x33" + in("gb18030", polish), Hints{}, polish, "gb18030", "byte order mark"},
		"mark and option":        {bom + polish, Hints{Encoding: "windows-1250"}, bom + polish, "utf-8", "byte order mark"},
		"UTF-16LE":               {in("utf-16le", polish), Hints{}, polish, "utf-16le", "zeros"},
		"UTF-16BE":               {in("utf-16be", polish), Hints{}, polish, "utf-16be", "zeros"},
		"UTF-32LE":               {in("utf-32le", polish), Hints{}, polish, "utf-32le", "zeros"},
		"UTF-32BE":               {in("utf-32be", polish), Hints{}, polish, "utf-32be", "zeros"},
		"UTF-16, told":           {in("utf-16be", polish), Hints{Encoding: "UTF-16"}, polish, "utf-16be", "csv.encoding"},
		"UTF-16, one price":      {in("utf-16le", "牛;1\n"), Hints{}, "牛;1\n", "utf-16le", "zeros"},
		"UTF-16, emoji":          {in("utf-16le", "🥛;1\n"), Hints{}, "🥛;1\n", "utf-16le", "zeros"},
		"UTF-16, half a pair":    {"\xFF\xFEa\x00\x00\xD8;\x001\x00", Hints{}, "a\xFF;1", "utf-16le", "mark"},
		"UTF-16, odd end":        {"\xFF\xFEa\x00;\x001\x00\n", Hints{}, "a;1\xFF", "utf-16le", "mark"},
		"option":                 {in("windows-1250", polish), Hints{Encoding: "CP1250"}, polish, "windows-1250", "csv.encoding"},
		"option over server":     {in("koi8-r", "Чай;1\n"), Hints{Encoding: "koi8-r", ContentType: "text/csv; charset=windows-1251"}, "Чай;1\n", "koi8-r", "csv.encoding"},
		"settled over option":    {in("koi8-r", "Чай;1\n"), Hints{Settled: "koi8-r", Encoding: "windows-1251"}, "Чай;1\n", "koi8-r", "before"},
		"server":                 {in("windows-1251", "Чай;1\n"), Hints{ContentType: "text/csv; charset=windows-1251"}, "Чай;1\n", "windows-1251", "the server tells"},
		"server, iso-8859-1":     {in("windows-1252", "Øl;1 €\n"), Hints{ContentType: `text/csv;charset="ISO-8859-1"`}, "Øl;1 €\n", "windows-1252", "the server tells"},
		"server, wrongly":        {in("windows-1251", "Молоко;1\nКолбаса докторская;2\nСыр российский;3\n"), Hints{ContentType: "text/csv; charset=iso-8859-1"}, "Молоко;1\nКолбаса докторская;2\nСыр российский;3\n", "windows-1251", "makes words"},
		"server, UTF-8 all same": {polish, Hints{ContentType: "text/csv; charset=iso-8859-1"}, polish, "utf-8", "valid UTF-8"},
		"server, not UTF-8":      {in("windows-1250", polish), Hints{ContentType: "text/csv; charset=utf-8"}, polish, "windows-1250", "makes words"},
		"server, unknown":        {polish, Hints{ContentType: "text/csv; charset=ebcdic"}, polish, "utf-8", "valid UTF-8"},
		"server, rubbish":        {polish, Hints{ContentType: ";;="}, polish, "utf-8", "valid UTF-8"},
		"server, iso-2022-jp":    {in("iso-2022-jp", "牛乳;1\n"), Hints{ContentType: "text/csv; charset=iso-2022-jp"}, "牛乳;1\n", "iso-2022-jp", "the server tells"},
		"server, two characters": {in("gbk", chinese), Hints{ContentType: gbk}, chinese, "gbk", "the server tells"},
		"a broken row":           {polish + "\xF1\xF1;5\n", Hints{}, polish + "\xF1\xF1;5\n", "utf-8", "2 bytes are not"},
		"told UTF-8, but is not": {"Caf\xE9;1\n", Hints{Encoding: "utf-8"}, "Caf\xE9;1\n", "utf-8", "csv.encoding"},
		"one name":               {asciiRows(50) + "Caf\xE9;3\n", Hints{}, asciiRows(50) + "Café;3\n", "windows-1252", `makes words like "Café"`},
		"one currency sign":      {asciiRows(50) + "Tea;\xA33.20\n", Hints{}, asciiRows(50) + "Tea;£3.20\n", "windows-1252", "makes words"},
		"euros":                  {"A;1 \x80\nB;2 \x80\n", Hints{}, "A;1 €\nB;2 €\n", "windows-1252", "makes words"},
		"euros, close":           {"A;1\x80\nB;2\x80\n", Hints{}, "A;1€\nB;2€\n", "windows-1252", "makes words"},
		"one doubtful name":      {asciiRows(5) + "R\xF8d;3\n", Hints{}, asciiRows(5) + "R\xF8d;3\n", "utf-8", `1 bytes are not ASCII, too few to tell the encoding: it could be windows-1252 ("Rød") or`},
		"no character":           {in("windows-1251", "Чай чёрный;1\nХлеб ржаной;2\n") + "\x98;3\n", Hints{Encoding: "windows-1251"}, "Чай чёрный;1\nХлеб ржаной;2\n\xFF;3\n", "windows-1251", "csv.encoding"},
		"no character in 1252":   {"\x81;3\n", Hints{Encoding: "windows-1252"}, "\xFF;3\n", "windows-1252", "csv.encoding"},
		"half a character":       {"\xC5\xA3;1\n\xC5;2\n\xC5\n;3\n", Hints{Encoding: "gbk"}, "牛;1\n\xFF;2\n\xFF\n;3\n", "gbk", "csv.encoding"},
		"half, Shift JIS":        {"\x8B\x8D;1\n\x8B;2\n\x8B\n;3\n", Hints{Encoding: "shift_jis"}, "牛;1\n\xFF;2\n\xFF\n;3\n", "shift_jis", "csv.encoding"},
		"a page":                 {"<!DOCTYPE html><title>R\xF8dgr\xF8d</title>", Hints{}, "<!DOCTYPE html><title>R\xF8dgr\xF8d</title>", "utf-8", ""},
		"no text":                {"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\xFF", Hints{}, "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\xFF", "utf-8", ""},
	} {
		got, text, err := readAll(t, []byte(test.data), test.hints)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got != test.text || text.Encoding != test.encoding || !strings.Contains(strings.Join(text.Evidence, "; "), test.why) {
			t.Errorf("%s: %q in %s, %q; want %q in %s, %q", name, got, text.Encoding, text.Evidence, test.text, test.encoding, test.why)
		}
	}
}

func TestDoubts(t *testing.T) {
	t.Parallel()
	short := string(encoded(t, "windows-1252", "Rødgrød;1\nØl;2\nBrød;3\n"))
	for name, test := range map[string]struct {
		data  string
		hints Hints
		want  string
	}{
		"short":         {short, Hints{}, `it could be windows-1252 ("Rødgrød") or`},
		"short, server": {short, Hints{ContentType: "text/csv; charset=utf-8"}, "csv.encoding would settle it"},
		"noise":         {strings.Repeat("\xD5\x91\xFA;\x9D\x8F\xE7\xC1x\xB9;1\n", 9), Hints{}, "csv.encoding would settle it"},
		"unknown":       {"Milk;1\n", Hints{Encoding: "ebcdic"}, `csv.encoding = "ebcdic" is not known`},
		"no order":      {"Milk;1\n", Hints{Encoding: "utf-16"}, "utf-16le or utf-16be would"},
	} {
		if got, text, err := readAll(t, []byte(test.data), test.hints); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q %+v, %v; want %q", name, got, text, err, test.want)
		}
	}
}

// The bytes that tell the encoding may come late, and lie anywhere in what is read at once.
func TestLateCharacters(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{5956, 5957, 5958, 20_000} { // around the 64 KiB that are read at once
		text := asciiRows(rows) + polish
		got, read, err := readAll(t, encoded(t, "windows-1250", text), Hints{})
		if err != nil || got != text {
			t.Errorf("%d rows: %+v, %v", rows, read, err)
		}
		if got, read, err = readAll(t, []byte(text), Hints{}); err != nil || got != text || read.Encoding != "utf-8" {
			t.Errorf("%d rows: %+v, %v", rows, read, err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"utf8": "utf-8", "UTF-8": "utf-8", "KOI8-R": "koi8-r", "latin1": "windows-1252", "ISO-8859-1": "windows-1252", "gb2312": "gbk",
		"cp1251": "windows-1251", "IBM852": "ibm852", "utf-32": "utf-32", "unicode": "utf-16", "csUTF16": "utf-16", "csUTF8": "utf-8", "850": "ibm850", "sjis": "shift_jis", "iso-8859-15": "iso-8859-15",
		"": "", "ebcdic": "", "replacement": "", "x-user-defined": "", "utf-7": "", "punycode": "", "iso-2022-kr": "",
	} {
		c, ok := lookup(name)
		if again, _ := lookup(c.name); c.name != want || ok != (want != "") || IsEncoding(name) != ok || again != c {
			t.Errorf("%q is %q, %t", name, c.name, ok)
		}
	}
}
