package listtext

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

// milk is the text of the files in testdata/packed.
func milk() string {
	var b strings.Builder
	b.WriteString("Наименование;Цена\n")
	for i := range 40 {
		fmt.Fprintf(&b, "Молоко цельное %d;%d.50\n", i, i)
	}
	return b.String()
}

// milkIn are the bytes of milk in an encoding, utf-16 with a byte order mark.
func milkIn(tb testing.TB, encoding string) []byte {
	tb.Helper()
	if encoding == "utf-16" {
		return append([]byte("\xFF\xFE"), encoded(tb, "utf-16le", milk())...)
	}
	return encoded(tb, encoding, milk())
}

// packed packs data; there is no Go that writes bzip2 or xz, for which there are files of milk.
func packed(tb testing.TB, format string, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch format {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			tb.Fatal(err)
		}
		w = z
	case "zip":
		return zipOf(tb, "list.csv", string(data))
	default:
		tb.Fatal(format)
	}
	_, err := w.Write(data)
	if err := errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// zipOf makes an archive of names and texts.
func zipOf(tb testing.TB, namesAndTexts ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(namesAndTexts); i += 2 {
		file, err := w.Create(namesAndTexts[i])
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(file, namesAndTexts[i+1]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func packedFile(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile("testdata/packed/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

var packedEncodings = []string{"utf-8", "windows-1251", "utf-16"}

// allPackings returns milk in an encoding, packed in each way.
func allPackings(tb testing.TB, encoding string) map[string][]byte {
	tb.Helper()
	data := milkIn(tb, encoding)
	return map[string][]byte{
		"gzip": packed(tb, "gzip", data), "zstd": packed(tb, "zstd", data), "ZIP": packed(tb, "zip", data),
		"bzip2": packedFile(tb, encoding+".csv.bz2"), "xz": packedFile(tb, encoding+".csv.xz"),
		"gzip in ZIP": packed(tb, "zip", packed(tb, "gzip", data)), "zstd in gzip": packed(tb, "gzip", packed(tb, "zstd", data)),
	}
}

func TestPackings(t *testing.T) {
	t.Parallel()
	for _, encoding := range packedEncodings {
		for name, data := range allPackings(t, encoding) {
			got, text, err := readAll(t, data, Hints{})
			if err != nil || got != milk() || !strings.HasPrefix(text.Encoding, encoding) || !strings.Contains(text.Evidence[0], "packed as") {
				t.Errorf("%s of %s: %+v, %v: %.60q", name, encoding, text, err, got)
			}
		}
	}
}

// Whatever is missing at the end of packed data, it is said, and by nothing but an *UnreadableError.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for name, data := range allPackings(t, "windows-1251") {
		for n := longestStart; n < len(data); n++ {
			if got, text, err := readAll(t, data[:n], Hints{}); err == nil || !strings.Contains(err.Error(), "cut off") {
				t.Errorf("%d of %d bytes of %s: %+v %.60q, %v", n, len(data), name, text, got, err)
			}
		}
	}
}

// Whatever byte of packed data is wrong, no other text comes of it.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for name, data := range allPackings(t, "utf-8") {
		for i := longestStart; i < len(data); i++ {
			damaged := bytes.Clone(data)
			damaged[i] ^= 0x55
			if got, text, err := readAll(t, damaged, Hints{}); err == nil && got != milk() {
				t.Errorf("byte %d of %s: %+v %.60q", i, name, text, got)
			}
		}
	}
}

func TestBombs(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 20<<20)
	for name, data := range map[string][]byte{
		"gzip": packed(t, "gzip", zeros), "zstd": packed(t, "zstd", zeros), "zip": packed(t, "zip", zeros),
		"bzip2": packedFile(t, "bomb.bz2"), "xz": packedFile(t, "bomb.xz"), "twice": packed(t, "gzip", packed(t, "gzip", zeros)),
	} {
		if _, text, err := readAll(t, data, Hints{}); err == nil || !strings.Contains(err.Error(), "a bomb") {
			t.Errorf("%s: %+v, %v", name, text, err)
		}
		if _, text, err := readAll(t, data, Hints{MaxBytes: 1 << 20}); err == nil || !strings.Contains(err.Error(), "larger than 1048576 bytes") {
			t.Errorf("%s: %+v, %v", name, text, err)
		}
	}
}

// Data that would take more memory than a decoder gets is refused.
func TestMemory(t *testing.T) {
	t.Parallel()
	wide := []byte("\x28\xB5\x2F\xFD\x00\x98\x01\x00\x00") // a window of 512 MB, then an empty block
	if _, _, err := readAll(t, wide, Hints{}); err == nil || !strings.Contains(err.Error(), "window") {
		t.Error(err)
	}
	dictionary := packedFile(t, "utf-8.csv.xz")
	header := dictionary[12 : 12+4*(int(dictionary[12])+1)] // of the first block: its size, flags, the filter and its dictionary
	if header[2] != 0x21 {
		t.Fatalf("filter %x", header[2])
	}
	header[4] = 36 // 1 GB
	binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	if _, _, err := readAll(t, dictionary, Hints{}); err == nil || !strings.Contains(err.Error(), "dictionary") {
		t.Error(err)
	}
}

func TestMaxBytes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("Молоко;1\n", 10) // 15 bytes each in UTF-8, 9 in windows-1251
	for name, data := range map[string][]byte{
		"UTF-8": []byte(text), "windows-1251": encoded(t, "windows-1251", text), "gzip": packed(t, "gzip", []byte(text)),
		"utf-16 in gzip": packed(t, "gzip", encoded(t, "utf-16le", text)),
	} {
		for limit, fits := range map[int64]bool{149: false, 150: name != "utf-16 in gzip", 180: true} {
			got, _, err := readAll(t, data, Hints{MaxBytes: limit})
			if fits != (err == nil) || fits && got != text || !fits && !strings.Contains(err.Error(), "larger than") {
				t.Errorf("%s, at most %d: %q, %v", name, limit, got, err)
			}
		}
	}
}

// An error of what is read is not one of the data.
func TestSourceFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, data := range map[string][]byte{"gzip": packed(t, "gzip", []byte(milk())), "xz": packedFile(t, "utf-8.csv.xz")} {
		for n := range data {
			r, err := NewReader(name, io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken)))
			if err == nil {
				_, err = io.ReadAll(r)
			}
			if !errors.Is(err, broken) {
				t.Fatalf("%s after %d bytes: %v", name, n, err)
			}
		}
	}
	_, err := Read(t.Context(), failing{broken}, 1000, Hints{MaxBytes: 1000}, nil)
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
