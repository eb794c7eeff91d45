package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// listServer serves lists on loopback, each made as it is sent.
type listServer struct {
	listener net.Listener
	server   *http.Server

	mu    sync.Mutex
	lists map[string]list // by path
}

// serveLists serves on a free port until close.
func serveLists(ctx context.Context) (*listServer, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve lists: %w", err)
	}
	s := &listServer{listener: listener, lists: map[string]list{}}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(listener) }() // it ends with close
	return s, nil
}

func (s *listServer) close() { _ = s.server.Close() } // nothing is lost with it

func (s *listServer) addr() netip.AddrPort {
	return netip.MustParseAddrPort(s.listener.Addr().String()) // a TCP listener's address is one
}

// offer has the list of a source be this one from now on, and returns its URL.
func (s *listServer) offer(source string, l list) string {
	path := "/" + source + ".csv"
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[path] = l
	return "http://" + s.addr().String() + path
}

// ServeHTTP implements http.Handler.
func (s *listServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	l, ok := s.lists[r.URL.Path]
	s.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	_, _ = l.WriteTo(w) // the fetcher notices a list that is cut off
}
