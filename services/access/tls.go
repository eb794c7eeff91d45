package access

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// TLS says how connections are encrypted, if they are.
type TLS struct {
	// Cert and Key are files in PEM, read again when they change.
	Cert, Key string
	// Domains are names for which certificates are asked for by ACME, in place of files.
	Domains []string
	// ACMEDirectory is the URL of the authority's directory, empty for Let's Encrypt. ACMECache is the folder that keeps what was
	// got, and the key of the account. ACMEEmail is whom the authority tells of trouble.
	ACMEDirectory, ACMECache, ACMEEmail string
	// ClientCA is a file of the authorities whose client certificates are good, read again when it changes. Empty: none are
	// asked for.
	ClientCA string
}

// Enabled tells whether connections are encrypted.
func (t *TLS) Enabled() bool { return t.Cert != "" || len(t.Domains) > 0 }

// Check returns what is wrong with it by itself.
func (t *TLS) Check() error {
	switch {
	case (t.Cert == "") != (t.Key == ""):
		return errors.New("a certificate and its key go together")
	case t.Cert != "" && len(t.Domains) > 0:
		return errors.New("a certificate is either in a file or asked for by ACME")
	case len(t.Domains) > 0 && t.ACMECache == "":
		return errors.New("ACME needs a folder to keep certificates in: authorities hand out only so many")
	case t.ClientCA != "" && !t.Enabled():
		return errors.New("client certificates need a certificate of the server")
	}
	return nil
}

// Config returns the configuration of a listener, nil if connections are not encrypted. Clients need not show a certificate;
// one that they show must be good.
func (t *TLS) Config(logger *slog.Logger) (*tls.Config, error) {
	if !t.Enabled() {
		return nil, nil //nolint:nilnil // as documented
	}
	var paths []string
	for _, path := range []string{t.Cert, t.Key, t.ClientCA} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	issue := t.issuer()
	current, err := readFiles(logger, func() (*tls.Config, error) { return t.read(issue) }, paths...)
	if err != nil {
		return nil, err
	}
	first := current.get()
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: first.NextProtos,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return current.get(), nil },
	}, nil
}

// issuer returns what gets certificates by ACME, nil if nothing does.
func (t *TLS) issuer() *autocert.Manager {
	if len(t.Domains) == 0 {
		return nil
	}
	manager := &autocert.Manager{
		Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(t.Domains...),
		Cache: autocert.DirCache(t.ACMECache), Email: t.ACMEEmail,
	}
	if t.ACMEDirectory != "" {
		manager.Client = &acme.Client{DirectoryURL: t.ACMEDirectory}
	}
	return manager
}

// read reads the files.
func (t *TLS) read(issue *autocert.Manager) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if issue != nil {
		config.GetCertificate = issue.GetCertificate
		config.NextProtos = slices.Clone(issue.TLSConfig().NextProtos) // one more: the authority asks over it whether we are who we say
	} else {
		certificate, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read the certificate %s and its key: %w", t.Cert, err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	if t.ClientCA == "" {
		return config, nil
	}
	var err error
	if config.ClientCAs, err = ReadAuthorities(t.ClientCA); err != nil {
		return nil, err
	}
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return config, nil
}

// ReadAuthorities reads a file of certificates in PEM.
func ReadAuthorities(path string) (*x509.CertPool, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("there is no certificate in %s", path)
	}
	return pool, nil
}
