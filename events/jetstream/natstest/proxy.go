package natstest

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy is the way from one server to another. While it is cut, nothing gets through.
type proxy struct {
	listener net.Listener

	mu      sync.Mutex
	changed sync.Cond
	target  string // empty until it is known
	cut     bool
	closed  bool
	open    map[net.Conn]struct{}
	busy    sync.WaitGroup
}

// newProxy returns a proxy that listens, and keeps who connects waiting until there is a target.
func newProxy(tb testing.TB) *proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &proxy{listener: listener, open: map[net.Conn]struct{}{}}
	p.changed.L = &p.mu
	p.busy.Go(p.accept)
	tb.Cleanup(p.close)
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.busy.Go(func() { p.pass(from) })
	}
}

// pass carries what both sides say until one of them, or a cut, ends it.
func (p *proxy) pass(from net.Conn) {
	defer func() { _ = from.Close() }()
	target := p.await()
	if target == "" {
		return
	}
	to, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	if !p.keep(from, to) {
		return
	}
	p.busy.Go(func() {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	})
	_, _ = io.Copy(from, to)
	p.forget(from, to)
}

// await returns the target, or nothing if the proxy is cut or closed.
func (p *proxy) await() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.target == "" && !p.cut && !p.closed {
		p.changed.Wait()
	}
	if p.cut || p.closed {
		return ""
	}
	return p.target
}

func (p *proxy) keep(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut || p.closed {
		return false
	}
	for _, conn := range conns {
		p.open[conn] = struct{}{}
	}
	return true
}

func (p *proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.open, conn)
	}
}

func (p *proxy) setTarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
	p.changed.Broadcast()
}

// setCut cuts the way, also what is open, or lets through again.
func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	p.hangUp(cut)
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.hangUp(true)
	p.mu.Unlock()
	p.busy.Wait()
}

func (p *proxy) hangUp(really bool) {
	if really {
		for conn := range p.open {
			_ = conn.Close()
		}
	}
	p.changed.Broadcast()
}
