package fetch

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/outbound"
)

const (
	// DefaultMaxListBytes is the largest list that is taken, decoded.
	DefaultMaxListBytes = 2 << 30

	dialTimeout     = 10 * time.Second
	answerTimeout   = 30 * time.Second
	idleTimeout     = 60 * time.Second // without a byte of the body
	downloadTimeout = time.Hour        // for the whole of it, however slowly it drips
)

// Causes with which a download is cancelled.
var (
	errSilent  = fmt.Errorf("the server did not answer for %s", answerTimeout)
	errIdle    = fmt.Errorf("the server sent nothing for %s", idleTimeout)
	errTooLong = fmt.Errorf("the download took longer than %s", downloadTimeout)
)

// transport gets lists at URLs of some schemes. When to try again, how long it may take, and how many lists one host has to
// serve is not its business.
type transport interface {
	// attempt goes on with a download, from wherever an earlier attempt left it. It asks the host through at, which may be left
	// alone for a while, and has the transfer take what comes. Its errors are *downloadError, but for those of the disk and
	// errNotModified.
	attempt(ctx context.Context, t *transfer, at *host) error
}

// downloader gets lists from where they are.
type downloader struct {
	transports map[string]transport // by scheme
	hosts      *hosts
	maxBytes   int64
}

// newDownloader returns a downloader of lists over http, https and the schemes that there is an opener for.
func newDownloader(guard outbound.DialControl, maxBytes int64, userAgent string, openers map[string]remote.Opener) *downloader {
	theWeb := newWeb(guard, userAgent)
	d := &downloader{
		transports: map[string]transport{overHTTP: theWeb, overHTTPS: theWeb}, hosts: newHosts(hostPause), maxBytes: maxBytes,
	}
	for scheme, opener := range openers {
		d.transports[scheme] = &files{opener: opener}
	}
	return d
}

// attempt goes on with a download, see transport.
func (d *downloader) attempt(ctx context.Context, t *transfer) error {
	u, err := url.Parse(t.url)
	if err != nil {
		return permanent("the URL cannot be read")
	}
	via := d.transports[u.Scheme]
	if via == nil { // the request was taken by another version
		return permanent("lists cannot be had from %s:// URLs", u.Scheme)
	}
	ctx, stop := context.WithTimeoutCause(ctx, downloadTimeout, errTooLong)
	defer stop()
	at := d.hosts.use(hostOf(t.url))
	defer d.hosts.release(at)
	t.maxBytes = d.maxBytes
	return via.attempt(ctx, t, at)
}
