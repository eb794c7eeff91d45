package fetch

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

const (
	// maxListsPerHost is how many lists of one host a process works on at once, however many it works on in all.
	maxListsPerHost = 4
	// hostFailures is how often in a row a host may fail before it is left alone for hostPause. Then one request is let
	// through, and tells whether it is well again. The pause is short, as fetches wait for its end.
	hostFailures = 5
	hostPause    = 10 * time.Second
	// maxIdleHosts bounds how many hosts with failures are remembered while nothing is fetched from them.
	maxIdleHosts = 1000
)

// hosts are the servers that this process fetches from, by name and port. One is remembered while something is fetched
// from it, and as long as its failures count.
type hosts struct {
	pause time.Duration
	lists uint // of one host that are worked on at once

	mu    sync.Mutex
	known map[string]*host
}

func newHosts(pause time.Duration) *hosts {
	return &hosts{pause: pause, lists: maxListsPerHost, known: map[string]*host{}}
}

// listsPerHost returns how many lists of one host to work on at once, of so many in all: half of them at most, so that a slow
// host holds up its own lists only.
func listsPerHost(inAll int) uint { return uint(max(1, min(inAll/2, maxListsPerHost))) }

// host is one server.
type host struct {
	name    string
	users   int
	slots   bulkhead.Bulkhead[any]
	breaker circuitbreaker.CircuitBreaker[int] // by status
}

// hostOf returns the host of a URL that has been checked. What is no web server is one by itself, even under the same name.
func hostOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	name := strings.ToLower(u.Host)
	if s := schemeOf(u); s == nil || !s.web {
		name = u.Scheme + "://" + name
	}
	return name
}

// enter waits until the host of a list has a slot for it, and takes the slot until leave is called. It fails with the
// context only.
func (h *hosts) enter(ctx context.Context, listURL string) (leave func(), err error) {
	at := h.use(hostOf(listURL))
	if err := at.slots.AcquirePermit(ctx); err != nil {
		h.release(at)
		return nil, err
	}
	return func() {
		at.slots.ReleasePermit()
		h.release(at)
	}, nil
}

// use returns a host, which is remembered at least until it is released.
func (h *hosts) use(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.known[name]
	if at == nil {
		at = &host{name: name, slots: bulkhead.New[any](h.lists), breaker: newBreaker(h.pause)}
		h.known[name] = at
	}
	at.users++
	return at
}

func (h *hosts) release(at *host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at.users--
	switch {
	case at.users > 0:
	case at.breaker.IsClosed() && at.breaker.Metrics().Failures() == 0: // no different from one that is not known
		delete(h.known, at.name)
	case len(h.known) > maxIdleHosts:
		h.forgetOne()
	}
}

// leftAlone counts the hosts that nothing is asked of for now, and those of which one request is to tell whether they are well.
func (h *hosts) leftAlone() (open, halfOpen int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, at := range h.known {
		switch at.breaker.State() {
		case circuitbreaker.OpenState:
			open++
		case circuitbreaker.HalfOpenState:
			halfOpen++
		case circuitbreaker.ClosedState:
		}
	}
	return open, halfOpen
}

// forgetOne forgets any one host that nothing is fetched from.
func (h *hosts) forgetOne() {
	for name, at := range h.known {
		if at.users == 0 {
			delete(h.known, name)
			return
		}
	}
}

func newBreaker(pause time.Duration) circuitbreaker.CircuitBreaker[int] {
	return circuitbreaker.NewBuilder[int]().
		WithFailureThreshold(hostFailures).WithSuccessThreshold(1).WithDelay(pause).
		HandleIf(func(code int, err error) bool {
			if err != nil { // also where a request is called off that was not answered
				return isTransient(requestError(context.Background(), err))
			}
			return comesBack(code)
		}).Build()
}

// comesBack tells whether an answer says that another time may be better.
func comesBack(code int) bool {
	return code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= http.StatusInternalServerError
}

// ask makes a request of the host, unless the host is to be left alone. The request returns the status of the answer.
func (h *host) ask(request func() (int, error)) error {
	_, err := failsafe.With[int](h.breaker).Get(request)
	if errors.Is(err, circuitbreaker.ErrOpen) {
		return &downloadError{err: &hostDownError{name: h.name}, transient: true, wait: h.breaker.RemainingDelay()}
	}
	return err
}

// hostDownError says that a host was not asked because it has failed too often.
type hostDownError struct{ name string }

func (e *hostDownError) Error() string {
	return "the server " + e.name + " has failed several times in a row, and is left alone for a moment"
}
