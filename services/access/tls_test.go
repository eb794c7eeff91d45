package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/atlant-log/atlant/services/rpc"
)

// authority signs certificates.
type authority struct {
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	serial      int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.certificate, a.key = a.make(t, template, filepath.Join(a.dir, "ca.pem"), filepath.Join(a.dir, "ca.key"))
	return a
}

func (a *authority) ca() string { return filepath.Join(a.dir, "ca.pem") }

// issue writes a certificate for names, the first of which is the common one, and its key.
func (a *authority) issue(t testing.TB, certFile, keyFile string, names ...string) *x509.Certificate {
	t.Helper()
	certificate, _ := a.make(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: names[0]}, DNSNames: names[1:], IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature,
	}, certFile, keyFile)
	return certificate
}

func (a *authority) make(t testing.TB, template *x509.Certificate, certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a.serial++
	template.SerialNumber, template.NotBefore, template.NotAfter = big.NewInt(a.serial), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := a.certificate, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

// client returns a client that shows the certificate of names, or none without names. It connects anew each time.
func (a *authority) client(t testing.TB, names ...string) *http.Client {
	t.Helper()
	pool, err := ReadAuthorities(a.ca())
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: pool}
	if len(names) > 0 {
		certFile, keyFile := filepath.Join(t.TempDir(), "c.pem"), filepath.Join(t.TempDir(), "c.key")
		a.issue(t, certFile, keyFile, names...)
		certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, ForceAttemptHTTP2: true}}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	server, key := filepath.Join(ours.dir, "s.pem"), filepath.Join(ours.dir, "s.key")
	ours.issue(t, server, key, "atlant")
	path, keys := keysFile(t, Entry{ID: "robot", Certificate: "robot.shop.example", Scope: "fetch"},
		Entry{ID: "gone", Certificate: "gone", Scope: "fetch", Expires: time.Now().Add(-time.Hour)}, Entry{ID: "reader", Scope: "read"})
	config, err := (&TLS{Cert: server, Key: key, ClientCA: ours.ca()}).Config(silent)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		ca    *authority
		names []string
		token string
		scope string // of certificates that the keys file does not name
		want  string // the caller, or what the answer says
	}{
		{"named by a DNS name", ours, []string{"x", "robot.shop.example"}, "", "", "robot"},
		{"named by its common name", ours, []string{"robot.shop.example"}, "", "", "robot"},
		{"not named", ours, []string{"x"}, "", "", "a key is needed"},
		{"not named, but good for something", ours, []string{"x"}, "", "read", "certificate:x"},
		{"expired in the keys file", ours, []string{"gone"}, "", "read", "a key is needed"},
		{"a key counts for more", ours, []string{"robot.shop.example"}, keys[0], "", "reader"},
		{"none", ours, nil, "", "read", "a key is needed"},
		{"of another authority", theirs, []string{"robot.shop.example"}, "", "read", `Post "https://`}, // no connection comes about
	} {
		g := newTestGuard(t, Config{KeysFile: path, Certificates: true, CertificateScope: scopeNames[test.scope]})
		s := httptest.NewUnstartedServer(g.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(rpc.CallerOf(r.Context()).ID))
		})))
		s.TLS = config.Clone()
		s.Config.ErrorLog = slog.NewLogLogger(silent.Handler(), slog.LevelDebug)
		s.EnableHTTP2 = true
		s.StartTLS()
		client := test.ca.client(t, test.names...)
		pool, err := ReadAuthorities(ours.ca())
		if err != nil {
			t.Fatal(err)
		}
		client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pool
		got := say(t, client, s.URL+readPath, test.token)
		if !strings.Contains(got, test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
		s.Close()
	}
}

// say makes a request and returns what came of it.
func say(t testing.TB, client *http.Client, url, token string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	var text strings.Builder
	if err := response.Write(&text); err != nil {
		return err.Error()
	}
	return text.String()
}

// A certificate that takes another one's place holds from the next connection on.
func TestCertificateChanges(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	cert, key := filepath.Join(a.dir, "s.pem"), filepath.Join(a.dir, "s.key")
	first := a.issue(t, cert, key, "atlant")
	settings := &TLS{Cert: cert, Key: key}
	clock := time.Now()
	current, err := readFiles(silent, func() (*tls.Config, error) { return settings.read(nil) }, cert, key)
	if err != nil {
		t.Fatal(err)
	}
	current.now = func() time.Time { clock = clock.Add(2 * lookInterval); return clock }
	serial := func() int64 {
		leaf, err := x509.ParseCertificate(current.get().Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	if got := serial(); got != first.SerialNumber.Int64() {
		t.Errorf("serial %d", got)
	}
	second := a.issue(t, cert, key, "atlant")
	if got := serial(); got != second.SerialNumber.Int64() {
		t.Errorf("after the change: serial %d, want %d", got, second.SerialNumber.Int64())
	}
	if err := os.WriteFile(cert, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := serial(); got != second.SerialNumber.Int64() {
		t.Errorf("while the file is broken: serial %d", got)
	}
}

func TestTLSFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tls  TLS
		want string
	}{
		"none":            {TLS{}, ""},
		"files":           {TLS{Cert: "c", Key: "k", ClientCA: "a"}, ""},
		"acme":            {TLS{Domains: []string{"a.example"}, ACMECache: "d"}, ""},
		"no key":          {TLS{Cert: "c"}, "together"},
		"both":            {TLS{Cert: "c", Key: "k", Domains: []string{"a.example"}, ACMECache: "d"}, "either"},
		"no cache":        {TLS{Domains: []string{"a.example"}}, "folder"},
		"only client CAs": {TLS{ClientCA: "a"}, "of the server"},
	} {
		err := test.tls.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&TLS{Cert: "nothing", Key: "nothing"}).Config(silent); err == nil {
		t.Error("a certificate that is not there")
	}
	if config, err := (&TLS{}).Config(silent); config != nil || err != nil {
		t.Errorf("without TLS: %v %v", config, err)
	}
}

// By ACME certificates are asked for those names only that were given.
func TestACMENames(t *testing.T) {
	t.Parallel()
	asked := 0
	directory := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusTeapot)
	}))
	defer directory.Close()
	config, err := (&TLS{Domains: []string{"prices.example"}, ACMECache: t.TempDir(), ACMEDirectory: directory.URL}).Config(silent)
	if err != nil {
		t.Fatal(err)
	}
	current, err := config.GetConfigForClient(nil)
	if err != nil || !strings.Contains(strings.Join(current.NextProtos, " "), "acme-tls/1") {
		t.Fatalf("%v, protocols %v", err, current.NextProtos)
	}
	hello := func(name string) *tls.ClientHelloInfo {
		return &tls.ClientHelloInfo{ServerName: name, CipherSuites: []uint16{tls.TLS_AES_128_GCM_SHA256}}
	}
	if _, err := current.GetCertificate(hello("other.example")); err == nil || asked != 0 {
		t.Errorf("another name: %v, the authority was asked %d times", err, asked)
	}
	if _, err := current.GetCertificate(hello("prices.example")); err == nil || asked == 0 {
		t.Errorf("our name: %v, the authority was asked %d times", err, asked)
	}
}
