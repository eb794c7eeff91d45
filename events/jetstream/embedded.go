package jetstream

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// ErrDataInUse says that another process works on the data folder.
var ErrDataInUse = errors.New("the data folder is in use by another process")

// startTimeout bounds the recovery of the streams at start. A log of many gigabytes takes a while to open.
const startTimeout = 5 * time.Minute

// Embedded is a NATS server inside this process. It listens on no port.
type Embedded struct {
	server *server.Server
	lock   *flock.Flock
	conns  []*nats.Conn
}

// StartEmbedded starts a server that keeps its streams in dir and fsyncs every write before it confirms it. It blocks
// until the streams are recovered, and returns ErrDataInUse where another process holds the folder: JetStream itself
// would let two servers write to the same files. It returns a MovedError where the log was moved away.
func StartEmbedded(dir string, logger *slog.Logger) (*Embedded, error) {
	return startEmbedded(dir, &server.Options{ServerName: "atlant"}, serverLogger{logger}, sealed)
}

// startEmbedded is StartEmbedded with further options of the server, and with what is to be seen to in the folder first.
func startEmbedded(
	dir string, options *server.Options, logger server.Logger, check func(dir string) error,
) (*Embedded, error) {
	if dir == "" {
		return nil, errors.New("start embedded log: no folder given") // JetStream would take a temporary one
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("start embedded log: %w", err)
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	if held, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	} else if !held {
		return nil, fmt.Errorf("%w: %s", ErrDataInUse, dir)
	}
	if check != nil {
		if err := check(dir); err != nil {
			return nil, errors.Join(err, lock.Unlock())
		}
	}
	srv, err := startServer(dir, options, logger)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return &Embedded{server: srv, lock: lock}, nil
}

func startServer(dir string, options *server.Options, logger server.Logger) (*server.Server, error) {
	options.DontListen, options.NoSigs = true, true
	options.JetStream, options.StoreDir, options.SyncAlways = true, dir, true
	srv, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("configure embedded log: %w", err)
	}
	srv.SetLoggerV2(logger, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(startTimeout) {
		srv.Shutdown()
		return nil, fmt.Errorf("start embedded log: not ready after %s", startTimeout)
	}
	return srv, nil
}

// Connect returns a connection to the server that does not leave the process. It is closed with the server.
func (e *Embedded) Connect() (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(e.server), nats.Name("atlant"))
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded log: %w", err)
	}
	e.conns = append(e.conns, nc)
	return nc, nil
}

// Close stops the server, waits until its files are closed, and frees the folder.
func (e *Embedded) Close() error {
	for _, nc := range e.conns {
		nc.Close()
	}
	e.server.Shutdown()
	e.server.WaitForShutdown()
	if err := e.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock data folder: %w", err)
	}
	return nil
}
