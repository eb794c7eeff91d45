package access

import (
	"cmp"
	"maps"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits are how many requests a caller may make; 0 is no limit.
type limits struct {
	perSecond int // in the long run, and twice as many at once, but never less than leastBurst
	perDay    int // from midnight to midnight, UTC
}

// leastBurst is what a page in a browser asks for when it is opened.
const leastBurst = 10

// failedLogins are how often an address may be wrong about its credentials.
var failedLogins = limits{perSecond: 1}

// mostMeters bounds the memory: addresses are many.
const mostMeters = 20_000

// meters count requests, each caller's by itself. They know of this process only.
type meters struct {
	mu  sync.Mutex
	all map[string]*meter
}

// meter counts the requests of one caller.
type meter struct {
	rate *rate.Limiter // nil: no limit
	day  int64         // in days since 1970, of used
	used int
	at   time.Time // of the last request
}

// take counts a request of a caller now. If that is one too many it is not counted, and take returns after what time it would not
// be; otherwise 0.
func (m *meters) take(caller string, l limits, now time.Time) time.Duration {
	if l == (limits{}) {
		return 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.of(caller, l, now)
	const day = 24 * 60 * 60
	if today := now.Unix() / day; of.day != today {
		of.day, of.used = today, 0
	}
	if l.perDay > 0 && of.used >= l.perDay {
		return time.Unix((of.day+1)*day, 0).Sub(now)
	}
	if of.rate != nil {
		reserved := of.rate.ReserveN(now, 1)
		if wait := reserved.DelayFrom(now); wait > 0 {
			reserved.CancelAt(now)
			return wait
		}
	}
	of.used++
	return 0
}

// exhausted tells whether the next request of a caller would be one too many, without counting any.
func (m *meters) exhausted(caller string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.all[caller]
	return of != nil && of.rate != nil && of.rate.TokensAt(now) < 1
}

// of returns the meter of a caller, with these limits.
func (m *meters) of(caller string, l limits, now time.Time) *meter {
	of := m.all[caller]
	if of == nil {
		if m.all == nil {
			m.all = map[string]*meter{}
		}
		m.forget(now)
		of = &meter{}
		m.all[caller] = of
	}
	of.at = now
	limit, burst := rate.Limit(l.perSecond), max(2*l.perSecond, leastBurst)
	switch {
	case l.perSecond == 0:
		of.rate = nil
	case of.rate == nil:
		of.rate = rate.NewLimiter(limit, burst)
	case of.rate.Limit() != limit:
		of.rate.SetLimitAt(now, limit)
		of.rate.SetBurstAt(now, burst)
	}
	return of
}

// forget makes room once it is needed, for many at a time, as it looks at all: first it forgets those who have been quiet for as
// long as it takes to have all their requests back, and then whoever.
func (m *meters) forget(now time.Time) {
	if len(m.all) < mostMeters {
		return
	}
	today := now.Unix() / (24 * 60 * 60)
	maps.DeleteFunc(m.all, func(_ string, of *meter) bool {
		return of.day != today || now.Sub(of.at) > time.Minute
	})
	for caller := range m.all {
		if len(m.all) < mostMeters/2 {
			return
		}
		delete(m.all, caller)
	}
}

// network returns what of an address a subscriber has: a whole /64 of IPv6.
func network(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	address := at.Addr().Unmap().WithZone("")
	prefix, err := address.Prefix(cmp.Or(map[bool]int{true: 32}[address.Is4()], 64))
	if err != nil {
		return remote
	}
	return prefix.String()
}
