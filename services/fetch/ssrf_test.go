package fetch

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"

	"golang.org/x/net/dns/dnsmessage"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/outbound"
)

// names answers each name with addresses, one after the other, the last one again and again. Whatever it does not know is
// loopback, as some resolvers read a number.
type names map[string][]string

// resolver returns a resolver that asks only these names.
func (n names) resolver(t testing.TB) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer, asked := make([]byte, 1500), map[string]int{}
		for {
			size, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer := n.answer(buffer[:size], asked); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func (n names) answer(packet []byte, asked map[string]int) []byte {
	var message dnsmessage.Message
	if message.Unpack(packet) != nil || len(message.Questions) != 1 {
		return nil
	}
	question := message.Questions[0]
	message.Response, message.Additionals = true, nil
	name := strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))
	addresses := n[name]
	if addresses == nil {
		addresses = []string{"127.0.0.1"}
	}
	address := netip.MustParseAddr(addresses[min(asked[name], len(addresses)-1)])
	header := dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET}
	switch {
	case address.Is4() && question.Type == dnsmessage.TypeA:
		asked[name]++
		message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
	case !address.Is4() && question.Type == dnsmessage.TypeAAAA:
		asked[name]++
		message.Answers = append(message.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
	}
	packed, err := message.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// TestSSRF: nobody reads from the operator's network by way of a URL; -v prints the table. It is not parallel, because the
// names are for the whole process.
func TestSSRF(t *testing.T) {
	var reached atomic.Int64
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer private.Close()
	_, port, err := net.SplitHostPort(private.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// What stands for a server on the internet is at an address that is let through.
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that each request dials
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
		_, _ = w.Write([]byte("PRODUCT NAME;PRICE\nMilk;1\n"))
	}))
	defer public.Close()
	at := netip.MustParseAddrPort(public.Listener.Addr().String())
	before := net.DefaultResolver
	defer func() { net.DefaultResolver = before }()
	net.DefaultResolver = names{
		"internal.attacker.example": {"10.0.0.7"}, "loopback.attacker.example": {"127.0.0.1"}, "six.attacker.example": {"::1"},
		"mapped.attacker.example": {"::ffff:127.0.0.1"}, "metadata.google.internal": {"169.254.169.254"},
		"rebind.attacker.example": {at.Addr().String(), "127.0.0.2"}, "public.example": {at.Addr().String()},
	}.resolver(t)

	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = table.Write([]byte("attack\tURL\twhat came of it\n"))
	for _, attack := range attacks(port, at) {
		err := tryURL(t, attack.url, at)
		told := "LET THROUGH"
		if err != nil {
			told = "refused: " + strings.Split(err.Error(), ", and only those")[0]
		}
		_, _ = table.Write([]byte(attack.name + "\t" + strings.NewReplacer(":"+port, ":PORT", public.URL, "http://public").Replace(attack.url) + "\t" +
			told + "\n"))
		if err == nil || reached.Load() > 0 {
			t.Errorf("%s: %s reached a private server: %v", attack.name, attack.url, err)
		}
	}
	// A name that was good is asked again at each connection, and what it leads to then is what is looked at.
	rebound := "http://rebind.attacker.example:" + strings.TrimPrefix(at.String(), at.Addr().String()+":") + "/"
	if err := tryURL(t, rebound, at); err != nil {
		t.Errorf("the name leads to a public address at first: %v", err)
	}
	if err := tryURL(t, rebound, at); err == nil {
		t.Error("the name has led to another address since, and that was let through")
	} else {
		_, _ = table.Write([]byte("DNS rebinding\thttp://rebind.attacker.example/, the second time\trefused: " + strings.Split(err.Error(), ", and only those")[0] + "\n"))
	}
	table.Flush()
	t.Log("\n" + text.String())
	for _, good := range []string{public.URL + "/", "http://public.example:" + strings.Split(at.String(), ":")[1] + "/"} {
		if err := tryURL(t, good, at); err != nil {
			t.Errorf("%s, which is public: %v", good, err)
		}
	}
}

// tryURL does with a URL what a fetch does with it: check it, and go there.
func tryURL(t testing.TB, text string, public netip.AddrPort) error {
	t.Helper()
	u, err := parseURL(text)
	if err != nil {
		return err
	}
	stripped, _, err := takeCredentials(u, &atlantv1.FetchRequest{Url: text})
	if err != nil {
		return err
	}
	d := newDownloader(outbound.NewGuard(false, public), 1<<20, "atlant/test", nil)
	defer closeIdle(d)()
	return d.attempt(t.Context(), newTransfer(t, stripped))
}

type attack struct{ name, url string }

