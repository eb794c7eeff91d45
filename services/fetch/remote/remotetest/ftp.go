// Package remotetest has servers to get lists from: real ones, in the process of the test, that can be told to break off.
package remotetest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"
)

// What the servers let in.
const (
	User     = "hidden-user"
	Password = "hidden-password"
)

// FTPOptions say what an FTP server is like.
type FTPOptions struct {
	Folder     string // that it serves
	Anonymous  bool   // lets in anybody
	Security   Security
	BreakAfter int64 // bytes after which each transfer breaks off; 0: none does
}

// Security is when a server speaks TLS.
type Security int

// The kinds of it.
const (
	Plain    Security = iota // never
	Implicit                 // from the first byte
	Explicit                 // when it is asked to, and it insists on that
)

// FTP is a server.
type FTP struct {
	Addr    string         // 127.0.0.1 and a port
	RootCAs *x509.CertPool // that vouch for it

	options     FTPOptions
	listener    net.Listener
	certificate tls.Certificate

	mu      sync.Mutex
	offsets []int64
}

// ServeFTP starts a server for as long as the test runs.
func ServeFTP(tb testing.TB, options FTPOptions) *FTP {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f := &FTP{options: options, listener: listener, Addr: listener.Addr().String()}
	f.certificate, f.RootCAs = certificate()
	server := ftpserver.NewFtpServer(&ftpDriver{f})
	if err := server.Listen(); err != nil {
		tb.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve() })
	tb.Cleanup(func() {
		_ = server.Stop()
		serving.Wait()
	})
	return f
}

// Offsets returns the bytes that transfers began at so far.
func (f *FTP) Offsets() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]int64(nil), f.offsets...)
}

// certificate returns one for 127.0.0.1.
func certificate() (tls.Certificate, *x509.CertPool) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server.TLS.Certificates[0], pool
}

// ftpDriver is what the library asks.
type ftpDriver struct{ *FTP }

var _ ftpserver.MainDriver = (*ftpDriver)(nil)

// GetSettings implements ftpserver.MainDriver.
func (d *ftpDriver) GetSettings() (*ftpserver.Settings, error) {
	settings := &ftpserver.Settings{Listener: d.listener, DisableActiveMode: true}
	switch d.options.Security {
	case Plain:
	case Implicit:
		settings.TLSRequired = ftpserver.ImplicitEncryption
		settings.Listener = tls.NewListener(d.listener, &tls.Config{Certificates: []tls.Certificate{d.certificate}})
	case Explicit:
		settings.TLSRequired = ftpserver.MandatoryEncryption
	}
	return settings, nil
}

// GetTLSConfig implements ftpserver.MainDriver.
func (d *ftpDriver) GetTLSConfig() (*tls.Config, error) {
	if d.options.Security == Plain {
		return nil, errors.New("there is no TLS")
	}
	return &tls.Config{Certificates: []tls.Certificate{d.certificate}}, nil
}

// ClientConnected implements ftpserver.MainDriver.
func (d *ftpDriver) ClientConnected(ftpserver.ClientContext) (string, error) { return "hello", nil }

// ClientDisconnected implements ftpserver.MainDriver.
func (d *ftpDriver) ClientDisconnected(ftpserver.ClientContext) {}

// AuthUser implements ftpserver.MainDriver. What it says to those it does not let in holds what they said.
func (d *ftpDriver) AuthUser(_ ftpserver.ClientContext, user, password string) (ftpserver.ClientDriver, error) {
	if (user != User || password != Password) && (user != "anonymous" || !d.options.Anonymous) {
		return nil, errors.New("not for " + user + " with " + password)
	}
	return &ftpFiles{Fs: afero.NewReadOnlyFs(afero.NewBasePathFs(afero.NewOsFs(), d.options.Folder)), server: d.FTP}, nil
}

// ftpFiles are the files that a client sees.
type ftpFiles struct {
	afero.Fs
	server *FTP
}

var _ ftpserver.ClientDriverExtentionFileTransfer = (*ftpFiles)(nil)

// GetHandle implements ftpserver.ClientDriverExtentionFileTransfer.
func (f *ftpFiles) GetHandle(name string, flags int, offset int64) (ftpserver.FileTransfer, error) {
	file, err := f.OpenFile(name, flags, 0)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	f.server.mu.Lock()
	f.server.offsets = append(f.server.offsets, offset)
	f.server.mu.Unlock()
	if f.server.options.BreakAfter > 0 {
		return &breaking{File: file, left: f.server.options.BreakAfter}, nil
	}
	return file, nil
}

// breaking is a file that fails after so many bytes.
type breaking struct {
	afero.File
	left int64
}

// Read implements io.Reader.
func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := b.File.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
