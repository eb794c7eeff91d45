package jetstream

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events"
)

// ErrDataInUse says that another process works on the data folder.
var ErrDataInUse = errors.New("the data folder is in use by another process")

const (
	// startTimeout bounds the recovery of the streams at start. A log of many gigabytes takes a while to open.
	startTimeout = 5 * time.Minute
	// unlimited is more than any disk has.
	unlimited = 1 << 60
	// redialPause is how often a connection tries to reach a server that is being started again.
	redialPause = 100 * time.Millisecond
)

// Embedded is a NATS server inside this process. It listens on no port; other processes of this machine reach it through its
// folder, see ConnectLocal.
type Embedded struct {
	dir     string
	logger  *slog.Logger
	lock    *flock.Flock
	disk    *disk
	options server.Options
	said    server.Logger
	socket  *localSocket // nil if there can be none
	closed  chan struct{}
	watch   sync.WaitGroup // over the disk

	mu     sync.Mutex
	server *server.Server // nil while it is being started again
	conns  []*nats.Conn
}

// StartEmbedded starts a server that keeps its streams in dir and fsyncs every write before it confirms it. It blocks
// until the streams are recovered, and returns ErrDataInUse where another process holds the folder: JetStream itself
// would let two servers write to the same files. It returns a MovedError where the log was moved away, and events.ErrFull
// where the disk has not enough room to begin with. When the disk is full later on, the server is started again as soon as
// there is room.
func StartEmbedded(dir string, logger *slog.Logger) (*Embedded, error) {
	return startEmbedded(dir, logger, embeddedConfig{options: server.Options{ServerName: "atlant"}, check: sealed})
}

// embeddedConfig is what differs when a log is not opened to be used, but to be moved.
type embeddedConfig struct {
	options server.Options                   // besides those that every embedded server has
	hear    func(serverLogger) server.Logger // of what the server says, nil to log it
	check   func(dir string) error           // done first in the folder, if there is one
}

func startEmbedded(dir string, logger *slog.Logger, config embeddedConfig) (*Embedded, error) {
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
	e := &Embedded{dir: dir, logger: logger, lock: lock, disk: newDisk(dir), options: config.options, closed: make(chan struct{})}
	e.said = serverLogger{log: logger, disk: e.disk}
	if config.hear != nil {
		e.said = config.hear(serverLogger{log: logger, disk: e.disk})
	}
	if config.check != nil {
		if err := config.check(dir); err != nil {
			return nil, errors.Join(err, lock.Unlock())
		}
	}
	if err := e.start(); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	e.openSocket()
	e.watch.Go(e.watchDisk)
	return e, nil
}

// start starts the server if there is room for it.
func (e *Embedded) start() error {
	if err := e.disk.probe(); isNoSpace(err) {
		return fmt.Errorf("start embedded log: %w: %w", events.ErrFull, err)
	} else if err != nil {
		return fmt.Errorf("start embedded log: %w", err)
	}
	options := e.options.Clone()
	options.DontListen, options.NoSigs = true, true
	options.JetStream, options.StoreDir, options.SyncAlways = true, e.dir, true
	// The limit is the disk. What the server would take, most of what is free at start, is not known to it while it
	// recovers, and it would refuse itself the other half of a batch.
	options.JetStreamMaxStore = unlimited
	srv, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("configure embedded log: %w", err)
	}
	srv.SetLoggerV2(e.said, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(startTimeout) {
		srv.Shutdown()
		return fmt.Errorf("start embedded log: not ready after %s", startTimeout)
	}
	e.mu.Lock()
	e.server = srv
	e.mu.Unlock()
	return nil
}

// halt stops the server and waits until its files are closed.
func (e *Embedded) halt() {
	e.mu.Lock()
	srv := e.server
	e.server = nil
	e.mu.Unlock()
	if srv != nil {
		srv.Shutdown()
		srv.WaitForShutdown()
	}
}

// Connect returns a connection to the server that does not leave the process, and outlives a server that is started
// again. It is closed with the server.
func (e *Embedded) Connect() (*nats.Conn, error) {
	nc, err := nats.Connect("", append(logged(e.logger), nats.InProcessServer(e), nats.Name("atlant"),
		nats.MaxReconnects(-1), nats.ReconnectWait(redialPause), nats.ReconnectJitter(0, 0), nats.ReconnectBufSize(-1))...)
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded log: %w", err)
	}
	e.mu.Lock()
	e.conns = append(e.conns, nc)
	e.mu.Unlock()
	return nc, nil
}

// InProcessConn implements nats.InProcessConnProvider.
func (e *Embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	srv := e.server
	e.mu.Unlock()
	if srv == nil {
		return nil, errors.New("the embedded log is being started again")
	}
	return srv.InProcessConn()
}

// Close stops the server, waits until its files are closed, and frees the folder.
func (e *Embedded) Close() error {
	close(e.closed)
	e.watch.Wait()
	if e.socket != nil {
		_ = e.socket.Close() // what was connected is served until the server stops
	}
	for _, nc := range e.conns {
		nc.Close()
	}
	e.halt()
	if e.socket != nil {
		e.socket.passing.Wait()
	}
	if err := e.lock.Unlock(); err != nil {
		return fmt.Errorf("unlock data folder: %w", err)
	}
	return nil
}

// leafNodes returns how many leaf connections the server has.
func (e *Embedded) leafNodes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return 0
	}
	return e.server.NumLeafNodes()
}
