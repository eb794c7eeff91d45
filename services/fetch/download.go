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
	transport http.RoundTripper
	hosts     *hosts
	maxBytes  int64
}

func newDownloader(guard dialControl, maxBytes int64, userAgent string) *downloader {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard}
	transport := &http.Transport{
		// No proxy: it would make the connections in our place, and the guard would see only the proxy's address.
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: headerTimeout,
		DisableCompression:    true, // we ask for gzip ourselves, to see how much it blows up
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1,
		IdleConnTimeout:       30 * time.Second,
	}
	return &downloader{
		transport: userAgentTransport{name: userAgent, next: transport}, hosts: newHosts(hostPause), maxBytes: maxBytes,
	}
}

// userAgentTransport says who asks.
type userAgentTransport struct {
	name string
	next *http.Transport
}

// CloseIdleConnections is called by the client's method of that name.
func (t userAgentTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

func (t userAgentTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", t.name)
	return t.next.RoundTrip(r)
}

// attempt goes on with a download, from wherever an earlier attempt left it: of the list without the content encoding that it
// travels in. Its errors are *downloadError, but for those of the disk and errNotModified.
func (d *downloader) attempt(ctx context.Context, t *transfer) error {
	ctx, stop := context.WithTimeoutCause(ctx, downloadTimeout, errTooLong)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := t.request(ctx)
	if err != nil {
		return err
	}
	at := d.hosts.use(hostOf(t.url))
	defer d.hosts.release(at)
	var response *http.Response
	err = at.ask(func() (int, error) {
		if response, err = d.client(t).Do(request); err != nil { //nolint:bodyclose // see below
			return 0, err
		}
		return response.StatusCode, nil
	})
	if err != nil {
		return requestError(ctx, err)
	}
	defer func() { _ = response.Body.Close() }() // all that matters of the body was read
	if err := t.accept(response); err != nil {
		return err
	}
	if t.to.size+response.ContentLength > d.maxBytes {
		return d.tooLarge()
	}
	t.to.contentType = response.Header.Get("Content-Type")
	return d.copyBody(ctx, cancel, response, t)
}

// client returns a client that follows redirects as the transfer needs it.
func (d *downloader) client(t *transfer) *http.Client {
	return &http.Client{Transport: d.transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= maxRedirects:
			return errRedirects
		case next.URL.Scheme != "http" && next.URL.Scheme != "https":
			return errRedirectScheme
		case next.URL.Hostname() == "":
			return errRedirectHost
		}
		t.redirected(next, via)
		return nil
	}}
}

func (d *downloader) tooLarge() error {
	return permanent("the list is larger than %d bytes, the most that is taken", d.maxBytes)
}

func (d *downloader) copyBody(
	ctx context.Context, cancel context.CancelCauseFunc, response *http.Response, t *transfer,
) error {
	idle := time.AfterFunc(idleTimeout, func() { cancel(errIdle) })
	defer idle.Stop()
	wire := &wireReader{body: response.Body, read: func() { idle.Reset(idleTimeout) }}
	before := t.to.size
	brokenOff := func(err error) error { return bodyError(ctx, err, before+wire.bytes, t.total) }
	body, err := decode(response.Header.Get("Content-Encoding"), wire)
	if err != nil {
		return brokenOff(err)
	}
	buffer := make([]byte, 128<<10)
	for {
		n, err := body.Read(buffer)
		total := t.to.size + int64(n)
		switch {
		case total > d.maxBytes:
			return d.tooLarge()
		case total > listtext.RatioFreeBytes && (total-before)/max(wire.bytes, 1) > listtext.MaxRatio:
			return permanent("the list blows up to more than %d times its compressed size: a compression bomb", listtext.MaxRatio)
		}
		if _, err := t.to.Write(buffer[:n]); err != nil {
			return err
		}
		t.progress(total)
		if errors.Is(err, io.EOF) {
			return t.checkEnd()
		}
		if err != nil {
			return brokenOff(err)
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
