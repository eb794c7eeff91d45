package remote

import (
	"context"
	"net"
	"syscall"
	"time"
)

// Dialer makes the connections to servers that a URL names. They are closed when the context ends with which they were made.
type Dialer struct {
	// Timeout of one connection.
	Timeout time.Duration
	// Guard is asked before each connection is made, and may refuse the address; nil lets all through.
	Guard func(network, address string, conn syscall.RawConn) error
}

// Dial connects to host:port over TCP.
func (d *Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: d.Timeout, Control: d.Guard}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads from it gets to know
	return &boundConn{Conn: conn, stop: stop}, nil
}

// boundConn ends with a context.
type boundConn struct {
	net.Conn
	stop func() bool
}

// Close implements net.Conn.
func (c *boundConn) Close() error {
	c.stop()
	return c.Conn.Close()
}
