package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"

	"github.com/atlant-log/atlant/services/access"
)

// accessFlags say who may call, and over what connections.
type accessFlags struct {
	APIKeysFile   string `name:"api-keys-file" placeholder:"FILE" help:"Keys that callers may have; 'atlant keys new' makes them. Read again when it changes."`
	AnonymousRead bool   `help:"Let everybody read without a key."`
	RateLimit     int    `default:"100" placeholder:"N" help:"How many requests a second each caller may make for whom the keys file has no other limit (${default}; 0 for any); without keys and the like there is none."`

	OIDCIssuer       string `name:"oidc-issuer" placeholder:"URL" help:"OpenID Connect issuer whose tokens let callers in."`
	OIDCAudience     string `name:"oidc-audience" placeholder:"TEXT" help:"Whom these tokens must be for."`
	OIDCScopeClaim   string `name:"oidc-scope-claim" default:"scope" placeholder:"CLAIM" help:"Where they say atlant:read, atlant:fetch or atlant:admin (${default})."`
	OIDCSourcesClaim string `name:"oidc-sources-claim" default:"atlant_sources" placeholder:"CLAIM" help:"Where they list the sources that the caller is confined to (${default})."`

	TLSCert        string `name:"tls-cert" placeholder:"FILE" help:"Answer over TLS, with this certificate, in PEM. Read again when it changes."`
	TLSKey         string `name:"tls-key" placeholder:"FILE" help:"Its key, in PEM."`
	TLSClientCA    string `name:"tls-client-ca" placeholder:"FILE" help:"Authorities of client certificates, in PEM: who shows one is let in."`
	TLSClientScope string `name:"tls-client-scope" placeholder:"SCOPE" help:"What those may do that the keys file does not name: read, fetch or admin (nothing)."`

	ACMEDomain    []string `name:"acme-domain" placeholder:"NAME" help:"Answer over TLS, with a certificate for this name that an authority gives over ACME. The authority must reach the listener as NAME:443. Can be repeated."`
	ACMECache     string   `name:"acme-cache" placeholder:"DIR" help:"Where to keep such certificates."`
	ACMEEmail     string   `name:"acme-email" placeholder:"ADDRESS" help:"Whom the authority tells of trouble with them."`
	ACMEDirectory string   `name:"acme-directory" placeholder:"URL" help:"The directory of the authority (that of Let's Encrypt)."`
}

func (f *accessFlags) check() error {
	var all []error
	add := func(flag string, err error) {
		if err != nil {
			all = append(all, fmt.Errorf("%s: %w", flag, err))
		}
	}
	config, err := f.config()
	add("--tls-client-scope", err)
	if f.TLSClientScope != "" && f.TLSClientCA == "" {
		all = append(all, errors.New("--tls-client-scope goes with --tls-client-ca"))
	}
	if f.OIDCAudience != "" && f.OIDCIssuer == "" {
		all = append(all, errors.New("--oidc-audience goes with --oidc-issuer"))
	}
	add("--oidc-issuer, --rate-limit", config.Check())
	add("--tls-cert, --tls-key, --tls-client-ca, --acme-domain", f.tls("").Check())
	return errors.Join(all...)
}

func (f *accessFlags) config() (access.Config, error) {
	config := access.Config{
		KeysFile: f.APIKeysFile, AnonymousRead: f.AnonymousRead, RequestsPerSecond: f.RateLimit, Certificates: f.TLSClientCA != "",
		OIDC: access.OIDC{
			Issuer: f.OIDCIssuer, Audience: f.OIDCAudience, ScopeClaim: f.OIDCScopeClaim, SourcesClaim: f.OIDCSourcesClaim,
		},
	}
	if f.TLSClientScope == "" {
		return config, nil
	}
	var err error
	config.CertificateScope, err = access.ParseScope(f.TLSClientScope)
	return config, err
}

// tls returns how connections are encrypted by a process that keeps its data in a folder, if it keeps any.
func (f *accessFlags) tls(data string) *access.TLS {
	cache := f.ACMECache
	if cache == "" {
		cache = filepath.Join(cmp.Or(data, defaultData), "acme")
	}
	return &access.TLS{
		Cert: f.TLSCert, Key: f.TLSKey, ClientCA: f.TLSClientCA, Domains: f.ACMEDomain, ACMECache: cache, ACMEEmail: f.ACMEEmail,
		ACMEDirectory: f.ACMEDirectory,
	}
}

// newGuard returns the guard of a listener. One that only this machine reaches needs none to let in nobody else, and the log
// says so; any other listener must have one.
func (f *accessFlags) newGuard(at net.Addr, logger *slog.Logger) (*access.Guard, error) {
	config, err := f.config()
	if err != nil {
		return nil, err
	}
	loopback := isLoopback(at)
	switch {
	case !config.AsksWho() && !loopback:
		return nil, failed("`atlant keys new` makes a key for --api-keys-file; --oidc-issuer, --tls-client-ca and "+
			"--anonymous-read are other ways",
			"%s can be reached from other machines, and nothing says who may call: whoever does could fetch and rebuild", at)
	case !config.AsksWho():
		logger.Warn("NOBODY IS ASKED WHO THEY ARE: every program on this machine may do everything. " +
			"For anything but a machine of your own, give callers keys with --api-keys-file")
	case !f.tls("").Enabled() && !loopback:
		logger.Warn("keys and tokens cross the network in the clear, unless what is in front ends TLS on this machine: see --tls-cert")
	}
	if config.AnonymousRead {
		logger.Warn("everybody who reaches this listener may read everything: --anonymous-read")
	}
	return access.NewGuard(config, logger)
}

func isLoopback(at net.Addr) bool {
	tcp, ok := at.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
