package blackbox_test

import (
	"debug/buildinfo"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// guarded is what the guard says. It refuses an address before a packet leaves, so none of these is ever reached.
const guarded = "the address is not a public one"

// privateURLs lead to the port of a server on loopback, or to other places that are nobody's business.
func privateURLs(port string) []string {
	return []string{
		"http://127.0.0.1:" + port + "/", "http://127.8.9.10:" + port + "/", "http://[::1]:" + port + "/",
		"http://localhost:" + port + "/", "http://[::ffff:127.0.0.1]:" + port + "/", "http://[::ffff:7f00:1]:" + port + "/",
		"http://0.0.0.0:" + port + "/", "http://[::]:" + port + "/", "https://127.0.0.1:" + port + "/",
		"http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://10.0.0.1/", "http://172.16.0.1/",
		"http://192.168.0.1/", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/", "http://224.0.0.1/", "http://255.255.255.255/",
	}
}

// disguises are 127.0.0.1 as the C library reads it.
func disguises(port string) []string {
	return []string{
		"http://2130706433:" + port + "/", "http://0x7f000001:" + port + "/", "http://017700000001:" + port + "/",
		"http://127.1:" + port + "/", "http://0x7f.0.0.1:" + port + "/",
	}
}

// resolvesNumbers tells whether the program asks the C library for names. Go's own resolver would take a disguise for a
// name and ask the network for it, where a test has no business.
func resolvesNumbers(tb testing.TB) bool {
	tb.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		tb.Fatal(err)
	}
	for _, setting := range info.Settings {
		if setting.Key == "CGO_ENABLED" {
			return setting.Value == "1"
		}
	}
	return false
}

// TestPrivateAddresses: unless the operator allows it, nothing is fetched from an address that is not public.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.sell("/", smallList)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	urls := privateURLs(at.Port())
	if resolvesNumbers(t) {
		urls = append(urls, disguises(at.Port())...)
	}
	// A proxy in the environment would be asked in the place of the guarded address.
	proxy := []string{"HTTP_PROXY=" + s.URL, "http_proxy=" + s.URL, "HTTPS_PROXY=" + s.URL, "GODEBUG=netdns=cgo"}
	a := launch(t, proxy, upArguments(t.TempDir(), "--fetchers", "8")...)
	a.awaitUp(t)
	ids := make([]string, len(urls))
	for i, url := range urls {
		ids[i] = a.ask(t, &atlantv1.FetchRequest{Url: url}).GetId()
	}
	for i, url := range urls {
		fetch := a.await(t, ids[i])
		if fetch.GetState() != failed || !strings.Contains(fetch.GetError(), guarded) {
			t.Errorf("%s: got %v: %s", url, fetch.GetState(), fetch.GetError())
		}
	}
	if n := s.visits(); n != 0 {
		t.Errorf("the server on loopback was asked %d times", n)
	}
	if last, _ := a.prices(t); last != 0 {
		t.Errorf("the price log holds %d messages", last)
	}
}

// TestAllowedAddresses: where the operator allows it, names and both families work.
func TestAllowedAddresses(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	s.sell("/", smallList)
	at := netip.MustParseAddrPort(strings.TrimPrefix(s.URL, "http://"))
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		url := "http://" + host + ":" + strings.Split(at.String(), ":")[1] + "/"
		fetch := a.get(t, &atlantv1.FetchRequest{Url: url, Force: true})
		counts{3, 3, 0, 0, 3}.expect(t, fetch)
	}
}
