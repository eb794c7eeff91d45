package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/atlant-log/atlant/events"
)

const (
	// uploadScheme is that of the URL of a list that was uploaded: upload:<SHA-256>/<name of the file>.
	uploadScheme = "upload"
	maxFileName  = 255 // bytes
)

// UploadURL returns the URL of a list that was uploaded from a file of that name.
func UploadURL(sum events.ListSum, fileName string) string {
	return uploadScheme + ":" + sum.String() + "/" + url.PathEscape(fileName)
}

// ParseUploadURL takes the URL of an upload apart; an entry of an archive that it names is left out. It returns an error for
// every other URL, and for one that UploadURL would write otherwise: the same list is to have one URL.
func ParseUploadURL(text string) (sum events.ListSum, fileName string, err error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != uploadScheme {
		return sum, "", errNoUpload
	}
	digits, escaped, _ := strings.Cut(u.Opaque, "/")
	if len(digits) != hex.EncodedLen(sha256.Size) {
		return sum, "", errNoUpload
	}
	if _, err := hex.Decode(sum[:], []byte(digits)); err != nil {
		return sum, "", errNoUpload
	}
	fileName, err = url.PathUnescape(escaped)
	public, _, _ := strings.Cut(text, "#")
	if err != nil || !isFileName(fileName) || public != UploadURL(sum, fileName) {
		return sum, "", errNoUpload
	}
	return sum, fileName, nil
}

var errNoUpload = errors.New("is not that of an upload: take it as Upload returned it")

// isFileName tells whether a text can be the name of a file: no folder, and nothing that could not be shown.
func isFileName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxFileName && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r == '\\' || unicode.IsControl(r) })
}
