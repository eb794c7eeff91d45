package jetstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// leafPort is where servers take leaf nodes by convention.
	leafPort = "7422"
	// leafPatience is how long the connection may take if nobody says otherwise: some attempts at each of the servers.
	leafPatience = 20 * time.Second
)

// openSource opens the old log on a server that is a leaf of the new ones. Nothing but what JetStream needs goes over that
// connection: the old streams listen on the same subjects as the new ones.
func (m *move) openSource(ctx context.Context) error {
	remote, err := m.config.leaf()
	if err != nil {
		return err
	}
	// The server's name is that of its cluster to others, and must not be theirs.
	config := embeddedConfig{options: server.Options{ServerName: m.mark.domain(), JetStreamDomain: m.mark.domain()}}
	config.options.LeafNode.Remotes = []*server.RemoteLeafOpts{remote}
	config.hear = func(logger serverLogger) server.Logger {
		m.said = &leafLogger{serverLogger: logger}
		return m.said
	}
	if m.embedded, err = startEmbedded(m.config.Dir, m.config.logger(), config); err != nil {
		return err
	}
	if err := m.openLog(ctx); err != nil {
		return errors.Join(err, m.embedded.Close())
	}
	return nil
}

// openLog opens the old log as ever, which creates and converts what an older version has left.
func (m *move) openLog(ctx context.Context) error {
	nc, err := m.embedded.Connect()
	if err == nil {
		m.here, err = Open(ctx, nc, Config{Embedded: m.embedded})
	}
	return err
}

// leaf returns how the embedded server is to reach the others.
func (c *MoveConfig) leaf() (*server.RemoteLeafOpts, error) {
	urls, err := c.leafURLs()
	if err != nil {
		return nil, err
	}
	security, err := c.To.security()
	if err != nil {
		return nil, err
	}
	remote := &server.RemoteLeafOpts{
		URLs: urls, Credentials: c.To.CredsFile, TLSConfig: security, TLS: security != nil, DialTimeout: dialTimeout,
		TLSTimeout: dialTimeout.Seconds(),
		DenyImports: []string{
			"prices.>", "fetches.>", "requests.>", "queue.>", "parked.>", "progress.>", "sources.>", "$O.>",
		},
	}
	if security == nil && slices.Contains([]string{"tls", "wss"}, urls[0].Scheme) {
		remote.TLS, remote.TLSConfig = true, &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return remote, nil
}

// leafURLs returns where to connect to: as the configuration says, or where it is by convention.
func (c *MoveConfig) leafURLs() ([]*url.URL, error) {
	text, derived := c.LeafURLs, c.LeafURLs == ""
	if derived {
		text = c.To.URL
	}
	var all []*url.URL
	for i, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		if !strings.Contains(one, "://") {
			one = "nats-leaf://" + one
		}
		u, err := url.Parse(one)
		if err != nil {
			return nil, fmt.Errorf("URL %d of the leaf connection cannot be read: %w", i+1, plain(err))
		}
		switch {
		case !slices.Contains([]string{"nats-leaf", "nats", "tls", "ws", "wss"}, u.Scheme) || u.Hostname() == "":
			return nil, fmt.Errorf("URL %d of the leaf connection, %s, is not like nats-leaf://host:7422", i+1, u.Redacted())
		case derived && u.Scheme != "nats" && u.Scheme != "tls" && u.Scheme != "nats-leaf":
			return nil, errors.New("say where the NATS servers take leaf nodes: that cannot be told from the URL of a websocket")
		case derived || u.Port() == "":
			u.Host = net.JoinHostPort(u.Hostname(), leafPort)
		}
		all = append(all, u)
	}
	return all, nil
}

// awaitLeaf waits until the new servers reach the old log.
func (m *move) awaitLeaf(ctx context.Context) error {
	source, err := jetstream.NewWithDomain(m.there.nc, m.mark.domain())
	if err != nil {
		return fmt.Errorf("reach the old log: %w", err)
	}
	patience := m.config.Patience
	if patience == 0 {
		patience = leafPatience
	}
	for deadline := time.Now().Add(patience); ; {
		asking, cancel := context.WithTimeout(ctx, answerTimeout)
		_, err := source.AccountInfo(asking)
		cancel()
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return m.leafFaults(patience, err)
		}
		if err := sleep(ctx, 4*firstPause); err != nil {
			return err
		}
	}
}

// leafFaults says what there is to configure.
func (m *move) leafFaults(patience time.Duration, err error) error {
	urls, _ := m.config.leafURLs() // they could be read before
	hosts := make([]string, len(urls))
	for i, u := range urls {
		hosts[i] = u.Host
	}
	fault := Fault{Where: "the NATS servers at " + strings.Join(hosts, ", "), Must: "there"}
	if m.embedded.leafNodes() > 0 {
		fault.What, fault.Is = "the way to the old log", fmt.Sprintf("closed (%v)", err)
		fault.Todo = "bind the leaf connection to the account that Atlant's user is in, and let it publish and subscribe there"
	} else {
		fault.What, fault.Is = "a leaf connection", fmt.Sprintf("not to be had within %s (%s)", patience, m.said.last())
		fault.Todo = "set leafnodes {port: 7422} in the configuration of the servers, with the same users and TLS as for clients, " +
			"let this machine reach that port, and check the URLs and credentials given"
	}
	return FaultsError{fault}
}

// leafLogger keeps what the server says of its leaf connection, for the error: there is none as long as it tries again.
type leafLogger struct {
	serverLogger

	mu   sync.Mutex
	text string
}

// Errorf implements server.Logger.
func (l *leafLogger) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	if !strings.Contains(strings.ToLower(text), "leaf") {
		l.serverLogger.Errorf("%s", text)
		return
	}
	l.Debugf("%s", text)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = text
}

func (l *leafLogger) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text == "" {
		return "no answer"
	}
	return l.text
}

func (c *MoveConfig) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.Default()
	}
	return c.Logger
}
