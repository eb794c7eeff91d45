package jetstream_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	natsd "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
)

// authority signs certificates for a test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.sign(t, "ca")
	return a
}

// sign writes a certificate and its key to files; the first one is the authority's own.
func (a *authority) sign(t testing.TB, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	wantNoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	wantNoError(t, err)
	cert, err := x509.ParseCertificate(der)
	wantNoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	wantNoError(t, err)
	write := func(file, kind string, data []byte) {
		wantNoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600))
	}
	write(a.certFile(name), "CERTIFICATE", der)
	write(a.keyFile(name), "PRIVATE KEY", private)
	return cert, key
}

func (a *authority) certFile(name string) string { return filepath.Join(a.dir, name+".pem") }
func (a *authority) keyFile(name string) string  { return filepath.Join(a.dir, name+"-key.pem") }

// serve starts a server with TLS that wants to see a certificate of its clients if it should.
func (a *authority) serve(t testing.TB, verify bool) (port string) {
	t.Helper()
	a.sign(t, "server")
	pair, err := tls.LoadX509KeyPair(a.certFile("server"), a.keyFile("server"))
	wantNoError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.ClientCAs.AddCert(a.cert)
	if verify {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	url := natstest.StartServer(t, &natsd.Options{TLSConfig: config, TLSVerify: verify, TLSTimeout: patience.Seconds()}).ClientURL()
	return url[strings.LastIndex(url, ":")+1:]
}

func TestConnectWithTLS(t *testing.T) {
	t.Parallel()
	ours, others := newAuthority(t), newAuthority(t)
	port := ours.serve(t, false)
	for _, scheme := range []string{"tls", "nats"} {
		url := fmt.Sprintf("%s://127.0.0.1:%s", scheme, port)
		mustConnect(t, jetstream.ConnectConfig{URL: url, CAFile: ours.certFile("ca")})
		wantNoConnection(t, jetstream.ConnectConfig{URL: url, CAFile: others.certFile("ca")}, url, "unknown authority")
	}
}

func TestConnectWithClientCertificate(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	url := "tls://127.0.0.1:" + ours.serve(t, true)
	ours.sign(t, "client")
	config := jetstream.ConnectConfig{URL: url, CAFile: ours.certFile("ca")}
	wantNoConnection(t, config, url)
	config.CertFile, config.KeyFile = ours.certFile("client"), ours.keyFile("client")
	mustConnect(t, config)
	config.KeyFile = ours.keyFile("ca")
	wantNoConnection(t, config, "client certificate", config.CertFile, config.KeyFile)
}

// A user is known by a JWT that an account signed, which the operator signed.
func TestConnectWithCreds(t *testing.T) {
	t.Parallel()
	pair := func(create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
		t.Helper()
		keys, err := create()
		wantNoError(t, err)
		public, err := keys.PublicKey()
		wantNoError(t, err)
		return keys, public
	}
	operatorKeys, operator := pair(nkeys.CreateOperator)
	accountKeys, account := pair(nkeys.CreateAccount)
	claims, err := jwt.NewOperatorClaims(operator).Encode(operatorKeys)
	wantNoError(t, err)
	trusted, err := jwt.DecodeOperatorClaims(claims)
	wantNoError(t, err)
	accountClaims, err := jwt.NewAccountClaims(account).Encode(operatorKeys)
	wantNoError(t, err)
	resolver := &natsd.MemAccResolver{}
	wantNoError(t, resolver.Store(account, accountClaims))
	url := natstest.StartServer(t, &natsd.Options{TrustedOperators: []*jwt.OperatorClaims{trusted}, AccountResolver: resolver}).ClientURL()

	creds := func(signer nkeys.KeyPair) string {
		t.Helper()
		userKeys, user := pair(nkeys.CreateUser)
		userClaims, err := jwt.NewUserClaims(user).Encode(signer)
		wantNoError(t, err)
		seed, err := userKeys.Seed()
		wantNoError(t, err)
		file, err := jwt.FormatUserConfig(userClaims, seed)
		wantNoError(t, err)
		path := filepath.Join(t.TempDir(), "user.creds")
		wantNoError(t, os.WriteFile(path, file, 0o600))
		return path
	}
	mustConnect(t, jetstream.ConnectConfig{URL: url, CredsFile: creds(accountKeys)})
	strangers, _ := pair(nkeys.CreateAccount)
	wantNoConnection(t, jetstream.ConnectConfig{URL: url, CredsFile: creds(strangers)}, "does not let us in", "credentials file")
	wantNoConnection(t, jetstream.ConnectConfig{URL: url}, "does not let us in")
}
