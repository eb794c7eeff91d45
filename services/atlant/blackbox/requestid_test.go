package blackbox_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestRequestIDs: the same key and request are one fetch and one download, one after the other and all at once.
func TestRequestIDs(t *testing.T) {
	t.Parallel()
	const callers, keys = 8, 4
	a, s := startOpen(t, "--fetchers", "4"), newShop(t)
	var calling sync.WaitGroup
	ids := make([][callers]string, keys)
	for k := range keys {
		path := fmt.Sprintf("/list-%d.csv", k)
		request := &atlantv1.FetchRequest{Url: s.sell(path, smallList), Source: fmt.Sprintf("s%d", k), RequestId: fmt.Sprintf("key %d/*>", k)}
		for n := range callers {
			calling.Go(func() {
				response, err := a.fetches.Fetch(within(t), connect.NewRequest(proto.CloneOf(request)))
				if err != nil {
					t.Errorf("%d: %v", k, err)
					return
				}
				ids[k][n] = response.Msg.GetFetch().GetId()
			})
		}
	}
	calling.Wait()
	for k, same := range ids {
		for _, id := range same {
			if id != same[0] || id == "" {
				t.Errorf("key %d: got fetches %v, want one", k, same)
				break
			}
		}
		fetch := a.await(t, same[0])
		counts{3, 3, 0, 0, 3}.expect(t, fetch)
		path := fmt.Sprintf("/list-%d.csv", k)
		again := a.ask(t, &atlantv1.FetchRequest{Url: s.URL + path, Source: fetch.GetSource(), RequestId: fmt.Sprintf("key %d/*>", k)})
		if again.GetId() != fetch.GetId() || again.GetState() != completed {
			t.Errorf("got %v, want %v", again, fetch)
		}
		if got := s.asked(path); got != 1 {
			t.Errorf("%s was asked for %d times", path, got)
		}
	}
	if got := a.allFetches(t, 3, ""); len(got) != keys {
		t.Errorf("got %d fetches: %v", len(got), got)
	}
}

// TestCancelQueued: what waits behind a slow fetch of its source is called off and never downloaded.
func TestCancelQueued(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	slowURL, open := s.sellLater("/slow.csv", smallList)
	slow := a.ask(t, &atlantv1.FetchRequest{Url: slowURL, Source: "s"})
	a.awaitRunning(t, slow.GetId())
	waits := a.ask(t, &atlantv1.FetchRequest{Url: s.sell("/waits.csv", header+"Gold;1000\n"), Source: "s"})
	last := a.ask(t, &atlantv1.FetchRequest{Url: s.sell("/last.csv", header+"Milk;1.75\n"), Source: "s"})
	for range 2 { // the second time it has been called off already
		got := call(t, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: waits.GetId()}).GetFetch()
		if got.GetState() != cancelled || got.GetEndedAt() == nil {
			t.Errorf("got %v", got)
		}
	}
	if got := a.await(t, waits.GetId()); got.GetState() != cancelled {
		t.Errorf("got %v", got)
	}
	open()
	counts{3, 3, 0, 0, 3}.expect(t, a.await(t, slow.GetId()))
	done := a.await(t, last.GetId())
	counts{1, 1, 0, 0, 1}.expect(t, done)
	list := &atlantv1.ListRequest{Source: "s", PageSize: largestPage, Position: done.GetPosition()}
	if got := call(t, a.products.List, list).GetProducts(); len(got) != 3 || s.asked("/waits.csv") != 0 {
		t.Errorf("asked %d times, got %v", s.asked("/waits.csv"), got)
	}
	if got := a.await(t, waits.GetId()); got.GetState() != cancelled || got.GetPublished() != 0 {
		t.Errorf("got %v", got)
	}
	for _, ended := range []*atlantv1.Fetch{slow, last} {
		refuse(t, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: ended.GetId()}, connect.CodeFailedPrecondition, "ended")
	}
}

// TestCancelDownload: the server of the list is let go.
func TestCancelDownload(t *testing.T) {
	t.Parallel()
	a, s := startOpen(t), newShop(t)
	left := make(chan struct{})
	url := s.handle("/endless.csv", func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		slowList(list(thousandRows()), 10_000, patience/10_000)(w, r)
	})
	fetch := a.ask(t, &atlantv1.FetchRequest{Url: url, Source: "s"})
	a.awaitRunning(t, fetch.GetId())
	call(t, a.fetches.CancelFetch, &atlantv1.CancelFetchRequest{Id: fetch.GetId()})
	<-left
	if got := a.await(t, fetch.GetId()); got.GetState() != cancelled || got.GetPublished() != 0 {
		t.Errorf("got %v", got)
	}
	a.get(t, &atlantv1.FetchRequest{Url: s.sell("/next.csv", header+"Milk;1.50\n"), Source: "s"}) // the way is free
	if got := a.total(t, "s"); got != 1 {
		t.Errorf("got %d products", got)
	}
}
