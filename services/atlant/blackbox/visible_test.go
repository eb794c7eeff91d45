package blackbox_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestVisible sees that a receipt says in the end when its prices could be read, also after a restart.
func TestVisible(t *testing.T) {
	t.Parallel()
	data, s := t.TempDir(), newShop(t)
	a := start(t, data, allowPrivate)
	id := a.get(t, &atlantv1.FetchRequest{Url: s.sell("/list.csv", header+"Milk;1.50\n")}).GetId()
	var fetch *atlantv1.Fetch
	eventuallyf(t, func() bool {
		fetch = call(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: id}).GetFetch()
		return fetch.GetVisibleAt() != nil
	}, "the receipt does not say when it was visible")
	if fetch.GetVisibleAt().AsTime().Before(fetch.GetEndedAt().AsTime()) {
		t.Errorf("visible before the end: %v", fetch)
	}
	a.cli(t, 0, "fetches", id).holds(t, "visible    after ")
	a.stop(t)
	a = start(t, data, allowPrivate)
	if again := call(t, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: id}).GetFetch(); !proto.Equal(again, fetch) {
		t.Errorf("got %v, want %v", again, fetch)
	}
}
