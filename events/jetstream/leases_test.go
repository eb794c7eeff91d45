package jetstream_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
)

// leaseTTL is short, so that tests that wait for it are.
const leaseTTL = 500 * time.Millisecond

func openLeases(t testing.TB, nc *nats.Conn) *jetstream.Leases {
	t.Helper()
	leases, err := jetstream.OpenLeases(t.Context(), nc, jetstream.LeaseConfig{TTL: leaseTTL})
	wantNoError(t, err)
	return leases
}

func newLeases(t testing.TB) (*jetstream.Leases, *nats.Conn) {
	t.Helper()
	nc, _ := start(t, t.TempDir())
	return openLeases(t, nc), nc
}

func take(t testing.TB, leases events.Leases, name, holder, note string) events.Lease {
	t.Helper()
	lease, err := leases.Take(t.Context(), name, holder, []byte(note))
	wantNoError(t, err)
	return lease
}

// wantHeld fails unless exactly these claims are held, written as name=holder:note.
func wantHeld(t testing.TB, leases events.Leases, want ...string) {
	t.Helper()
	claims, err := leases.Held(t.Context())
	wantNoError(t, err)
	if diff := cmp.Diff(want, written(claims)); diff != "" {
		t.Fatalf("held (-want +got)\n%s", diff)
	}
}

func written(claims []events.Claim) []string {
	var all []string
	for _, c := range claims {
		all = append(all, c.Name+"="+c.Holder+":"+string(c.Note))
	}
	return all
}

// await waits until the watcher sees exactly these claims.
func await(t testing.TB, seen <-chan []events.Claim, want ...string) {
	t.Helper()
	deadline := time.After(patience)
	var last []string
	for {
		select {
		case claims, ok := <-seen:
			if !ok {
				t.Fatal("the watch ended")
			}
			if last = written(claims); slices.Equal(last, want) {
				return
			}
		case <-deadline:
			t.Fatalf("saw %q at last, want %q", last, want)
		}
	}
}

func TestLeaseHasOneHolder(t *testing.T) {
	t.Parallel()
	leases, _ := newLeases(t)
	lease := take(t, leases, "shard", "A", "hello")
	_, err := leases.Take(t.Context(), "shard", "B", nil)
	wantError(t, err, events.ErrConflict)
	wantNoError(t, lease.Renew(t.Context(), []byte("still here")))
	wantHeld(t, leases, "shard=A:still here")

	wantNoError(t, lease.Release(t.Context()))
	wantHeld(t, leases)
	wantError(t, lease.Renew(t.Context(), nil), events.ErrConflict)
	other := take(t, leases, "shard", "B", "")
	wantError(t, lease.Renew(t.Context(), nil), events.ErrConflict)
	wantNoError(t, lease.Release(t.Context())) // has no say in it any more
	wantHeld(t, leases, "shard=B:")
	wantNoError(t, other.Renew(t.Context(), nil))
}

func TestLeaseIsTakenOnce(t *testing.T) {
	t.Parallel()
	leases, nc := newLeases(t)
	var won sync.Map
	var all sync.WaitGroup
	for _, holder := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
		all.Go(func() {
			mine, err := jetstream.OpenLeases(t.Context(), nc, jetstream.LeaseConfig{TTL: leaseTTL})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := mine.Take(t.Context(), "shard", holder, nil); err != nil {
				wantConflict(t, err)
				return
			}
			won.Store(holder, true)
		})
	}
	all.Wait()
	var winners []string
	won.Range(func(holder, _ any) bool {
		winners = append(winners, holder.(string)+":")
		return true
	})
	if len(winners) != 1 {
		t.Fatalf("winners: %q", winners)
	}
	wantHeld(t, leases, "shard="+winners[0])
}

