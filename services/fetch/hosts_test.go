package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestBreakerOpensAndCloses(t *testing.T) {
	t.Parallel()
	const pause = 300 * time.Millisecond
	var requests atomic.Int64
	var well atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		if !well.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(server.Close)
	d := newTestDownloader(t, 100)
	d.hosts = newHosts(pause)
	expect := func(want string, asked int64) {
		t.Helper()
		err := d.attempt(t.Context(), newTransfer(t, server.URL+"/list.csv"))
		if got := fmt.Sprint(err); !strings.Contains(got, want) || requests.Load() != asked {
			t.Errorf("got %s after %d requests, want %q after %d", got, requests.Load(), want, asked)
		}
		failed, _ := errors.AsType[*downloadError](err)
		if down, ok := errors.AsType[*hostDownError](err); ok && (!failed.transient || failed.wait > pause || down.name == "") {
			t.Errorf("got %+v", failed)
		}
	}
	for n := range int64(hostFailures) {
		expect("502", n+1)
	}
	expect("is left alone", hostFailures)
	if err := d.attempt(t.Context(), newTransfer(t, "http://"+strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1))); !strings.Contains(err.Error(), "502") {
		t.Errorf("another host was left alone: %v", err)
	}
	requests.Add(-1)
	time.Sleep(pause)
	expect("502", hostFailures+1) // it is tried, once
	expect("is left alone", hostFailures+1)
	well.Store(true)
	time.Sleep(pause)
	expect("<nil>", hostFailures+2)
	expect("<nil>", hostFailures+3)
}

// What is wrong with the list, or with who asks, is no failure of the host.
func TestBreakerCountsFailuresOfTheHostOnly(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	for _, guard := range []dialControl{nil, newGuard(false)} {
		d := newDownloader(guard, 100, "")
		for range 2 * hostFailures {
			err := d.attempt(t.Context(), newTransfer(t, server.URL))
			if _, down := errors.AsType[*hostDownError](err); down || err == nil {
				t.Fatalf("got %v", err)
			}
		}
	}
}

func TestHostsLimitsListsPerHost(t *testing.T) {
	t.Parallel()
	h := newHosts(time.Minute)
	var leaves []func()
	for range listsPerHost {
		leave, err := h.enter(t.Context(), "http://shop.example/a.csv")
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, leave)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := h.enter(ctx, "https://me:secret@SHOP.example/b.csv"); err == nil {
		t.Error("one more was let in")
	}
	if _, err := h.enter(t.Context(), "http://other.example/b.csv"); err != nil {
		t.Errorf("another host is full: %v", err)
	}
	leaves[0]()
	if _, err := h.enter(t.Context(), "http://shop.example/b.csv"); err != nil {
		t.Error(err)
	}
}

func TestHostsForgets(t *testing.T) {
	t.Parallel()
	h := newHosts(time.Minute)
	for n := range 3 * maxIdleHosts {
		at := h.use(fmt.Sprint("well", n))
		at.breaker.RecordSuccess()
		h.release(at)
	}
	if len(h.known) != 0 {
		t.Errorf("%d hosts are known that did not fail", len(h.known))
	}
	used := h.use("in use")
	for n := range 3 * maxIdleHosts {
		at := h.use(fmt.Sprint("ill", n))
		at.breaker.RecordFailure()
		h.release(at)
	}
	if len(h.known) > maxIdleHosts || h.use("in use") != used {
		t.Errorf("%d hosts are known, at most %d are to be", len(h.known), maxIdleHosts)
	}
}
