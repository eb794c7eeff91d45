package access

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

type (
	listRequest  = atlantv1.ListRequest
	watchRequest = atlantv1.WatchRequest
)

func TestRates(t *testing.T) {
	t.Parallel()
	path, keys := keysFile(t, Entry{ID: "a", Scope: "read", RequestsPerSecond: 20}, Entry{ID: "b", Scope: "read"}, Entry{ID: "c", Scope: "read", RequestsPerDay: 3})
	g := newTestGuard(t, Config{KeysFile: path, RequestsPerSecond: 5})
	now := time.Date(2026, 1, 31, 23, 59, 0, 0, time.UTC)
	g.now = func() time.Time { return now }
	passes := func(key string) (n int, retry string) {
		for {
			w, _ := ask(g, http.MethodPost, readPath, "Bearer "+key)
			if w.Code != http.StatusOK {
				if w.Code != http.StatusTooManyRequests {
					t.Fatalf("%d %s", w.Code, w.Body)
				}
				return n, w.Header().Get("Retry-After")
			}
			n++
		}
	}
	want := func(key string, n int, retry string) {
		t.Helper()
		if got, after := passes(key); got != n || after != retry {
			t.Errorf("%d passed, then Retry-After %s; want %d and %s", got, after, n, retry)
		}
	}
	want(keys[0], 40, "1")
	want(keys[1], 10, "1") // the server's limit
	want(keys[2], 3, "60") // until midnight
	now = now.Add(2 * time.Second)
	want(keys[0], 40, "1")
	want(keys[1], 10, "1")
	want(keys[2], 0, "58")
	now = now.Add(time.Minute)
	want(keys[2], 3, "86398")
}

// A meter lets no more through than its limits say, whenever the requests come.
func TestMetersHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := limits{perSecond: rapid.IntRange(0, 20).Draw(t, "second"), perDay: rapid.IntRange(0, 50).Draw(t, "day")}
		var m meters
		start := time.Unix(1_700_000_000, 0)
		now, passed, today := start, 0, map[int64]int{}
		for range rapid.IntRange(1, 200).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3_000).Draw(t, "pause")) * time.Millisecond)
			wait := m.take("a", l, now)
			if wait < 0 {
				t.Fatalf("wait %v", wait)
			}
			if wait == 0 {
				passed++
				today[now.Unix()/86_400]++
			}
		}
		if most := max(2*l.perSecond, leastBurst) + int(now.Sub(start).Seconds()*float64(l.perSecond)) + 1; l.perSecond > 0 && passed > most {
			t.Fatalf("%d passed in %v, at most %d should", passed, now.Sub(start), most)
		}
		for _, n := range today {
			if l.perDay > 0 && n > l.perDay {
				t.Fatalf("%d passed in a day, %d should", n, l.perDay)
			}
		}
	})
}

// Who waits as long as was said passes.
func TestWaitIsEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := limits{perSecond: rapid.IntRange(1, 30).Draw(t, "second"), perDay: rapid.IntRange(0, 100).Draw(t, "day")}
		var m meters
		now := time.Unix(1_700_000_000, 0)
		for range 300 {
			if wait := m.take("a", l, now); wait > 0 {
				now = now.Add(wait + time.Nanosecond)
				if again := m.take("a", l, now); again > 0 && again < 24*time.Hour-time.Second {
					t.Fatalf("waited %v, and have to wait %v again", wait, again)
				}
			}
		}
	})
}

func TestMetersAreBounded(t *testing.T) {
	t.Parallel()
	var m meters
	now := time.Now()
	for i := range 2 * mostMeters {
		m.take(fmt.Sprint(i), limits{perSecond: 1}, now)
	}
	if len(m.all) > mostMeters {
		t.Errorf("%d meters", len(m.all))
	}
}

// Failed logins are limited, and do not lock out who has a key.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	path, keys := keysFile(t, Entry{ID: "a", Scope: "read"})
	g := newTestGuard(t, Config{KeysFile: path})
	now := time.Now()
	g.now = func() time.Time { return now }
	codes := map[int]int{}
	for range 100 {
		w, _ := ask(g, http.MethodPost, readPath, "Bearer guess")
		codes[w.Code]++
	}
	if codes[http.StatusUnauthorized] != leastBurst || codes[http.StatusTooManyRequests] != 100-leastBurst {
		t.Errorf("%v", codes)
	}
	if w, _ := ask(g, http.MethodPost, readPath, "Bearer "+keys[0]); w.Code != http.StatusOK {
		t.Errorf("the key: %d", w.Code)
	}
	if w, _ := ask(g, http.MethodPost, readPath, ""); w.Code != http.StatusUnauthorized { // whoever says nothing does not try
		t.Errorf("nothing: %d", w.Code)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.1:80": "192.0.2.1/32", "[::ffff:192.0.2.1]:80": "192.0.2.1/32", "[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80": "fe80::/64", "@": "@",
	} {
		if got := network(remote); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}
