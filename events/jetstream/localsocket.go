package jetstream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/nats-io/nats.go"
)

// socketFile is where the embedded server of a folder takes connections from other processes of this machine: whoever may
// write to the folder could read and write the streams in it anyway.
const socketFile = "socket"

// localSocket hands connections on to a server that listens nowhere else.
type localSocket struct {
	net.Listener

	server  nats.InProcessConnProvider
	passing sync.WaitGroup
}

// listenLocally opens the socket of a folder, which the caller has locked.
func listenLocally(dir string, server nats.InProcessConnProvider) (*localSocket, error) {
	path := filepath.Join(dir, socketFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &localSocket{Listener: listener, server: server}
	s.passing.Go(s.accept)
	return s, nil
}

func (s *localSocket) accept() {
	for {
		conn, err := s.Accept()
		if err != nil { // it was closed
			return
		}
		s.passing.Go(func() { s.pass(conn) })
	}
}

// pass carries what a connection and the server say to each other, until either hangs up.
func (s *localSocket) pass(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	server, err := s.server.InProcessConn()
	if err != nil {
		return
	}
	s.passing.Go(func() {
		_, _ = io.Copy(server, conn)
		_ = server.Close()
	})
	_, _ = io.Copy(conn, server)
}

// openSocket lets other processes in. Where that cannot be, as when the folder's path is longer than a socket's may be, the log
// works all the same.
func (e *Embedded) openSocket() {
	socket, err := listenLocally(e.dir, e)
	if err != nil {
		e.logger.Warn("no other process can reach the log while this one runs, not even to back it up", slog.Any(logError, err))
		return
	}
	e.socket = socket
}

// ConnectLocal connects to the embedded server of another process that works on the folder. The connection is not made again
// once it is broken; the caller closes it.
func ConnectLocal(dir string, logger *slog.Logger) (*Conn, error) {
	nc, err := nats.Connect("", append(logged(logger), nats.InProcessServer(dialer(filepath.Join(dir, socketFile))),
		nats.Name("atlant"), nats.NoReconnect())...)
	if err != nil {
		return nil, fmt.Errorf("connect to the process that works on %s: %w", dir, err)
	}
	return nc, nil
}

// dialer is the path of a socket to connect to.
type dialer string

// InProcessConn implements nats.InProcessConnProvider.
func (d dialer) InProcessConn() (net.Conn, error) {
	return (&net.Dialer{Timeout: dialTimeout}).Dial("unix", string(d))
}
