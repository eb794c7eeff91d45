package source

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/events/jetstream"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/fetch"
	"github.com/atlant-log/atlant/services/rpc"
)

// whole bounds whatever is waited for.
const whole = time.Minute

var quiet = slog.New(slog.DiscardHandler)

// plant is a log with a view of its fetches, and a client of the service on them. Nobody fetches lists.
type plant struct {
	log            *jetstream.Log
	views          *sqlite.Store
	fetches        *fetch.Service
	client         atlantv1connect.SourceServiceClient
	stopProjecting func()
}

func newPlant(t testing.TB) *plant {
	t.Helper()
	embedded, err := jetstream.StartEmbedded(t.TempDir(), quiet)
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := embedded.Close(); err != nil {
			t.Error(err)
		}
	})
	conn, err := embedded.Connect()
	wantNoError(t, err)
	p := &plant{}
	p.log, err = jetstream.Open(t.Context(), conn, jetstream.Config{})
	wantNoError(t, err)
	p.views, err = sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() { _ = p.views.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	var projecting sync.WaitGroup
	projecting.Go(func() { projections.NewFetchProjector(p.log, p.views, quiet).Run(ctx) })
	p.stopProjecting = func() {
		cancel()
		projecting.Wait()
	}
	t.Cleanup(p.stopProjecting)
	p.fetches = fetch.NewService(p.log, p.views, 0)
	server := httptest.NewServer(rpc.NewHandler(nil, rpc.Mount(atlantv1connect.SourceServiceName)(
		atlantv1connect.NewSourceServiceHandler(NewService(p.log, p.fetches, p.views), rpc.Options(quiet)...))))
	t.Cleanup(server.Close)
	p.client = atlantv1connect.NewSourceServiceClient(server.Client(), server.URL)
	return p
}

func (p *plant) scheduler() *Scheduler {
	s := NewScheduler(p.log, p.fetches, p.views, quiet)
	s.viewPatience = whole
	return s
}

func wantNoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create adds a source.
func (p *plant) create(t testing.TB, source *atlantv1.Source) *atlantv1.Source {
	t.Helper()
	response, err := p.client.CreateSource(t.Context(), connect.NewRequest(&atlantv1.CreateSourceRequest{Source: source}))
	wantNoError(t, err)
	return response.Msg.GetSource()
}

func (p *plant) update(t testing.TB, source *atlantv1.Source) *atlantv1.Source {
	t.Helper()
	response, err := p.client.UpdateSource(t.Context(), connect.NewRequest(&atlantv1.UpdateSourceRequest{Source: source}))
	wantNoError(t, err)
	return response.Msg.GetSource()
}

// get returns a source as it is when the views know of all fetches.
func (p *plant) get(t testing.TB, name string) *atlantv1.Source {
	t.Helper()
	last, err := p.log.LastSequence(t.Context(), events.FetchStream)
	wantNoError(t, err)
	_, err = projections.WaitFor(t.Context(), p.views, events.FetchStream, last)
	wantNoError(t, err)
	response, err := p.client.GetSource(t.Context(), connect.NewRequest(&atlantv1.GetSourceRequest{Name: name}))
	wantNoError(t, err)
	return response.Msg.GetSource()
}

// alarm returns the alarm that is set for a source.
func (p *plant) alarm(t testing.TB, name string) *atlantv1.SourceAlarm {
	t.Helper()
	alarm, err := p.log.Alarm(t.Context(), name)
	wantNoError(t, err)
	return alarm
}

// end writes how a fetch ended.
func (p *plant) end(t testing.TB, id string, state atlantv1.FetchState) {
	t.Helper()
	fetch := uuid.MustParse(id)
	recorded, err := p.log.FetchEvents(t.Context(), fetch)
	wantNoError(t, err)
	event := &atlantv1.FetchEvent{At: timestamppb.Now()}
	switch state {
	case failed:
		event.Event = &atlantv1.FetchEvent_Failed{Failed: &atlantv1.FetchFailed{Error: "404"}}
	case cancelled:
		event.Event = &atlantv1.FetchEvent_Cancelled{Cancelled: &atlantv1.FetchCancelled{}}
	default:
		event.Event = &atlantv1.FetchEvent_Completed{Completed: &atlantv1.FetchCompleted{}}
	}
	_, err = p.log.AppendFetchEvents(t.Context(), fetch, recorded[len(recorded)-1].Sequence, event)
	wantNoError(t, err)
}

// all returns the fetches of a source that the views know, the newest first.
func (p *plant) all(t testing.TB, name string) []*atlantv1.Fetch {
	t.Helper()
	p.get(t, name)
	views, err := p.views.Live(t.Context())
	wantNoError(t, err)
	found, err := views.ListFetches(t.Context(), name, nil, 1000)
	wantNoError(t, err)
	return found
}

func every(interval string) *atlantv1.Schedule {
	return &atlantv1.Schedule{Expression: "@every " + interval}
}
