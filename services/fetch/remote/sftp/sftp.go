// Package sftp gets lists over SFTP. The path of a URL begins at the root of the server, and /~/ is where the login leads to,
// as curl has it.
//
// A server is let know a password only if it proves to be who the operator says it is: by a key that is in a file of the
// format of OpenSSH's known_hosts. There is no way around that, and trust on first use is none.
package sftp

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/url"
	"path"
	"strings"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/fetch/remote"
)

const (
	defaultPort = "22"
	// readAhead is how much is asked for at once: a server answers in pieces of 32 KiB, and each takes its way.
	readAhead = 256 << 10
)

// Opener finds files on SFTP servers.
type Opener struct {
	Dialer *remote.Dialer
	// KnownHosts is the file of the servers' keys; empty means that no server is known.
	KnownHosts string
}

var _ remote.Opener = (*Opener)(nil)

// Check tells whether the file of known hosts can be read, if there is to be one.
func (o *Opener) Check() error {
	if o.KnownHosts == "" {
		return nil
	}
	_, err := readKnownHosts(o.KnownHosts)
	return err
}

// Open implements remote.Opener. The file of known hosts is read anew, so that a key can be added while Atlant runs.
func (o *Opener) Open(ctx context.Context, list *url.URL, credentials *atlantv1.Credentials) (remote.File, error) {
	config, err := clientConfig(credentials)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(list.Hostname(), list.Port())
	if list.Port() == "" {
		address = net.JoinHostPort(list.Hostname(), defaultPort)
	}
	check := &hostCheck{}
	if o.KnownHosts != "" {
		if check.known, err = readKnownHosts(o.KnownHosts); err != nil {
			return nil, remote.Refused("the file of --ssh-known-hosts cannot be read; whoever runs Atlant has to see to it")
		}
		config.HostKeyAlgorithms = check.algorithms(address)
	}
	config.HostKeyCallback = check.key
	f := &file{}
	if err := f.connect(ctx, o.Dialer, address, config); err != nil {
		_ = f.Close() // there is nothing to lose
		if check.err != nil {
			return nil, check.err
		}
		return nil, explain(err)
	}
	if err := f.find(list.Path); err != nil {
		_ = f.Close() // as above
		return nil, explain(err)
	}
	return f, nil
}

// file is a file on a server that has let us in.
type file struct {
	conn   net.Conn
	ssh    *ssh.Client
	client *sftp.Client
	opened *sftp.File
	info   remote.Info
}

// connect logs in.
func (f *file) connect(ctx context.Context, dialer *remote.Dialer, address string, config *ssh.ClientConfig) error {
	var err error
	if f.conn, err = dialer.Dial(ctx, address); err != nil {
		return err
	}
	conn, channels, requests, err := ssh.NewClientConn(f.conn, address, config)
	if err != nil {
		return err
	}
	f.ssh = ssh.NewClient(conn, channels, requests)
	f.client, err = sftp.NewClient(f.ssh)
	return err
}

// find opens the file.
func (f *file) find(name string) error {
	if home, ok := strings.CutPrefix(name, "/~/"); ok {
		name = home
	}
	info, err := f.client.Stat(path.Clean(name))
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return remote.Refused("that is no file on the server")
	}
	f.info = remote.Info{Size: info.Size(), Modified: info.ModTime()}
	f.opened, err = f.client.Open(path.Clean(name))
	return err
}

// Info implements remote.File.
func (f *file) Info() remote.Info { return f.info }

// From implements remote.File.
func (f *file) From(offset int64) (io.ReadCloser, error) {
	if _, err := f.opened.Seek(offset, io.SeekStart); err != nil {
		return nil, explain(err)
	}
	return io.NopCloser(&body{bufio.NewReaderSize(f.opened, readAhead)}), nil
}

// body explains what goes wrong while a file is read.
type body struct{ from io.Reader }

func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // as io.Reader has it
		err = explain(err)
	}
	return n, err
}

// Close implements remote.File: it hangs up.
func (f *file) Close() error {
	if f.conn == nil {
		return nil
	}
	_ = f.conn.Close() // the server may be gone
	if f.client != nil {
		_ = f.client.Close() // its goroutines end with the connection
	}
	if f.ssh != nil {
		_ = f.ssh.Wait() // as above
	}
	return nil
}
