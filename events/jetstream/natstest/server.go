// Package natstest starts real nats-servers inside a test: one with whatever options, or a cluster whose servers can be
// killed, restarted and cut off from each other.
package natstest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// patience bounds whatever is waited for.
const patience = time.Minute

// loopback is where all servers listen.
const loopback = "127.0.0.1"

// StartServer starts a server on loopback that the end of the test stops: on a free port, unless the options name one. With
// JetStream it keeps its streams in a temporary folder and syncs every write, unless they name a folder.
func StartServer(tb testing.TB, options *server.Options) *server.Server {
	tb.Helper()
	options.Host, options.NoSigs, options.NoLog = loopback, true, true
	if options.Port == 0 {
		options.Port = server.RANDOM_PORT
	}
	if options.JetStream && options.StoreDir == "" {
		options.StoreDir, options.SyncAlways = tb.TempDir(), true
	}
	running := start(tb, options)
	tb.Cleanup(func() { stop(running) })
	return running
}

// LeafURL returns where a server that was started with the options takes leaf nodes.
func LeafURL(options *server.Options) string {
	return "nats-leaf://" + net.JoinHostPort(loopback, strconv.Itoa(options.LeafNode.Port))
}

// lastingPort returns a free port that nobody takes while the server that it is for is stopped: who asks a system for any port gets
// one from 32768 on.
func lastingPort(tb testing.TB) int {
	tb.Helper()
	const first, behind, tries = 10_000, 32_000, 100
	for range tries {
		port := first + rand.IntN(behind-first)
		if listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port))); err == nil {
			_ = listener.Close() // it was never used
			return port
		}
	}
	tb.Fatal("no port is free")
	return 0
}

func start(tb testing.TB, options *server.Options) *server.Server {
	tb.Helper()
	running, err := server.NewServer(options)
	if err != nil {
		tb.Fatal(err)
	}
	running.Start()
	if !running.ReadyForConnections(patience) {
		tb.Fatalf("server %s is not ready", options.ServerName)
	}
	return running
}

func stop(running *server.Server) {
	running.Shutdown()
	running.WaitForShutdown()
}
