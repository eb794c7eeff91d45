package listtext

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzRead(f *testing.F) {
	add := func(data []byte) { f.Add(data, "", "", "") }
	for _, encoding := range packedEncodings {
		for _, data := range allPackings(f, encoding) {
			add(data)
		}
		add(milkIn(f, encoding))
	}
	add(zipOf(f, "a.csv", "Milk;1\n", "b/c.csv", "Tea;2\n"))
	f.Add(zipOf(f, "a.csv", "Milk;1\n", "b/c.csv", "Tea;2\n"), "", "", "b/c.csv")
	f.Add([]byte("Caf\xE9;1\n"), "utf-16", "text/csv; charset=utf-8", "")
	f.Add([]byte("\xC5\xA3;1\n\xC5;2\n"), "gbk", "text/csv; charset=big5", "x")
	f.Fuzz(func(t *testing.T, data []byte, encoding, contentType, entry string) {
		const most = 1 << 16
		hints := Hints{Encoding: encoding, ContentType: contentType, Entry: entry, MaxBytes: most}
		got, text, err := readAll(t, data, hints)
		again, textAgain, errAgain := readAll(t, data, hints)
		switch {
		case got != again || (err == nil) != (errAgain == nil) || err != nil && err.Error() != errAgain.Error():
			t.Fatalf("%q, %v is %q, %v the next time", got, err, again, errAgain)
		case err != nil:
			if !utf8.ValidString(err.Error()) {
				t.Fatalf("%q", err)
			}
			return
		case text.Encoding != textAgain.Encoding || !utf8.ValidString(strings.Join(text.Evidence, "")):
			t.Fatalf("%q, %q", text.Encoding, text.Evidence)
		case int64(len(got)) > most:
			t.Fatalf("%d bytes", len(got))
		}
		if _, packed := packingOf(data); !packed && encoding == "" && contentType == "" && isPlain(data) && got != string(data) {
			t.Fatalf("%q is read as %q", data, got)
		}
		settled, _, err := readAll(t, data, Hints{Settled: text.Encoding, Entry: entry, MaxBytes: most})
		if err != nil || settled != got {
			t.Fatalf("told %q by %q it is %q in %s; when that is settled, it is %q, %v", encoding, contentType, got, text.Encoding, settled, err)
		}
	})
}

// isPlain tells whether bytes are a text in UTF-8 that nobody could take for anything else.
func isPlain(data []byte) bool {
	_, _, isMarked := marked(data)
	_, isWide := wide(data)
	return utf8.Valid(data) && !isMarked && !isWide && !isZip(data)
}

func FuzzNewReader(f *testing.F) {
	for name, data := range allPackings(f, "utf-8") {
		f.Add(name, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r, err := NewReader(name, bytes.NewReader(data))
		if err == nil {
			_, err = io.Copy(io.Discard, io.LimitReader(r, 1<<20))
		}
		if _, ok := errors.AsType[*DamagedError](err); err != nil && !ok && !errors.Is(err, ErrNotPacked) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%T %v", err, err)
		}
	})
}
