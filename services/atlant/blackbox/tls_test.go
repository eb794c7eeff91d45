package blackbox_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// selfSigned writes a certificate of loopback that vouches for itself, good for servers and clients, and its key.
func selfSigned(tb testing.TB) (certFile, keyFile string) {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "robot"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	certFile, keyFile = filepath.Join(tb.TempDir(), "cert.pem"), filepath.Join(tb.TempDir(), "key.pem")
	for path, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return certFile, keyFile
}

// TestTLS: over TLS all protocols work, and a client certificate is as good as a key.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key := selfSigned(t)
	a := launch(t, nil, upArguments(t.TempDir(), "--tls-cert", cert, "--tls-key", key, "--tls-client-ca", cert, "--tls-client-scope", "fetch")...)
	if !a.isUp() || !strings.HasPrefix(a.url, "https://") {
		t.Fatalf("Atlant did not come up over TLS:\n%s", a.stderr)
	}
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte(smallList), 0o600); err != nil {
		t.Fatal(err)
	}
	login := []string{"--ca-file", cert, "--client-cert", cert, "--client-key", key}
	a.cli(t, 0, append([]string{"fetch", "--wait", list}, login...)...).holds(t, "3 accepted")
	a.cli(t, 0, append([]string{"ready"}, login[:2]...)...)
	for says, arguments := range map[string][]string{
		"certificate":    {"list"},
		"a key is need":  {"list", "--ca-file", cert},
		"scope admin":    append([]string{"verify"}, login...),
		"--client-cert":  {"list", "--client-cert", key, "--client-key", key},
		"no certificate": {"list", "--ca-file", key},
	} {
		if r := a.cli(t, 1, arguments...); !strings.Contains(r.errOut, says) {
			t.Errorf("%q: want %q in:\n%s", arguments, says, r.errOut)
		}
	}
	pool, shown := x509.NewCertPool(), tls.Certificate{}
	text, err := os.ReadFile(cert)
	if err == nil {
		shown, err = tls.LoadX509KeyPair(cert, key)
	}
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{shown}}}
	t.Cleanup(transport.CloseIdleConnections)
	for name, options := range map[string][]connect.ClientOption{"connect": nil, "grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()}} {
		api := newAPIOver(&http.Client{Transport: transport}, a.url, options...)
		if got := call(t, api.products.List, &atlantv1.ListRequest{}).GetProducts(); len(got) != 3 {
			t.Errorf("%s: got %v", name, got)
		}
	}
	response, err := http.Get("http" + strings.TrimPrefix(a.url, "https"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("in the clear: %v", response)
	}
}
