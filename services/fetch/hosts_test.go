package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/services/outbound"
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
	for _, guard := range []outbound.DialControl{nil, outbound.NewGuard(false)} {
		d := newDownloader(guard, 100, "", nil)
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
	for range maxListsPerHost {
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

// Many lists of a slow host wait for one another, and do not keep those of another host waiting.
func TestSlowHostHoldsUpItsOwnListsOnly(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	answer := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-answer
		now.Add(-1)
		serveText("a;1\n")(w, r)
	}))
	t.Cleanup(slow.Close)
	quick := httptest.NewServer(serveText("a;1\n"))
	t.Cleanup(quick.Close)
	p := newPlant(t)
	f, err := NewFetcher(p.log, p.views, Config{SpoolDir: t.TempDir(), AllowPrivate: true, Concurrency: 2}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	const lists = 6
	var ids []events.FetchID
	for n := 0; len(ids) < lists; n++ { // each of a source of its own, all of one partition
		source, url := fmt.Sprint("source", n), slow.URL
		if events.PartitionOf(source) != events.PartitionOf(events.DefaultSource) {
			continue
		}
		if len(ids) == lists-1 {
			url = quick.URL
		}
		requested, err := newRequest(&atlantv1.FetchRequest{Url: url, Source: source}, time.Now())
		if err := errors.Join(err, p.log.Enqueue(t.Context(), requested)); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, uuid.MustParse(requested.GetId()))
	}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	working.Go(func() { f.Work(ctx, events.PartitionOf(events.DefaultSource)) })
	defer working.Wait()
	defer stop()
	if got := awaitEnd(t, p.log, ids[len(ids)-1]); got.GetState() != completed {
		t.Errorf("got %v", got)
	}
	if n := now.Load(); n > 1 {
		t.Errorf("%d lists of the slow host were asked for at once", n)
	}
	close(answer)
	for _, id := range ids {
		if got := awaitEnd(t, p.log, id); got.GetState() != completed {
			t.Errorf("got %v", got)
		}
	}
	if most.Load() > 1 {
		t.Errorf("%d lists of the slow host were asked for at once", most.Load())
	}
}
