package fetch

import (
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// dialControl is what a dialer asks before it connects to an address.
type dialControl func(network, address string, conn syscall.RawConn) error

// azureHost is where Azure answers questions about a machine to the machine itself: a public address, but not one for guests.
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

// newGuard refuses every address that is not public: private, loopback, link-local, metadata and other special ones. It is
// asked when a connection is made, so after DNS and for every redirect. The ports of the addresses in except are let through.
func newGuard(allowPrivate bool, except ...netip.AddrPort) dialControl {
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
