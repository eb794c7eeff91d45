package jetstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// dialTimeout bounds how long one server may take to answer, also while all of them are tried for the first time.
	dialTimeout = 5 * time.Second
	// reconnectWait is the pause before a server is tried again.
	reconnectWait = time.Second
	// pingInterval is how often a silent server is asked whether it lives; it is given up after two.
	pingInterval = 10 * time.Second
)

// Keys of this file's log records.
const (
	logError   = "error"
	logServer  = "server"
	logSubject = "subject"
	logFault   = "fault"
)

// ConnectConfig says how to reach the servers. All but the URL is optional.
type ConnectConfig struct {
	URL       string // nats://, tls://, ws:// or wss://, with user:password@ if need be; several separated by commas
	CredsFile string // a user's JWT and seed, as nsc writes them
	CAFile    string // PEM: whose servers to trust, besides those that the system trusts
	CertFile  string // PEM: with KeyFile, the certificate to show
	KeyFile   string
	Name      string       // of this process, as the server lists it
	Logger    *slog.Logger // told what happens to the connection later on; slog.Default() if there is none
}

// Connect returns a connection to one of the servers. It tries each of them once, for at most some seconds; once
// connected it reconnects for ever. While it is not connected, what is published fails at once. Errors name the file or
// the URL, without its password. The caller closes the connection.
func Connect(ctx context.Context, config ConnectConfig) (*nats.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	servers, err := parseURLs(config.URL)
	if err != nil {
		return nil, err
	}
	options, err := config.options()
	if err != nil {
		return nil, err
	}
	type result struct {
		nc  *nats.Conn
		err error
	}
	connected := make(chan result, 1)
	go func() {
		nc, err := nats.Connect(config.URL, options...)
		connected <- result{nc, err}
	}()
	select {
	case <-ctx.Done():
		go func() {
			if late := <-connected; late.nc != nil {
				late.nc.Close()
			}
		}()
		return nil, ctx.Err()
	case r := <-connected:
		if r.err != nil {
			return nil, connectError(servers, r.err)
		}
		return r.nc, nil
	}
}

// options turns the configuration into what the client takes.
func (c ConnectConfig) options() ([]nats.Option, error) {
	options := slices.Concat([]nats.Option{
		nats.Name(c.Name), nats.Timeout(dialTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.IgnoreAuthErrorAbort(),
		// What cannot be sent now is not sent later, behind the back of whoever has given it up.
		nats.ReconnectBufSize(-1),
	}, logged(c.Logger))
	security, err := c.security()
	if err != nil {
		return nil, err
	}
	if security != nil {
		options = append(options, nats.Secure(security))
	}
	if c.CredsFile != "" {
		if _, err := os.ReadFile(c.CredsFile); err != nil {
			return nil, fmt.Errorf("read credentials: %w", err)
		}
		options = append(options, nats.UserCredentials(c.CredsFile))
	}
	return options, nil
}

// security returns what is set for TLS, nil if nothing is.
func (c ConnectConfig) security() (*tls.Config, error) {
	security := &tls.Config{MinVersion: tls.VersionTLS12}
	secured := false
	if c.CAFile != "" {
		roots, err := readRoots(c.CAFile)
		if err != nil {
			return nil, err
		}
		security.RootCAs, secured = roots, true
	}
	if c.CertFile != "" || c.KeyFile != "" {
		certificate, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read client certificate %q and its key %q: %w", c.CertFile, c.KeyFile, err)
		}
		security.Certificates, secured = []tls.Certificate{certificate}, true
	}
	if !secured {
		return nil, nil //nolint:nilnil // no TLS of our own is no error
	}
	return security, nil
}

// readRoots returns the system's authorities and those of a file.
func readRoots(file string) (*x509.CertPool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("read certificate authorities: %s holds no certificate in PEM", file)
	}
	return roots, nil
}

// logged passes on what happens to a connection.
func logged(logger *slog.Logger) []nats.Option {
	if logger == nil {
		logger = slog.Default()
	}
	return []nats.Option{
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			attrs := []any{slog.Any(logError, err)}
			if sub != nil {
				attrs = append(attrs, slog.String(logSubject, sub.Subject))
			}
			logger.Error("nats", attrs...)
		}),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if err != nil || !nc.IsClosed() {
				logger.Warn("connection to the log lost", slog.Any(logError, err))
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			logger.Info("connected to the log again", slog.String(logServer, nc.ConnectedUrlRedacted()))
		}),
	}
}
