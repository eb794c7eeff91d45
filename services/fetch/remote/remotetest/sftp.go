package remotetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SFTPOptions say what an SFTP server is like.
type SFTPOptions struct {
	Folder      string        // that it serves
	Key         ssh.PublicKey // lets in its owner; nil: only the password does
	Interactive bool          // asks for the password in a conversation
	BreakAfter  int64         // bytes after which each connection breaks off; 0: none does

	HasOtherKeys bool // it can prove in several ways who it is
}

// SFTP is a server. For it, /home is where a login leads to.
type SFTP struct {
	Addr     string // 127.0.0.1 and a port
	HostKey  ssh.PublicKey
	HostKeys []ssh.PublicKey // that one, and those of other kinds

	options SFTPOptions
	config  *ssh.ServerConfig
	serving sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

// ServeSFTP starts a server for as long as the test runs.
func ServeSFTP(tb testing.TB, options SFTPOptions) *SFTP {
	tb.Helper()
	s := &SFTP{options: options, config: &ssh.ServerConfig{}}
	s.makeKeys(tb)
	s.letIn()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	s.serving.Go(func() { s.accept(listener) })
	tb.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.serving.Wait()
	})
	return s
}

// makeKeys makes what the server proves with who it is.
func (s *SFTP) makeKeys(tb testing.TB) {
	tb.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	keys := []crypto.Signer{key}
	if err == nil && s.options.HasOtherKeys {
		var ec *ecdsa.PrivateKey
		var long *rsa.PrivateKey
		ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		keys = append(keys, ec)
		if err == nil {
			long, err = rsa.GenerateKey(rand.Reader, 2048)
			keys = append(keys, long)
		}
	}
	if err != nil {
		tb.Fatal(err)
	}
	for _, key := range keys {
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			tb.Fatal(err)
		}
		s.config.AddHostKey(signer)
		s.HostKeys = append(s.HostKeys, signer.PublicKey())
	}
	s.HostKey = s.HostKeys[0]
}

// KnownHosts makes a file that vouches for keys of the server, which need not be its own.
func (s *SFTP) KnownHosts(tb testing.TB, keys ...ssh.PublicKey) string {
	tb.Helper()
	var lines strings.Builder
	for _, key := range keys {
		lines.WriteString(knownhosts.Line([]string{knownhosts.Normalize(s.Addr)}, key) + "\n")
	}
	file := filepath.Join(tb.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return file
}

// letIn says who is.
func (s *SFTP) letIn() {
	check := func(user, password string) error {
		if user != User || password != Password {
			return errors.New("not for " + user)
		}
		return nil
	}
	if s.options.Interactive {
		s.config.KeyboardInteractiveCallback = func(at ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Colour: ", "Password: "}, []bool{true, false})
			if err != nil || len(answers) != 2 || answers[0] != "" {
				return nil, errors.New("no answer")
			}
			return nil, check(at.User(), answers[1])
		}
	} else {
		s.config.PasswordCallback = func(at ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return nil, check(at.User(), string(password))
		}
	}
	if s.options.Key != nil {
		s.config.PublicKeyCallback = func(at ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if at.User() != User || string(key.Marshal()) != string(s.options.Key.Marshal()) {
				return nil, errors.New("another key")
			}
			return nil, nil //nolint:nilnil // nil permissions are all of them
		}
	}
}

func (s *SFTP) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.serving.Go(func() {
			defer func() { _ = conn.Close() }()
			_ = s.serve(&breakingConn{Conn: conn, left: s.options.BreakAfter, breaks: s.options.BreakAfter > 0})
		})
	}
}

// serve serves one client.
func (s *SFTP) serve(conn net.Conn) error {
	client, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, asked, err := offered.Accept()
		if err != nil {
			return err
		}
		go func() {
			for request := range asked {
				_ = request.Reply(request.Type == "subsystem", nil)
			}
		}()
		files := &sftpFiles{folder: s.options.Folder}
		err = sftp.NewRequestServer(channel, sftp.Handlers{FileGet: files, FileList: files},
			sftp.WithStartDirectory("/home")).Serve()
		if !errors.Is(err, io.EOF) {
			return err
		}
	}
	return nil
}

// breakingConn is a connection that breaks off after so many bytes were written.
type breakingConn struct {
	net.Conn
	breaks bool
	left   int64
}

// Write implements net.Conn.
func (c *breakingConn) Write(p []byte) (int, error) {
	if c.breaks && int64(len(p)) > c.left {
		return 0, errors.Join(net.ErrClosed, c.Close())
	}
	c.left -= int64(len(p))
	return c.Conn.Write(p)
}

// sftpFiles are the files that a client sees.
type sftpFiles struct{ folder string }

// Fileread implements sftp.FileReader.
func (f *sftpFiles) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	return os.Open(filepath.Join(f.folder, filepath.FromSlash(r.Filepath)))
}

// Filelist implements sftp.FileLister.
func (f *sftpFiles) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	info, err := os.Stat(filepath.Join(f.folder, filepath.FromSlash(r.Filepath)))
	if err != nil {
		return nil, err
	}
	return oneFile{info}, nil
}

// oneFile is the answer to a question about a file.
type oneFile struct{ fs.FileInfo }

// ListAt implements sftp.ListerAt.
func (f oneFile) ListAt(to []os.FileInfo, offset int64) (int, error) {
	if offset > 0 || len(to) == 0 {
		return 0, io.EOF
	}
	to[0] = f.FileInfo
	return 1, nil
}
