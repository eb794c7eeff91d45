package outbound_test

import (
	"net/netip"
	"testing"

	"github.com/atlant-log/atlant/services/outbound"
)

func TestGuardLetsOnlyPublicAddressesThrough(t *testing.T) {
	t.Parallel()
	refused := []string{
		"127.0.0.1:80", "127.8.8.8:80", "0.0.0.0:80", "10.0.0.1:443", "172.16.0.1:80", "172.31.255.255:80", "192.168.1.1:80",
		"169.254.169.254:80", "100.64.0.1:80", "192.0.0.192:80", "198.18.0.1:80", "224.0.0.1:80", "255.255.255.255:80", "100.100.100.200:80", "168.63.129.16:80",
		"[::1]:80", "[::]:80", "[fe80::1]:80", "[fc00::1]:80", "[fd00:ec2::254]:80", "[::ffff:127.0.0.1]:80",
		"[::ffff:169.254.169.254]:80", "[64:ff9b::7f00:1]:80", "[2002:7f00:1::]:80", "[ff02::1]:80",
	}
	guard := outbound.NewGuard(false)
	for _, address := range refused {
		if err := guard(network(address), address, nil); err == nil || !outbound.IsGuarded(err) {
			t.Errorf("%s was let through: %v", address, err)
		}
	}
	for _, address := range []string{"93.184.216.34:80", "8.8.8.8:8443", "[2606:2800:220:1:248:1893:25c8:1946]:443"} {
		if err := guard(network(address), address, nil); err != nil {
			t.Errorf("%s was refused: %v", address, err)
		}
	}
	if err := guard("udp4", "8.8.8.8:53", nil); err == nil {
		t.Error("udp was let through")
	}
}

func network(address string) string {
	if netip.MustParseAddrPort(address).Addr().Is4() {
		return "tcp4"
	}
	return "tcp6"
}

func TestGuardMakesOneExceptionOnly(t *testing.T) {
	t.Parallel()
	guard := outbound.NewGuard(false, netip.MustParseAddrPort("127.0.0.1:4711"))
	if err := guard("tcp4", "127.0.0.1:4711", nil); err != nil {
		t.Errorf("the exception was refused: %v", err)
	}
	if err := guard("tcp4", "127.0.0.1:4712", nil); err == nil {
		t.Error("another port was let through")
	}
}

func TestGuardIsOffWherePrivateAddressesAreAllowed(t *testing.T) {
	t.Parallel()
	if outbound.NewGuard(true) != nil {
		t.Error("there is a guard")
	}
}
