package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// errNotModified says that the list is the one that is known.
var errNotModified = errors.New("the list is the one that is known")

// transfer is the download of one list, in as many attempts as it takes.
type transfer struct {
	url         string
	credentials *atlantv1.Credentials
	known       *atlantv1.ListValidators // of the list that need not be sent again; nil: there is none
	to          *part
	progress    func(int64) // is told how many bytes there are
	maxBytes    int64       // that are taken

	validators *atlantv1.ListValidators // of what is in to
	total      int64                    // bytes of the whole list; -1: not known
	compressed bool                     // on its way: then what is in to cannot be continued
	plain      bool                     // ask for it uncompressed, so that it can be
}

// request returns the request of the next attempt.
func (t *transfer) request(ctx context.Context) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return nil, permanent("the URL cannot be asked for")
	}
	request.Header.Set("Accept", "text/csv, text/plain;q=0.9, */*;q=0.5")
	request.Header.Set("Accept-Encoding", "gzip")
	if t.plain || t.to.size > 0 {
		request.Header.Set("Accept-Encoding", "identity")
	}
	authorize(request, t.credentials)
	t.setConditions(request)
	return request, nil
}

// redirected prepares the request that follows a redirect.
func (t *transfer) redirected(next *http.Request, via []*http.Request) {
	next.Header.Del("Referer") // none of the next server's business
	if !staysHome(next, via) {
		next.Header.Del("Authorization")
	}
	t.setConditions(next)
}

// setConditions asks for no more than is needed. What a list is recognised by means nothing to another URL than its own.
func (t *transfer) setConditions(request *http.Request) {
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "Range", "If-Range"} {
		request.Header.Del(name) // a redirect takes them along
	}
	if t.to.size > 0 {
		if t.canGoOn() && bytes.Equal(urlHash(request.URL), t.validators.GetUrlSha256()) {
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-", t.to.size))
			request.Header.Set("If-Range", ifRange(t.validators))
		}
		return
	}
	known := forOthers(t.known, t.credentials)
	if known == nil || !bytes.Equal(urlHash(request.URL), known.GetUrlSha256()) {
		return
	}
	setHeader(request, "If-None-Match", known.GetEtag())
	setHeader(request, "If-Modified-Since", known.GetLastModified())
}

func setHeader(request *http.Request, name, value string) {
	if value != "" {
		request.Header.Set(name, value)
	}
}

// canGoOn tells whether what is there is certain to be a part of what the server has now, if the server says so.
func (t *transfer) canGoOn() bool { return !t.compressed && ifRange(t.validators) != "" }

// accept takes what the server answered, and tells what is wrong with it. Afterwards t.to is ready for its body.
func (t *transfer) accept(response *http.Response) error {
	asked := response.Request.Header
	switch code := response.StatusCode; {
	case code == http.StatusNotModified && (asked.Get("If-None-Match") != "" || asked.Get("If-Modified-Since") != ""):
		return errNotModified
	case code == http.StatusPartialContent && asked.Get("Range") != "":
		return t.goOn(response)
	case code == http.StatusRequestedRangeNotSatisfiable && asked.Get("Range") != "":
		return t.giveUpPart("the server does not find the rest of the list")
	case comesBack(code):
		return &downloadError{err: statusError(code), transient: true, wait: retryAfter(response.Header)}
	case code != http.StatusOK:
		return &downloadError{err: statusError(code)}
	}
	t.validators, t.total = validatorsOf(response), response.ContentLength
	t.compressed = isCompressed(response)
	t.plain = t.plain || t.compressed // if there is another attempt
	return t.to.restart()
}

// goOn takes an answer that brings the rest of the list.
func (t *transfer) goOn(response *http.Response) error {
	first, total, ok := contentRange(response.Header.Get("Content-Range"))
	etag := response.Header.Get("ETag")
	switch {
	case !ok, first != t.to.size, isCompressed(response):
		return t.giveUpPart("the server sent another part of the list than was asked for")
	case t.total >= 0 && total >= 0 && total != t.total, etag != "" && strongETag(t.validators) != "" && etag != t.validators.GetEtag():
		return t.giveUpPart("the server sent the rest of another list")
	}
	if total >= 0 {
		t.total = total
	}
	return nil
}

// checkEnd tells whether the list is whole where its body ends: a server may send less of it than it was asked for.
func (t *transfer) checkEnd() error {
	switch {
	case t.compressed, t.total < 0, t.to.size == t.total:
		return nil
	case t.to.size > t.total:
		return t.giveUpPart("the server sent more than the rest of the list")
	default:
		return transient("the server sent only %d of %d bytes", t.to.size, t.total)
	}
}

// giveUpPart has the next attempt start over.
func (t *transfer) giveUpPart(why string) error {
	if err := t.to.restart(); err != nil {
		return err
	}
	return transient("%s", why)
}

func isCompressed(response *http.Response) bool {
	encoding := response.Header.Get("Content-Encoding")
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

// contentRange reads "bytes 200-999/1000" or "bytes 200-999/*", which is a total of -1.
func contentRange(text string) (first, total int64, ok bool) {
	unit, rest, _ := strings.Cut(text, " ")
	span, size, _ := strings.Cut(rest, "/")
	from, to, found := strings.Cut(span, "-")
	first, err1 := strconv.ParseInt(from, 10, 64)
	last, err2 := strconv.ParseInt(to, 10, 64)
	if !strings.EqualFold(unit, "bytes") || !found || err1 != nil || err2 != nil || first < 0 || last < first {
		return 0, 0, false
	}
	if size == "*" {
		return first, -1, true
	}
	total, err := strconv.ParseInt(size, 10, 64)
	return first, total, err == nil && last < total
}

// statusError is an answer that brings no list. What the server says beside the number is left out: it may be anything,
// also what it was told in confidence.
func statusError(code int) error {
	return fmt.Errorf("the server answered %s", strings.TrimSpace(fmt.Sprint(code, " ", http.StatusText(code))))
}
