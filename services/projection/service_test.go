package projection_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	"github.com/atlant-log/atlant/projections/sqlite"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
	"github.com/atlant-log/atlant/services/projection"
	"github.com/atlant-log/atlant/services/rpc"
)

var quiet = slog.New(slog.DiscardHandler)

func wantNoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// source is a log that is as long as it says and holds nothing.
type source struct {
	last   map[events.Stream]uint64
	parked map[events.Stream]int64
	err    error
}

func (s source) Read(context.Context, events.Stream, uint64) (events.Reader, error) {
	return nil, errors.New("nothing to read")
}

func (s source) LastSequence(_ context.Context, stream events.Stream) (uint64, error) {
	return s.last[stream], s.err
}

func (s source) TimeOf(context.Context, events.Stream, uint64) (time.Time, error) {
	return time.Time{}, s.err
}

func (s source) Park(context.Context, events.Message, error) error { return s.err }

func (s source) Parked(_ context.Context, stream events.Stream) (int64, error) {
	return s.parked[stream], s.err
}

func newViews(t testing.TB) projections.Views {
	t.Helper()
	store, err := sqlite.Open(t.Context(), t.TempDir())
	wantNoError(t, err)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	views, err := store.Live(t.Context())
	wantNoError(t, err)
	return views
}

// claims are what the leases say.
type claims struct {
	events.Leases

	all []events.Claim
}

func (c claims) Held(context.Context) ([]events.Claim, error) { return c.all, nil }

// serve returns a service on these views and this log, of two shards.
func serve(views projections.Views, log events.Source, all ...events.Claim) *projection.Service {
	return projection.NewService(projection.Config{
		Live: projections.Fixed{Views: views}, Source: log, Shards: 2, Leases: claims{all: all}, Version: "v1.2.3",
	})
}

// clients returns a client of the service for each protocol.
func clients(t testing.TB, service *projection.Service) map[string]atlantv1connect.ProjectionServiceClient {
	t.Helper()
	srv := httptest.NewUnstartedServer(rpc.NewHandler(nil, rpc.Mount(atlantv1connect.ProjectionServiceName)(
		atlantv1connect.NewProjectionServiceHandler(service, rpc.Options(quiet)...))))
	var both, only2 http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	only2.SetUnencryptedHTTP2(true)
	srv.Config.Protocols = &both
	srv.Start()
	transport := &http.Transport{Protocols: &only2}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
	})
	http2 := &http.Client{Transport: transport}
	return map[string]atlantv1connect.ProjectionServiceClient{
		"connect":  atlantv1connect.NewProjectionServiceClient(srv.Client(), srv.URL),
		"get":      atlantv1connect.NewProjectionServiceClient(srv.Client(), srv.URL, connect.WithHTTPGet()),
		"grpc":     atlantv1connect.NewProjectionServiceClient(http2, srv.URL, connect.WithGRPC()),
		"grpc-web": atlantv1connect.NewProjectionServiceClient(srv.Client(), srv.URL, connect.WithGRPCWeb()),
	}
}

func status(t testing.TB, client atlantv1connect.ProjectionServiceClient) *atlantv1.GetStatusResponse {
	t.Helper()
	response, err := client.GetStatus(t.Context(), connect.NewRequest(&atlantv1.GetStatusRequest{}))
	wantNoError(t, err)
	return response.Msg
}

func TestGetStatusOfNothing(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	want := &atlantv1.GetStatusResponse{Version: "v1.2.3", Generation: 1, Projections: []*atlantv1.ProjectionStatus{
		{Stream: "PRICES_00"}, {Stream: "PRICES_01"}, {Stream: "FETCH_EVENTS"},
	}}
	for protocol, client := range clients(t, serve(store, source{})) {
		if got := status(t, client); !proto.Equal(got, want) {
			t.Errorf("%s: %v", protocol, got)
		}
	}
}

func TestGetStatus(t *testing.T) {
	t.Parallel()
	store := newViews(t)
	log := source{
		last:   map[events.Stream]uint64{"PRICES_00": 12, "PRICES_01": 7, events.FetchStream: 5},
		parked: map[events.Stream]int64{"PRICES_00": 2, events.FetchStream: 1},
	}
	var all []events.Observation
	for i := range 10 {
		all = append(all, events.Observation{Source: fmt.Sprint("source ", i%2), Name: fmt.Sprint("product ", i), Line: 1})
	}
	began := time.Now().Add(-time.Second)
	wantNoError(t, store.ApplyPrices(t.Context(), projections.FoldBatch(nil, all), projections.Checkpoint{Stream: "PRICES_00", Sequence: 10, Late: 3}))
	wantNoError(t, store.ApplyFetches(t.Context(), projections.FetchDelta{}, projections.Checkpoint{Stream: events.FetchStream, Sequence: 5}))
	for protocol, client := range clients(t, serve(store, log)) {
		got := status(t, client)
		for i, stands := range []bool{true, false, true} { // which have taken in something
			stamp := got.GetProjections()[i].GetProjectedAt()
			if (stamp != nil) != stands || stands && (stamp.AsTime().Before(began) || stamp.AsTime().After(time.Now().Add(time.Second))) {
				t.Errorf("%s: %v projected at %v", protocol, got.GetProjections()[i].GetStream(), stamp.AsTime())
			}
			got.GetProjections()[i].ProjectedAt = nil
		}
		want := &atlantv1.GetStatusResponse{
			Version: "v1.2.3", Generation: 1, Products: 10, Parked: 3, Lag: 9, Position: events.LogPosition{0: 10}.String(), // the shard of which nothing is known does not matter
			Projections: []*atlantv1.ProjectionStatus{
				{Stream: "PRICES_00", Sequence: 10, LastSequence: 12, Lag: 2, Parked: 2, Late: 3},
				{Stream: "PRICES_01", LastSequence: 7, Lag: 7},
				{Stream: "FETCH_EVENTS", Sequence: 5, LastSequence: 5, Parked: 1},
			},
		}
		if !proto.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", protocol, got, want)
		}
	}
}

