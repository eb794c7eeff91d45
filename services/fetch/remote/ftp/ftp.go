// Package ftp gets lists over FTP and FTPS: ftp:// in the clear, ftps:// with TLS from the first byte (port 990), as curl does
// it, and ftpes:// with TLS that is asked for first (AUTH TLS, port 21). With the latter two neither a password nor a list
// ever goes in the clear.
//
// The path of a URL begins where the login leads to; a path from the root begins with %2F, as RFC 1738 has it. Connections
// for data are made by us, and to the address that the server itself was reached at, whatever it says.
package ftp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/jlaffaye/ftp"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
)

// anonymous is the user that a server lets in who lets in anybody, and the password.
const anonymous = "anonymous"

// maxTalk is how many bytes a server may say, beside the list.
const maxTalk = 1 << 20

// closePatience is how long a server may take to say that all was sent.
const closePatience = 30 * time.Second

// Opener finds files on FTP servers.
type Opener struct {
	Dialer *remote.Dialer
	// RootCAs vouch for servers with TLS; nil takes those of the system.
	RootCAs *x509.CertPool
}

var _ remote.Opener = (*Opener)(nil)

// Open implements remote.Opener.
func (o *Opener) Open(ctx context.Context, list *url.URL, credentials *atlantv1.Credentials) (remote.File, error) {
	s := &session{dialer: o.Dialer, security: list.Scheme}
	if list.Scheme != plain {
		s.tls = &tls.Config{
			ServerName: list.Hostname(), RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12,
			ClientSessionCache: tls.NewLRUClientSessionCache(1), // servers demand it, to know the data connection as ours
		}
	}
	if err := s.connect(ctx, list); err != nil {
		return nil, explain(err)
	}
	f := &file{session: s, path: strings.TrimPrefix(list.Path, "/")}
	if err := f.find(credentials); err != nil {
		_ = f.Close() // there is nothing to lose
		return nil, explain(err)
	}
	return f, nil
}

// file is a file on a server that has let us in.
type file struct {
	*session
	path string
	info remote.Info
}

// find logs in and asks what is known of the file. Not every server can tell.
func (f *file) find(credentials *atlantv1.Credentials) error {
	user, password := anonymous, anonymous
	if basic := credentials.GetBasic(); basic != nil {
		user, password = basic.GetUser(), basic.GetPassword()
	}
	if err := f.login(user, password); err != nil {
		return err
	}
	var err error
	if f.info.Size, err = f.conn.FileSize(f.path); err != nil {
		f.info.Size = -1 // what is wrong with the file, reading it will tell
	}
	if err == nil && f.conn.IsGetTimeSupported() {
		if f.info.Modified, err = f.conn.GetTime(f.path); err != nil {
			f.info.Modified = time.Time{}
		}
	}
	if isNetwork(err) {
		return err
	}
	return nil
}

// Info implements remote.File.
func (f *file) Info() remote.Info { return f.info }

// From implements remote.File.
func (f *file) From(offset int64) (io.ReadCloser, error) {
	response, err := f.conn.RetrFrom(f.path, uint64(offset))
	switch {
	case err == nil:
		return &body{response: response, sized: f.info.Size >= 0}, nil
	case offset > 0 && isRefusal(err):
		return nil, remote.ErrCannotResume
	default:
		return nil, explainFile(err)
	}
}

// body is what comes over a data connection. Its end counts only where the server says that it has sent all.
type body struct {
	response *ftp.Response
	sized    bool // so that it shows if something is missing
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.response.Read(p)
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF && b.sized: //nolint:errorlint // some servers end a connection without TLS's goodbye
		if closed := b.response.Close(); closed != nil {
			return n, explainBreak(closed)
		}
		return n, io.EOF
	case err != nil:
		return n, explainBreak(err)
	}
	return n, nil
}

// Close implements io.Closer. What is not read is not waited for: the session ends with the file.
func (b *body) Close() error { return nil }

// session is the connection to a server.
type session struct {
	dialer   *remote.Dialer
	security string // the scheme
	tls      *tls.Config

	conn  *ftp.ServerConn
	conns []net.Conn // all that were made
	home  string     // the address at which the server is
}

// connect connects to the server of a URL, and has its greeting.
func (s *session) connect(ctx context.Context, list *url.URL) error {
	port := list.Port()
	if port == "" {
		port = defaultPorts[s.security]
	}
	options := []ftp.DialOption{
		ftp.DialWithDialFunc(func(_, address string) (net.Conn, error) { return s.dial(ctx, address) }),
		ftp.DialWithShutTimeout(closePatience),
	}
	switch s.security {
	case implicit:
		options = append(options, ftp.DialWithTLS(s.tls))
	case explicit:
		options = append(options, ftp.DialWithExplicitTLS(s.tls))
	}
	var err error
	s.conn, err = ftp.Dial(net.JoinHostPort(list.Hostname(), port), options...)
	if err != nil {
		s.closeAll()
	}
	return err
}

// dial makes the control connection first, and then those for data: the same server's, whatever address it gives.
func (s *session) dial(ctx context.Context, address string) (net.Conn, error) {
	control := s.home == ""
	if !control {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		address = net.JoinHostPort(s.home, port)
	}
	conn, err := s.dialer.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	s.conns = append(s.conns, conn)
	if control {
		conn = &controlConn{Conn: conn, left: maxTalk}
		if s.home, _, err = net.SplitHostPort(conn.RemoteAddr().String()); err != nil {
			return nil, err
		}
	}
	if s.security == implicit || (s.security == explicit && !control) { // AUTH TLS makes the control connection one of TLS
		return tls.Client(conn, s.tls), nil
	}
	return conn, nil
}

// controlConn bounds what a server can say: the library keeps an answer as long as it gets longer.
type controlConn struct {
	net.Conn
	left int
}

// Read implements net.Conn.
func (c *controlConn) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errTalks
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// login logs in, and settles how things are sent.
func (s *session) login(user, password string) error {
	if strings.ContainsAny(user+password, "\r\n\x00") {
		return remote.Refused("neither a user nor a password of FTP can hold a line break")
	}
	err := s.conn.Login(user, password)
	_, isAnswer := errors.AsType[*textproto.Error](err)
	_, isNoAnswer := errors.AsType[textproto.ProtocolError](err)
	if err == nil || isAnswer || isNoAnswer || isNetwork(err) {
		return err
	}
	return errLogin // to a refused user the library gives nothing but the server's words
}

// Close implements remote.File.
func (s *session) Close() error {
	_ = s.conn.Quit() // the server may be gone
	s.closeAll()
	return nil
}

func (s *session) closeAll() {
	for _, conn := range s.conns {
		_ = conn.Close() // most are closed already
	}
}
