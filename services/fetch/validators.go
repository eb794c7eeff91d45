package fetch

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// maxETag bounds what is kept of a server's choice.
const maxETag = 1000

// validatorsOf returns what a list can be recognised by that comes with a response.
func validatorsOf(response *http.Response) *atlantv1.ListValidators {
	v := &atlantv1.ListValidators{UrlSha256: urlHash(response.Request.URL)}
	if etag := response.Header.Get("ETag"); len(etag) <= maxETag && isQuoted(strings.TrimPrefix(etag, "W/")) {
		v.Etag = etag
	}
	if modified := response.Header.Get("Last-Modified"); isPast(modified, response.Header.Get("Date")) {
		v.LastModified = modified
	}
	return v
}

// isPast tells whether a second was over when the answer was made: otherwise the list may have changed in it once more.
func isPast(modified, date string) bool {
	then, err := http.ParseTime(modified)
	if err != nil {
		return false
	}
	now, err := http.ParseTime(date)
	return err == nil && now.Sub(then) >= time.Second
}

// isQuoted tells whether an ETag is one, without what the standard allows for old times' sake and no text can hold.
func isQuoted(etag string) bool {
	return len(etag) >= 2 && etag[0] == '"' && etag[len(etag)-1] == '"' &&
		!strings.ContainsFunc(etag, func(r rune) bool { return r < '!' || r > '~' })
}

// forOthers returns those validators that recognise a list whoever asks. Where credentials decide what one gets to see, a
// strong ETag belongs to one version of all there are; the time of a change may be that of somebody else's list as well.
func forOthers(v *atlantv1.ListValidators, credentials *atlantv1.Credentials) *atlantv1.ListValidators {
	if v != nil && credentials != nil {
		v = &atlantv1.ListValidators{UrlSha256: v.GetUrlSha256(), Etag: strongETag(v)}
	}
	if v.GetEtag() == "" && v.GetLastModified() == "" {
		return nil
	}
	return v
}

func strongETag(v *atlantv1.ListValidators) string {
	if strings.HasPrefix(v.GetEtag(), "W/") {
		return ""
	}
	return v.GetEtag()
}

// ifRange returns what proves that the list is the same byte for byte, or nothing.
func ifRange(v *atlantv1.ListValidators) string {
	if etag := strongETag(v); etag != "" {
		return etag
	}
	return v.GetLastModified()
}

// urlHash stands for a URL, which may hold a secret.
func urlHash(u *url.URL) []byte {
	sum := sha256.Sum256([]byte(u.String()))
	return sum[:]
}
