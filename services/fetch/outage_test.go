package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/events/jetstream/natstest"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// The log goes away while a list is downloaded, and comes back when the fetch has been tried in vain for a while: it is
// completed, and so is what waited behind it.
func TestOutage(t *testing.T) {
	t.Parallel()
	options := server.Options{JetStream: true, StoreDir: t.TempDir(), SyncAlways: true}
	running := natstest.StartServer(t, options.Clone())
	nc, err := jetstream.Connect(t.Context(), jetstream.ConnectConfig{URL: running.ClientURL(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := jetstream.Open(t.Context(), nc, jetstream.Config{})
	if err != nil {
		t.Fatal(err)
	}
	asked, answer := make(chan struct{}), make(chan struct{})
	var first sync.Once
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		first.Do(func() {
			close(asked)
			<-answer
		})
		for row := range zombieRows {
			_, _ = fmt.Fprintf(w, "product %d;1\n", row)
		}
	}))
	t.Cleanup(list.Close)
	var ids []events.FetchID
	for range 3 {
		id, requested := newTestRequest(t, list.URL)
		ids = append(ids, id)
		if err := log.Enqueue(t.Context(), requested); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	fetcher := newTestFetcher(t, log)
	working.Go(func() { fetcher.Work(ctx, events.PartitionOf(events.DefaultSource)) })
	defer working.Wait()
	defer stop()

	<-asked
	options.Port = running.Addr().(*net.TCPAddr).Port
	running.Shutdown()
	running.WaitForShutdown()
	close(answer)
	time.Sleep(2 * retryPause) // an outage takes time
	natstest.StartServer(t, options.Clone())
	for _, id := range ids {
		got := awaitEnd(t, log, id)
		if got.GetState() != atlantv1.FetchState_FETCH_STATE_COMPLETED || got.GetPublished() != zombieRows || got.GetError() != "" {
			t.Errorf("got %v", got)
		}
		wantConsistent(t, log, id)
	}
}

func awaitEnd(tb testing.TB, log Log, id events.FetchID) *atlantv1.Fetch {
	tb.Helper()
	var err error
	for deadline := time.Now().Add(2 * whole); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var recorded []events.RecordedFetchEvent
		if recorded, err = log.FetchEvents(tb.Context(), id); err != nil || len(recorded) == 0 {
			continue
		}
		if view := foldAll(recorded); view.Fetch.GetEndedAt() != nil {
			return view.Fetch
		}
	}
	tb.Fatal(id, " has not ended: ", err)
	return nil
}
