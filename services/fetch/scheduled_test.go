package fetch

import (
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// TestRequestScheduled: one key is one fetch, from however many processes it comes and whatever became of it; it says when it
// was due, and its credentials are on the queue alone.
func TestRequestScheduled(t *testing.T) {
	t.Parallel()
	p := newPlant(t)
	due := time.Now().Add(-time.Hour).Truncate(time.Second)
	message := &atlantv1.FetchRequest{Url: "http://user:secret@127.0.0.1/list", Source: "shop"}
	var asking sync.WaitGroup
	ids := make([]string, 6)
	began := time.Now()
	for n := range ids {
		s := NewService(p.log, p.views, 0) // as another process has one
		asking.Go(func() {
			fetch, err := s.RequestScheduled(t.Context(), "shop 1", message, due)
			if err != nil {
				t.Error(err)
			}
			if !fetch.GetScheduledFor().AsTime().Equal(due) || fetch.GetObservedAt().AsTime().Before(began.Add(-time.Second)) {
				t.Errorf("got %v", fetch)
			}
			ids[n] = fetch.GetId()
		})
	}
	asking.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("several fetches: %v", ids)
		}
	}
	if got := requestedOf(t, p, ids[0]); got.GetCredentials() != nil || got.GetRequestId() != "" {
		t.Errorf("got %v", got)
	}
	queue, err := p.log.TakeFrom(t.Context(), events.PartitionOf("shop"))
	if err != nil {
		t.Fatal(err)
	}
	defer queue.Close()
	item, err := queue.Dequeue(t.Context())
	if err != nil || item.Request().GetCredentials().GetBasic().GetPassword() != "secret" || item.Request().GetId() != ids[0] {
		t.Fatalf("%v, %v", item, err)
	}
	if err := item.Done(t.Context()); err != nil {
		t.Fatal(err)
	}

	s := NewService(p.log, p.views, 0)
	if again, err := s.RequestScheduled(t.Context(), "shop 1", message, due); err != nil || again.GetId() != ids[0] {
		t.Errorf("%v, %v", again, err)
	}
	other, err := s.RequestScheduled(t.Context(), "shop 2", message, due.Add(time.Hour))
	if err != nil || other.GetId() == ids[0] {
		t.Fatalf("%v, %v", other, err)
	}
	if item, err = queue.Dequeue(t.Context()); err != nil || item.Request().GetId() != other.GetId() { // the first is not there again
		t.Errorf("%v, %v", item, err)
	}
	// A client's key is another one, however alike.
	byClient, err := s.Request(t.Context(), &atlantv1.FetchRequest{Url: "http://127.0.0.1/list", Source: "shop", RequestId: "scheduled shop 1"})
	if err != nil || byClient.GetId() == ids[0] || byClient.GetScheduledFor() != nil {
		t.Errorf("%v, %v", byClient, err)
	}
}

// TestScheduledListIsTheSame: that a list was asked for by a schedule does not make it another list.
func TestScheduledListIsTheSame(t *testing.T) {
	t.Parallel()
	requested, err := newRequest(&atlantv1.FetchRequest{Url: "http://127.0.0.1/list"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	scheduled := proto.CloneOf(requested)
	scheduled.ScheduledFor = scheduled.GetRequestedAt()
	if !asksForTheSame(requested, scheduled) {
		t.Error("they differ")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := &Service{}
	url, credentials, err := s.Check(&atlantv1.FetchRequest{Url: "https://user:secret@shop.example/list#a"})
	if err != nil || url != "https://shop.example/list#a" || credentials.GetBasic().GetPassword() != "secret" {
		t.Errorf("%s, %v, %v", url, credentials, err)
	}
	for _, bad := range []*atlantv1.FetchRequest{
		{Url: "gopher://shop.example/"}, {Url: "https://shop.example/", Csv: &atlantv1.CsvOptions{Encoding: "klingon"}},
	} {
		if _, _, err := s.Check(bad); err == nil {
			t.Errorf("took %v", bad)
		}
	}
}
