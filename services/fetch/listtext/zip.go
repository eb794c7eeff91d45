package listtext

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"
)

const (
	shownOfZip  = 5  // entries that a message lists
	zipBzip2    = 12 // methods of compression, beside those that the library knows
	zipIsSecret = 1  // flag: a password is needed
)

// zipped returns the file in a ZIP archive that is the list, the one named or the only one, as a packing. A document that is
// a ZIP archive inside, as a spreadsheet is, counts as not packed.
func zipped(raw io.ReaderAt, size int64, name string) (p packing, isPacked bool, err error) {
	archive, err := zip.NewReader(raw, size)
	if err != nil {
		return p, false, unreadable("this is a ZIP archive, and cut off or damaged: %v", err)
	}
	archive.RegisterDecompressor(zipBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	archive.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderMaxWindow(maxWindow)))
	files, isDocument := zipFiles(archive)
	if isDocument {
		return p, false, nil
	}
	entry, err := chosen(files, name)
	switch {
	case err != nil:
		return p, false, err
	case entry.Flags&zipIsSecret != 0:
		return p, false, unreadable("the file %q in the ZIP archive is encrypted with a password", excerpt(entry.Name))
	}
	p = packing{
		name: fmt.Sprintf("a ZIP archive's %q", excerpt(entry.Name)),
		open: func(io.Reader) (io.Reader, error) { return openEntry(entry) },
	}
	return p, true, nil
}

func isZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06")) // the latter holds nothing
}

// headOfDocument is how much of a ZIP archive tells whether it is a document.
const headOfDocument = 4 << 10

// isDocument tells whether a ZIP archive that is not the outermost is a document.
func isDocument(head []byte) bool { return !mimetype.Detect(head).Is("application/zip") }

// zipFiles returns the files of an archive without what the makers of archives add.
func zipFiles(archive *zip.Reader) (files []*zip.File, isDocument bool) {
	for _, file := range archive.File {
		base := path.Base(file.Name)
		switch {
		case file.Name == "[Content_Types].xml", file.Name == "mimetype", strings.HasPrefix(file.Name, "META-INF/"):
			return nil, true
		case strings.HasSuffix(file.Name, "/"), strings.HasPrefix(file.Name, "__MACOSX/"), base == ".DS_Store":
		default:
			files = append(files, file)
		}
	}
	return files, false
}

func chosen(files []*zip.File, name string) (*zip.File, error) {
	if len(files) == 0 {
		return nil, unreadable("the ZIP archive holds no file")
	}
	if name == "" {
		if len(files) == 1 {
			return files[0], nil
		}
		return nil, unreadable("the ZIP archive holds %d files; the end of the URL names the one to read, like %s; there are %s",
			len(files), &url.URL{Fragment: files[0].Name}, namesOf(files))
	}
	for _, file := range files {
		if file.Name == name {
			return file, nil
		}
	}
	return nil, unreadable("the ZIP archive holds no file %q, which the end of the URL names; there are %s", name, namesOf(files))
}

func namesOf(files []*zip.File) string {
	var b strings.Builder
	for i, file := range files {
		switch {
		case i == shownOfZip:
			fmt.Fprintf(&b, " and %d more", len(files)-shownOfZip)
			return b.String()
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", excerpt(file.Name))
	}
	return b.String()
}

// openEntry unpacks a file of a ZIP archive.
func openEntry(entry *zip.File) (io.Reader, error) {
	r, err := entry.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, fmt.Errorf("compression method %d is not read", entry.Method)
	}
	return r, err
}

// excerpt shortens a text for a message.
func excerpt(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