// brittle is a store whose checkpoints cannot be read while it is broken.
type brittle struct {
	projections.Views

	broken atomic.Bool
}

func (b *brittle) Checkpoint(ctx context.Context, stream events.Stream) (projections.Checkpoint, error) {
	if b.broken.Load() {
		return projections.Checkpoint{}, errors.New("disk full")
	}
	return b.Views.Checkpoint(ctx, stream)
}

// Who projects, how fast, and why a projection stands still is for the operator to see, whichever process it is.
func TestGetStatusTellsOfProjectors(t *testing.T) {
	t.Parallel()
	store := &brittle{Views: newViews(t)}
	store.broken.Store(true)
	p := projections.NewPriceProjector(1, source{}, projections.Fixed{Views: store}, quiet)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	for deadline := time.Now().Add(30 * time.Second); p.Failure() == nil && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	report := p.Report()
	stop()
	<-ended
	store.broken.Store(false)
	held := []events.Claim{
		{Name: "FETCH_EVENTS", Holder: "a", Note: []byte(`{"rate":2.5}`)},
		{Name: "PRICES_01", Holder: "b", Note: report},
		{Name: "PRICES_07", Holder: "c"},
		{Name: "queue/1", Holder: "d", Note: []byte("rubbish")},
	}
	for protocol, client := range clients(t, serve(store, source{}, held...)) {
		got := status(t, client).GetProjections()
		if !strings.Contains(got[1].GetError(), "disk full") || got[0].GetError() != "" || got[2].GetError() != "" {
			t.Errorf("%s: errors of %v", protocol, got)
		}
		if got[0].GetOwner() != "" || got[1].GetOwner() != "b" || got[2].GetOwner() != "a" || got[2].GetRate() != 2.5 {
			t.Errorf("%s: owners of %v", protocol, got)
		}
	}
}

func TestGetStatusWithoutLogOrViews(t *testing.T) {
	t.Parallel()
	store := &brittle{Views: newViews(t)}
	down := source{err: fmt.Errorf("at 10.0.0.7: %w", events.ErrUnavailable)}
	wantCode := func(log events.Source, code connect.Code) {
		t.Helper()
		for protocol, client := range clients(t, serve(store, log)) {
			_, err := client.GetStatus(t.Context(), connect.NewRequest(&atlantv1.GetStatusRequest{}))
			if connect.CodeOf(err) != code || strings.Contains(err.Error(), "10.0.0.7") || strings.Contains(err.Error(), "disk") {
				t.Errorf("%s: %v, want %s", protocol, err, code)
			}
		}
	}
	wantCode(down, connect.CodeUnavailable)
	store.broken.Store(true)
	wantCode(source{}, connect.CodeInternal)
}

// away is views that cannot be reached.
type away struct{}

func (away) Live(context.Context) (projections.Views, error) {
	return nil, fmt.Errorf("dial 10.0.0.7: %w", projections.ErrUnavailable)
}

// While the views are away the status says so, and what is known all the same.
func TestGetStatusWhileViewsAreAway(t *testing.T) {
	t.Parallel()
	log := source{last: map[events.Stream]uint64{"PRICES_01": 7}, parked: map[events.Stream]int64{"PRICES_01": 2}}
	service := projection.NewService(projection.Config{
		Live: away{}, Source: log, Shards: 2, Leases: claims{all: []events.Claim{{Name: "PRICES_01", Holder: "b"}}}, Version: "v1",
	})
	gone := projections.ErrUnavailable.Error()
	want := &atlantv1.GetStatusResponse{Version: "v1", Parked: 2, Projections: []*atlantv1.ProjectionStatus{
		{Stream: "PRICES_00", Error: gone},
		{Stream: "PRICES_01", LastSequence: 7, Parked: 2, Owner: "b", Error: gone},
		{Stream: "FETCH_EVENTS", Error: gone},
	}}
	for protocol, client := range clients(t, service) {
		if got := status(t, client); !proto.Equal(got, want) {
			t.Errorf("%s: %v", protocol, got)
		}
	}
}
