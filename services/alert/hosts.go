package alert

import (
	"context"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
)

const (
	// postsPerHost is how many webhooks a process posts to one host at once, so that a slow one holds up its own only.
	postsPerHost = 4
	// slotPatience is how long a webhook waits for one of these: enough for a host that answers fast.
	slotPatience = 50 * time.Millisecond
)

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

// enter takes a slot of a host until leave is called; false if all stay taken for a moment.
func (h *hosts) enter(ctx context.Context, name string) (leave func(), ok bool) {
	at := h.use(name)
	if err := at.slots.AcquirePermitWithMaxWait(ctx, slotPatience); err != nil {
		h.release(name)
		return nil, false
	}
	return func() {
		at.slots.ReleasePermit()
		h.release(name)
	}, true
}

// use returns a host, which is known at least until it is released.
func (h *hosts) use(name string) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.known[name]
	if at == nil {
		at = &host{slots: bulkhead.New[any](postsPerHost)}
		h.known[name] = at
	}
	at.users++
	return at
}

func (h *hosts) release(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.known[name]
	if at.users--; at.users == 0 {
		delete(h.known, name)
	}
}