// attacks lead to the port of a server on loopback, or to what is nobody's business. What is public redirects to anywhere.
func attacks(port string, public netip.AddrPort) []attack {
	redirect := func(to string) string { return "http://" + public.String() + "/?to=" + to }
	all := []attack{
		{"loopback", "http://127.0.0.1:PORT/"},
		{"loopback", "http://127.8.9.10:PORT/"},
		{"loopback", "http://[::1]:PORT/"},
		{"loopback by name", "http://localhost:PORT/"},
		{"loopback by name", "http://LOCALHOST.:PORT/"},
		{"any address", "http://0.0.0.0:PORT/"},
		{"any address", "http://[::]:PORT/"},
		{"TLS", "https://127.0.0.1:PORT/"},
		{"private network", "http://10.0.0.1/"},
		{"private network", "http://172.16.0.1/"},
		{"private network", "http://192.168.0.1/"},
		{"private network", "http://[fd00::1]/"},
		{"carrier's network", "http://100.64.0.1/"},
		{"link-local", "http://[fe80::1]/"},
		{"link-local with a zone", "http://[fe80::1%25lo]:PORT/"},
		{"multicast", "http://224.0.0.1/"},
		{"broadcast", "http://255.255.255.255/"},
		{"metadata of AWS, Google, Azure", "http://169.254.169.254/latest/meta-data/"},
		{"metadata of AWS, IPv6", "http://[fd00:ec2::254]/"},
		{"metadata of ECS", "http://169.254.170.2/"},
		{"metadata of Alibaba", "http://100.100.100.200/"},
		{"metadata of Oracle", "http://192.0.0.192/"},
		{"host of Azure", "http://168.63.129.16/"},
		{"metadata by name", "http://metadata.google.internal/"},
		{"IPv4 in IPv6, mapped", "http://[::ffff:127.0.0.1]:PORT/"},
		{"IPv4 in IPv6, mapped", "http://[::ffff:7f00:1]:PORT/"},
		{"IPv4 in IPv6, mapped", "http://[0:0:0:0:0:ffff:a9fe:a9fe]/"},
		{"IPv4 in IPv6, compatible", "http://[::127.0.0.1]:PORT/"},
		{"IPv4 in IPv6, translated", "http://[::ffff:0:127.0.0.1]:PORT/"},
		{"NAT64", "http://[64:ff9b::7f00:1]:PORT/"},
		{"NAT64, local", "http://[64:ff9b:1::7f00:1]:PORT/"},
		{"6to4", "http://[2002:7f00:1::]:PORT/"},
		{"Teredo", "http://[2001:0:7f00:1::]:PORT/"},
		{"decimal", "http://2130706433:PORT/"},
		{"hexadecimal", "http://0x7f000001:PORT/"},
		{"hexadecimal parts", "http://0x7f.0.0.1:PORT/"},
		{"octal", "http://017700000001:PORT/"},
		{"octal parts", "http://0177.0.0.1:PORT/"},
		{"leading zeros", "http://127.000.000.001:PORT/"},
		{"short", "http://127.1:PORT/"},
		{"zero", "http://0:PORT/"},
		{"other digits", "http://①②⑦.⓪.⓪.①:PORT/"},
		{"other dots", "http://127。0。0。1:PORT/"},
		{"userinfo", "http://public.example@127.0.0.1:PORT/"},
		{"userinfo with a port", "http://public.example:80@127.0.0.1:PORT/"},
		{"userinfo, encoded", "http://public.example%2F@127.0.0.1:PORT/"},
		{"userinfo and backslash", `http://127.0.0.1:PORT\@public.example/`},
		{"userinfo twice", "http://a@public.example@127.0.0.1:PORT/"},
		{"fragment", "http://127.0.0.1:PORT#@public.example/"},
		{"query", "http://127.0.0.1:PORT?@public.example/"},
		{"line break", "http://127.0.0.1:PORT/%0d%0aHost:%20public.example"},
		{"name of a private address", "http://internal.attacker.example/"},
		{"name of loopback", "http://loopback.attacker.example:PORT/"},
		{"name of loopback, IPv6", "http://six.attacker.example:PORT/"},
		{"name of a mapped address", "http://mapped.attacker.example:PORT/"},
		{"redirect", redirect("http://127.0.0.1:PORT/")},
		{"redirect", redirect("http://169.254.169.254/")},
		{"redirect", redirect("http://loopback.attacker.example:PORT/")},
		{"redirect", redirect("http://[::ffff:127.0.0.1]:PORT/")},
		{"redirect without a scheme", redirect("//127.0.0.1:PORT/")},
		{"redirect to a file", redirect("file:///etc/passwd")},
		{"redirect to another protocol", redirect("gopher://127.0.0.1:PORT/")},
		{"redirects in a row", redirect("/?to=http%3A%2F%2F127.0.0.1:PORT%2F")},
		{"file", "file:///etc/passwd"},
		{"gopher", "gopher://127.0.0.1:PORT/"},
		{"no host", "http:///etc/passwd"},
		{"unix socket", "unix:///run/x.sock"},
	}
	for i := range all {
		all[i].url = strings.ReplaceAll(all[i].url, "PORT", port)
	}
	return all
}
