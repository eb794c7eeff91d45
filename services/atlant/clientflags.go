package main

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/atlant-log/atlant/services/access"
)

// clientFlags say how a command reaches an Atlant that asks who calls.
type clientFlags struct {
	Addr       string `default:"http://127.0.0.1:8080" placeholder:"URL" help:"Where Atlant answers (${default})."`
	TokenFile  string `name:"token-file" placeholder:"FILE" help:"API key, or token of an issuer, to call Atlant with; or the key itself in ATLANT_TOKEN."`
	CAFile     string `name:"ca-file" placeholder:"FILE" help:"Authorities of Atlant's certificate, in PEM (those of the system)."`
	ClientCert string `name:"client-cert" placeholder:"FILE" help:"Certificate to show to Atlant, in PEM."`
	ClientKey  string `name:"client-key" placeholder:"FILE" help:"Its key, in PEM."`
}

// tokenVariable holds the key that a command calls Atlant with.
const tokenVariable = "ATLANT_TOKEN"

// token returns what a command calls Atlant with, empty if it has nothing.
func (f *clientFlags) token() (string, error) {
	return secret(f.TokenFile, tokenVariable)
}

// tls returns how a command connects to an Atlant that answers over TLS.
func (f *clientFlags) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	var err error
	if f.CAFile != "" {
		if config.RootCAs, err = access.ReadAuthorities(f.CAFile); err != nil {
			return nil, failed("", "--ca-file: %v", err)
		}
	}
	if f.ClientCert == "" && f.ClientKey == "" {
		return config, nil
	}
	certificate, err := tls.LoadX509KeyPair(f.ClientCert, f.ClientKey)
	if err != nil {
		return nil, failed("", "--client-cert and --client-key: %v", err)
	}
	config.Certificates = []tls.Certificate{certificate}
	return config, nil
}

// bearerTransport shows a token.
type bearerTransport struct {
	token string // empty: none
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t *bearerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	return t.next.RoundTrip(r)
}

// stay follows no redirect: Atlant makes none, and another server is not to get the token.
func stay(next *http.Request, _ []*http.Request) error {
	return fmt.Errorf("it redirects to %s: say so with --addr", next.URL.Redacted())
}

// isOfClient tells whether a flag says how Atlant is reached, and nothing of what it is to do.
func isOfClient(flag *kong.Flag) bool {
	return slices.Contains([]string{"addr", "token-file", "ca-file", "client-cert", "client-key"}, flag.Name)
}
