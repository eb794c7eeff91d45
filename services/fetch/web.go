package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/atlant-log/atlant/services/outbound"
)

const maxRedirects = 10

// Redirects that are not followed.
var (
	errRedirects      = fmt.Errorf("the server redirected more than %d times", maxRedirects)
	errRedirectScheme = errors.New("the server redirected to something other than http or https")
	errRedirectHost   = errors.New("the server redirected to a URL without a host")
)

// web is the transport for http and https.
type web struct{ transport http.RoundTripper }

var _ transport = (*web)(nil)

func newWeb(guard outbound.DialControl, userAgent string) *web {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard}
	return &web{userAgentTransport{name: userAgent, next: &http.Transport{
		// No proxy: it would make the connections in our place, and the guard would see only the proxy's address.
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   dialTimeout,
		ResponseHeaderTimeout: answerTimeout,
		DisableCompression:    true, // we ask for gzip ourselves, to see how much it blows up
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1,
		IdleConnTimeout:       30 * time.Second,
	}}}
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

// attempt implements transport: it goes on with the list without the content encoding that it travels in.
func (w *web) attempt(ctx context.Context, t *transfer, at *host) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := t.request(ctx)
	if err != nil {
		return err
	}
	var response *http.Response
	err = at.ask(func() (int, error) {
		if response, err = w.client(t).Do(request); err != nil { //nolint:bodyclose // see below
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
	if t.to.size+response.ContentLength > t.maxBytes {
		return tooLarge(t.maxBytes)
	}
	t.to.contentType = response.Header.Get("Content-Type")
	return t.take(ctx, cancel, response.Body, response.Header.Get("Content-Encoding"))
}

// client returns a client that follows redirects as the transfer needs it.
func (w *web) client(t *transfer) *http.Client {
	return &http.Client{Transport: w.transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		switch {
		case len(via) >= maxRedirects:
			return errRedirects
		case next.URL.Scheme != overHTTP && next.URL.Scheme != overHTTPS:
			return errRedirectScheme
		case next.URL.Hostname() == "":
			return errRedirectHost
		}
		t.redirected(next, via)
		return nil
	}}
}