func TestLeasesOpenAtOnce(t *testing.T) {
	t.Parallel()
	nc, _ := start(t, t.TempDir())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { // some want another TTL: the first one's counts for all
			ttl := leaseTTL + time.Duration(i%2)*leaseTTL
			if _, err := jetstream.OpenLeases(t.Context(), nc, jetstream.LeaseConfig{TTL: ttl}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	first, second := openLeases(t, nc), openLeases(t, nc)
	if first.TTL() != second.TTL() || first.TTL() < leaseTTL {
		t.Errorf("TTLs %s and %s", first.TTL(), second.TTL())
	}
}

func TestLeaseLapses(t *testing.T) {
	t.Parallel()
	leases, _ := newLeases(t)
	lease := take(t, leases, "shard", "A", "")
	seen := leases.Watch(t.Context())
	await(t, seen, "shard=A:")
	for range 6 { // outlives the TTL
		time.Sleep(leaseTTL / 3)
		wantNoError(t, lease.Renew(t.Context(), nil))
	}
	renewed := time.Now()
	await(t, seen)
	t.Logf("a claim of TTL %s was seen to lapse after %s", leaseTTL, time.Since(renewed))
	other := take(t, leases, "shard", "B", "")
	t.Logf("and was taken after %s", time.Since(renewed))
	wantError(t, lease.Renew(t.Context(), nil), events.ErrConflict)
	wantNoError(t, other.Renew(t.Context(), nil))
	await(t, seen, "shard=B:")
}

// TestLeaseSurvivesLostConfirmation: a write that was stored, but whose confirmation was lost, must not end a claim.
func TestLeaseSurvivesLostConfirmation(t *testing.T) {
	t.Parallel()
	leases, _ := newLeases(t)
	lease := take(t, leases, "shard", "A", "")
	take(t, leases, "shard", "A", "again") // as if by the same holder, unknown to lease
	wantNoError(t, lease.Renew(t.Context(), []byte("third")))
	wantHeld(t, leases, "shard=A:third")
}

func TestLeaseNames(t *testing.T) {
	t.Parallel()
	leases, _ := newLeases(t)
	names := []string{"a b", "a.b", "a=20=b", "a>", "a*", ".", "..", "é", "PRICES_00", "worker/host-1", "a\x00"}
	slices.Sort(names)
	for _, name := range names {
		take(t, leases, name, "holder of "+name, "")
	}
	claims, err := leases.Held(t.Context())
	wantNoError(t, err)
	var held []string
	for _, claim := range claims {
		held = append(held, claim.Name)
	}
	if diff := cmp.Diff(names, held); diff != "" {
		t.Fatalf("held (-want +got)\n%s", diff)
	}
	if _, err := leases.Take(t.Context(), "", "A", nil); err == nil {
		t.Error("an empty name was taken")
	}
}

func TestWatchSeesChangesOnly(t *testing.T) {
	t.Parallel()
	leases, _ := newLeases(t)
	seen := leases.Watch(t.Context())
	await(t, seen)
	a := take(t, leases, "a", "A", "1")
	await(t, seen, "a=A:1")
	b := take(t, leases, "b", "B", "")
	await(t, seen, "a=A:1", "b=B:")
	wantNoError(t, a.Renew(t.Context(), []byte("2")))
	select {
	case claims := <-seen:
		t.Errorf("a renewal was seen: %q", written(claims))
	case <-time.After(leaseTTL / 5):
	}
	wantNoError(t, b.Release(t.Context()))
	await(t, seen, "a=A:2")
}

// TestLeasesSurviveLossOfBucket: the bucket is in memory, and gone when all of NATS restarts.
func TestLeasesSurviveLossOfBucket(t *testing.T) {
	t.Parallel()
	leases, nc := newLeases(t)
	seen := leases.Watch(t.Context())
	lease := take(t, leases, "shard", "A", "")
	await(t, seen, "shard=A:")
	wantNoError(t, server(t, nc).DeleteKeyValue(t.Context(), "LEASES"))
	if err := lease.Renew(t.Context(), nil); err == nil {
		t.Error("renewed what is lost")
	}
	await(t, seen)
	take(t, leases, "shard", "B", "")
	await(t, seen, "shard=B:")
	wantNoError(t, server(t, nc).DeleteKeyValue(t.Context(), "LEASES"))
	take(t, leases, "shard", "C", "") // without waiting for the watch to notice
	wantHeld(t, leases, "shard=C:")
}

func TestLeasesWithoutServer(t *testing.T) {
	t.Parallel()
	nc, stop := start(t, t.TempDir())
	leases := openLeases(t, nc)
	lease := take(t, leases, "shard", "A", "")
	stop()
	wantError(t, lease.Renew(t.Context(), nil), events.ErrUnavailable)
	wantError(t, lease.Release(t.Context()), events.ErrUnavailable)
	_, err := leases.Take(t.Context(), "other", "A", nil)
	wantError(t, err, events.ErrUnavailable)
	_, err = leases.Held(t.Context())
	wantError(t, err, events.ErrUnavailable)
}
