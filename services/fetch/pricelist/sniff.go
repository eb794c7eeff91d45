package pricelist

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// headBytes is how much of a list is looked at to tell whether it is text.
const headBytes = 64 << 10

// A short list may hold more rubbish, provided that some row can be read: one NUL is more than 1 % of it.
const (
	shortListBytes = 1 << 10
	fewBadBytes    = 4
)

var byteOrderMark = []byte("\uFEFF")

// sniffed is what the start of a list tells.
type sniffed struct {
	start   int64 // of the text, after a byte order mark
	newline byte  // a line feed, or where there is none a carriage return
	doubt   error // why it can't be read, unless some row of it can
}

// sniff looks whether a list is text. It returns an *UnreadableError if it is anything else.
func sniff(src io.ReaderAt, size int64) (sniffed, error) {
	head := make([]byte, min(size, headBytes))
	if err := readFull(src, head, 0); err != nil {
		return sniffed{}, err
	}
	text := bytes.TrimPrefix(head, byteOrderMark)
	s := sniffed{start: int64(len(head) - len(text))}
	if len(bytes.TrimSpace(text)) == 0 && size <= headBytes {
		return s, unreadable("the list is empty")
	}
	if name := otherFormat(text); name != "" {
		return s, unreadable("this is %s, not a price list", name)
	}
	s.newline = '\n'
	if bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') >= 0 { // as on a Mac of old
		s.newline = '\r'
	}
	doubt := rubbish(text, size > int64(len(head)))
	if doubt != nil && size < shortListBytes {
		s.doubt = doubt
		return s, nil
	}
	return s, doubt
}

// textFormats are written in text, as a price list is. Many others have signatures so short that a product's name can be one
// (BMW is no bitmap), and are believed only where the bytes are not text.
var textFormats = map[string]string{
	"text/html": "HTML", "text/xml": "XML", "image/svg+xml": "SVG", "application/json": "JSON", "application/x-ndjson": "JSON",
	"application/pdf": "PDF", "text/rtf": "RTF", "text/x-php": "PHP",
}

var binaryFormats = map[string]string{
	"application/zip": "a document or program that is a ZIP archive inside", "application/x-tar": "a TAR archive",
	"application/x-7z-compressed": "a 7z archive", "application/x-rar-compressed": "a RAR archive",
	"application/x-ole-storage": "an old Office document", "application/vnd.ms-excel": "an Excel workbook (XLS)",
	"application/pdf": "PDF", "application/vnd.sqlite3": "an SQLite database",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "an Excel workbook (XLSX)",
	"application/vnd.oasis.opendocument.spreadsheet":                    "an OpenDocument spreadsheet",
}

// otherFormat names the format of what is not a list, if it can be told for sure.
func otherFormat(head []byte) string {
	if len(head) == 0 {
		return ""
	}
	control, _, invalid, _ := countBad(head)
	isText := control+invalid == 0
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		kind, _, _ := strings.Cut(m.String(), ";")
		if name := textFormats[kind]; name != "" {
			return name + title(head, name)
		}
		if isText || kind == "text/plain" || kind == "application/octet-stream" {
			continue
		}
		if name := binaryFormats[kind]; name != "" {
			return name
		}
		if m.Parent() != nil && m.Parent().Is("application/octet-stream") && control > fewBadBytes {
			return fmt.Sprintf("binary data (%s)", kind)
		}
	}
	return ""
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

// title quotes the title of an HTML page: it tells a login page from an error.
func title(head []byte, name string) string {
	found := titleElement.FindSubmatch(head)
	if name != "HTML" || found == nil {
		return ""
	}
	text := strings.Join(strings.Fields(html.UnescapeString(string(found[1]))), " ")
	if text == "" {
		return ""
	}
	return fmt.Sprintf(" (its title is %s)", excerpt([]byte(text)))
}

// rubbish returns an *UnreadableError if more than 1 % of the text is not UTF-8 text; cut says that the list goes on after it.
func rubbish(text []byte, isCut bool) error {
	if isCut { // perhaps in the middle of a character
		text = text[:max(len(text)-utf8.UTFMax, 0)]
	}
	control, controlAt, invalid, invalidAt := countBad(text)
	bad := control + invalid
	switch {
	case bad <= fewBadBytes || bad*100 <= len(text):
		return nil
	case control*100 > len(text):
		return unreadable("this is binary data, not a price list: %d of its first %d bytes can't be part of a text, the first on line %d",
			bad, len(text), lineOf(text, min(controlAt, invalidAt)))
	}
	return unreadable("%d of the first %d bytes are not valid in the encoding of the list, the first on line %d; "+
		"csv.encoding would tell another one",
		invalid, len(text), lineOf(text, invalidAt))
}

// countBad counts the control characters and the bytes that are not UTF-8, and tells where the first ones are (len(text) if
// there are none).
func countBad(text []byte) (control, controlAt, invalid, invalidAt int) {
	controlAt, invalidAt = len(text), len(text)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case size == 1 && r == utf8.RuneError:
			invalidAt = min(invalidAt, i)
			invalid++
		case size == 1 && isControl(text[i]):
			controlAt = min(controlAt, i)
			control++
		}
		i += size
	}
	return control, controlAt, invalid, invalidAt
}

func lineOf(text []byte, at int) int {
	return bytes.Count(text[:at], []byte("\n")) + 1
}
