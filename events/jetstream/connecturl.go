package jetstream

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
)

// parseURLs checks URLs separated by commas, and returns them without passwords.
func parseURLs(text string) ([]string, error) {
	var all []string
	for i, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats://" + one
		}
		u, err := url.Parse(one)
		if err != nil {
			return nil, fmt.Errorf("URL %d of the NATS servers cannot be read: %w", i+1, plain(err))
		}
		if !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) || u.Hostname() == "" {
			return nil, fmt.Errorf("URL %d of the NATS servers, %s, is not like nats://host:4222 or tls://host:4222", i+1, u.Redacted())
		}
		all = append(all, u.Redacted())
	}
	return all, nil
}

// connectError says why no server could be connected to, and what may help.
func connectError(servers []string, err error) error {
	at := strings.Join(servers, ", ")
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	switch {
	case errors.Is(err, nats.ErrNoServers):
		return fmt.Errorf("no NATS server answers at %s: is one running there?", at)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("the NATS server at %s does not let us in (%w): "+
			"check the user and password in the URL, or the credentials file", at, err)
	case errors.Is(err, nats.ErrSecureConnWanted):
		return fmt.Errorf("the NATS server at %s has no TLS, which the URL or a certificate asks for", at)
	case unknown:
		return fmt.Errorf("the certificate of the NATS server at %s is signed by an unknown authority: name the authority's file", at)
	default:
		return fmt.Errorf("connect to the NATS server at %s: %w", at, plain(err))
	}
}

// redacted returns a URL without its password; one that cannot be read may hold one anywhere.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "a URL that cannot be read"
	}
	return u.Redacted()
}

// plain returns an error without the URL that net/url and net/http put around it, which may hold a password.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
