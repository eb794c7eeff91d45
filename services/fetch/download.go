package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/atlant-log/atlant/services/fetch/listtext"
)

const (
	// DefaultMaxListBytes is the largest list that is taken, decoded.
	DefaultMaxListBytes = 2 << 30

	dialTimeout     = 10 * time.Second
	headerTimeout   = 30 * time.Second
	idleTimeout     = 60 * time.Second // without a byte of the body
	downloadTimeout = time.Hour        // for the whole of it, however slowly it drips
	maxRedirects    = 10

	// A list compresses by 3 to 30 times. Beyond this, past the first megabytes, it is no list.
	maxCompressionRatio = 200
	ratioFreeBytes      = 16 << 20
)

// Causes with which a download is cancelled.
var (
	errIdle    = fmt.Errorf("the server sent nothing for %s", idleTimeout)
	errTooLong = fmt.Errorf("the download took longer than %s", downloadTimeout)
)

// Redirects that are not followed.
var (
	errRedirects      = fmt.Errorf("the server redirected more than %d times", maxRedirects)
	errRedirectScheme = errors.New("the server redirected to something other than http or https")
	errRedirectHost   = errors.New("the server redirected to a URL without a host")
)

// downloader gets lists over http and https.
type downloader struct {
	client   *http.Client
	maxBytes int64
}

func newDownloader(guard dialControl, maxBytes int64, userAgent string) *downloader {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard}
	return &downloader{maxBytes: maxBytes, client: &http.Client{
		Transport: userAgentTransport{name: userAgent, next: &http.Transport{
			// No proxy: it would make the connections in our place, and the guard would see only the proxy's address.
			DialContext:           dialer.DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: headerTimeout,
			DisableCompression:    true, // we ask for gzip ourselves, to see how much it blows up
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   1,
			IdleConnTimeout:       30 * time.Second,
		}},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			switch {
			case len(via) >= maxRedirects:
				return errRedirects
			case next.URL.Scheme != "http" && next.URL.Scheme != "https":
				return errRedirectScheme
			case next.URL.Hostname() == "":
				return errRedirectHost
			}
			return nil
		},
	}}
}

// userAgentTransport says who asks.
type userAgentTransport struct {
	name string
	next http.RoundTripper
}

func (t userAgentTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", t.name)
	return t.next.RoundTrip(r)
}

// download writes the list to w, without the content encoding that it travels in, and calls progress with how many bytes there
// are so far. It returns what type the server says it is. Its errors are *downloadError, but for those of w.
func (d *downloader) download(ctx context.Context, url string, w io.Writer, progress func(int64)) (contentType string, err error) {
	ctx, stop := context.WithTimeoutCause(ctx, downloadTimeout, errTooLong)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", permanent("the URL cannot be asked for: %w", err)
	}
	request.Header.Set("Accept", "text/csv, text/plain;q=0.9, */*;q=0.5")
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := d.client.Do(request)
	if err != nil {
		return "", requestError(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // all that matters of the body was read
	if err := d.checkResponse(response); err != nil {
		return "", err
	}
	return response.Header.Get("Content-Type"), d.copyBody(ctx, cancel, response, w, progress)
}

func (d *downloader) checkResponse(response *http.Response) error {
	switch code := response.StatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= http.StatusInternalServerError:
		return transient("the server answered %s", response.Status)
	case code != http.StatusOK:
		return permanent("the server answered %s", response.Status)
	case response.ContentLength > d.maxBytes:
		return d.tooLarge()
	}
	return nil
}

func (d *downloader) tooLarge() error {
	return permanent("the list is larger than %d bytes, the most that is taken", d.maxBytes)
}

func (d *downloader) copyBody(
	ctx context.Context, cancel context.CancelCauseFunc, response *http.Response, w io.Writer, progress func(int64),
) error {
	idle := time.AfterFunc(idleTimeout, func() { cancel(errIdle) })
	defer idle.Stop()
	wire := &wireReader{body: response.Body, read: func() { idle.Reset(idleTimeout) }}
	body, err := decode(response.Header.Get("Content-Encoding"), wire)
	if err != nil {
		return bodyError(ctx, err, wire.bytes, response.ContentLength)
	}
	buffer := make([]byte, 128<<10)
	for total := int64(0); ; {
		n, err := body.Read(buffer)
		total += int64(n)
		switch {
		case total > d.maxBytes:
			return d.tooLarge()
		case total > ratioFreeBytes && total/max(wire.bytes, 1) > maxCompressionRatio:
			return permanent("the list blows up to more than %d times its compressed size: a compression bomb", maxCompressionRatio)
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return err
		}
		progress(total)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bodyError(ctx, err, wire.bytes, response.ContentLength)
		}
	}
}

// decode undoes the content encoding. Only gzip is asked for, but any that can be unpacked is taken.
func decode(encoding string, body io.Reader) (io.Reader, error) {
	name := strings.TrimPrefix(strings.ToLower(encoding), "x-")
	switch {
	case name == "", name == "identity":
		return body, nil
	case !listtext.IsPacking(name):
		return nil, permanent("the server sent the list with content encoding %q, which was not asked for", encoding)
	}
	decoded, err := listtext.NewReader(name, body)
	if errors.Is(err, listtext.ErrNotPacked) {
		return nil, permanent("the server calls the list %s, but it is not", name)
	}
	return decoded, err
}

// wireReader counts what comes over the wire.
type wireReader struct {
	body  io.Reader
	bytes int64
	read  func()
}

func (r *wireReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.bytes += int64(n)
	r.read()
	return n, err
}
