package alert

import (
	"sync"

	"github.com/failsafe-go/failsafe-go/bulkhead"
)

// postsPerHost is how many webhooks a process posts to one host at once, so that a slow one holds up its own only.
const postsPerHost = 4

// hosts are the receivers that are posted to just now, by host and port.
type hosts struct {
	mu    sync.Mutex
	known map[string]*host
}

// host is one receiver.
type host struct {
	slots bulkhead.Bulkhead[any]
	users int
}

func newHosts() *hosts { return &hosts{known: map[string]*host{}} }

// enter takes a slot of a host until leave is called; false if all are taken.
func (h *hosts) enter(name string) (leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.known[name]
	if at == nil {
		at = &host{slots: bulkhead.New[any](postsPerHost)}
		h.known[name] = at
	}
	if !at.slots.TryAcquirePermit() {
		return nil, false
	}
	at.users++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		at.slots.ReleasePermit()
		if at.users--; at.users == 0 {
			delete(h.known, name)
		}
	}, true
}
