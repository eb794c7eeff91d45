package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/atlant-log/atlant/services/fetch/listtext"
	"github.com/atlant-log/atlant/services/fetch/remote"
	"github.com/atlant-log/atlant/services/outbound"
)

// downloadError says in words for the user why a download failed.
type downloadError struct {
	err       error
	transient bool          // trying again may help
	wait      time.Duration // the least until then; 0: not known
}

func (e *downloadError) Error() string { return e.err.Error() }
func (e *downloadError) Unwrap() error { return e.err }

func transient(format string, args ...any) error {
	return &downloadError{err: fmt.Errorf(format, args...), transient: true}
}

func permanent(format string, args ...any) error {
	return &downloadError{err: fmt.Errorf(format, args...)}
}

// requestError says why there was no answer at all.
func requestError(ctx context.Context, err error) error {
	var known *downloadError
	var refused *remote.RefusedError
	var dns *net.DNSError
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL is known
	}
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refused):
		return permanent("%w", refused)
	case outbound.IsGuarded(err):
		return permanent("the address is not a public one, and only those are fetched from: %w. "+
			"Whoever runs Atlant can allow others with --allow-private-urls", err)
	case errors.Is(err, errRedirects), errors.Is(err, errRedirectScheme), errors.Is(err, errRedirectHost):
		return permanent("%w", err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return permanent("there is no host %s", dns.Name)
	case ctx.Err() != nil:
		return transient("%w", context.Cause(ctx))
	default:
		return transient("the server cannot be reached: %w", err)
	}
}

// bodyError says why a body broke off, after so many bytes of those announced (-1: unknown).
func bodyError(ctx context.Context, err error, bytes, announced int64) error {
	var known *downloadError
	var refused *remote.RefusedError
	var damaged *listtext.DamagedError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &refused):
		return permanent("%w", refused)
	case ctx.Err() != nil:
		return transient("the download broke off after %d bytes: %w", bytes, context.Cause(ctx))
	case errors.Is(err, io.ErrUnexpectedEOF) && announced >= 0 && bytes < announced:
		return transient("the list is cut off: the connection ended after %d of %d bytes", bytes, announced)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return transient("the list is cut off: it ends in the middle, after %d bytes", bytes)
	case errors.As(err, &damaged):
		return transient("the compressed list is damaged: %w", damaged.Err)
	default:
		return transient("the download broke off after %d bytes: %w", bytes, err)
	}
}
