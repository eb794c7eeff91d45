// Package outbound says where Atlant may connect to because a user asked for it: to fetch a list, or to post a webhook.
package outbound

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// DialControl is what a dialer asks before it connects to an address, see net.Dialer; nil lets all through.
type DialControl func(network, address string, conn syscall.RawConn) error

// azureHost is where Azure answers questions about a machine to the machine itself: a public address, but not one for guests.
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

// NewGuard refuses every address that is not public: private, loopback, link-local, metadata and other special ones. It is
// asked when a connection is made, so after DNS and for every redirect. The ports of the addresses in except are let through. With
// allowPrivate nothing is refused, and it returns nil.
func NewGuard(allowPrivate bool, except ...netip.AddrPort) DialControl {
	if allowPrivate {
		return nil
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azureHost))
	return func(network, address string, conn syscall.RawConn) error {
		if at, err := netip.ParseAddrPort(address); err == nil && slices.Contains(except, at) {
			return nil
		}
		return guard.Safe(network, address, conn)
	}
}

// IsGuarded tells whether a connection failed because the guard refused its address.
func IsGuarded(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) ||
		errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrInvalidHostPort)
}
