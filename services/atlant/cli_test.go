package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

const fetchID = "0199d3a0-0000-7000-8000-000000000001"

// fakeServer answers as its functions say; what has none is unimplemented.
type fakeServer struct {
	atlantv1connect.UnimplementedFetchServiceHandler
	atlantv1connect.UnimplementedProductServiceHandler
	atlantv1connect.UnimplementedProjectionServiceHandler

	fetch       func(*atlantv1.FetchRequest) (*atlantv1.Fetch, error)
	upload      func(fileName string, list []byte) (*atlantv1.UploadResponse, error)
	getFetch    func(id string) (*atlantv1.Fetch, error)
	listFetches func(*atlantv1.ListFetchesRequest) (*atlantv1.ListFetchesResponse, error)
	watch       func(send func(*atlantv1.Fetch) error) error
	cancel      func(id string) (*atlantv1.Fetch, error)
	listRejects func(*atlantv1.ListRejectsRequest) (*atlantv1.ListRejectsResponse, error)
	list        func(*atlantv1.ListRequest) (*atlantv1.ListResponse, error)
	get         func(*atlantv1.GetRequest) (*atlantv1.Product, error)
	statistics  *atlantv1.PriceStatistics // of whatever is got
	listChanges func(*atlantv1.ListChangesRequest) (*atlantv1.ListChangesResponse, error)
	diff        func(*atlantv1.DiffFetchesRequest, func(*atlantv1.DiffFetchesResponse) error) error
	explain     func(*atlantv1.ExplainRequest) (*atlantv1.ExplainResponse, error)
	watchPrices func(*atlantv1.WatchRequest, func(*atlantv1.WatchResponse) error) error
	status      func() (*atlantv1.GetStatusResponse, error)
	rebuild     func(*atlantv1.RebuildRequest, func(*atlantv1.RebuildResponse) error) error
	verify      func(func(*atlantv1.VerifyResponse) error) error
	repair      func(id string) (*atlantv1.RepairResponse, error)
}

func (s *fakeServer) Fetch(_ context.Context, r *connect.Request[atlantv1.FetchRequest]) (*connect.Response[atlantv1.FetchResponse], error) {
	fetch, err := s.fetch(r.Msg)
	return connect.NewResponse(&atlantv1.FetchResponse{Fetch: fetch}), err
}

func (s *fakeServer) Upload(
	_ context.Context, stream *connect.ClientStream[atlantv1.UploadRequest],
) (*connect.Response[atlantv1.UploadResponse], error) {
	var fileName string
	var list []byte
	for stream.Receive() {
		fileName += stream.Msg().GetFileName()
		list = append(list, stream.Msg().GetData()...)
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return respond(s.upload(fileName, list))
}

func (s *fakeServer) GetFetch(_ context.Context, r *connect.Request[atlantv1.GetFetchRequest]) (*connect.Response[atlantv1.GetFetchResponse], error) {
	fetch, err := s.getFetch(r.Msg.GetId())
	return connect.NewResponse(&atlantv1.GetFetchResponse{Fetch: fetch}), err
}

func (s *fakeServer) ListFetches(_ context.Context, r *connect.Request[atlantv1.ListFetchesRequest]) (*connect.Response[atlantv1.ListFetchesResponse], error) {
	return respond(s.listFetches(r.Msg))
}

func (s *fakeServer) WatchFetch(_ context.Context, _ *connect.Request[atlantv1.WatchFetchRequest], stream *connect.ServerStream[atlantv1.WatchFetchResponse]) error {
	return s.watch(func(f *atlantv1.Fetch) error { return stream.Send(&atlantv1.WatchFetchResponse{Fetch: f}) })
}

func (s *fakeServer) CancelFetch(_ context.Context, r *connect.Request[atlantv1.CancelFetchRequest]) (*connect.Response[atlantv1.CancelFetchResponse], error) {
	fetch, err := s.cancel(r.Msg.GetId())
	return connect.NewResponse(&atlantv1.CancelFetchResponse{Fetch: fetch}), err
}

func (s *fakeServer) ListRejects(_ context.Context, r *connect.Request[atlantv1.ListRejectsRequest]) (*connect.Response[atlantv1.ListRejectsResponse], error) {
	return respond(s.listRejects(r.Msg))
}

func (s *fakeServer) List(_ context.Context, r *connect.Request[atlantv1.ListRequest]) (*connect.Response[atlantv1.ListResponse], error) {
	return respond(s.list(r.Msg))
}

func (s *fakeServer) Get(_ context.Context, r *connect.Request[atlantv1.GetRequest]) (*connect.Response[atlantv1.GetResponse], error) {
	product, err := s.get(r.Msg)
	return connect.NewResponse(&atlantv1.GetResponse{Product: product, Statistics: s.statistics}), err
}

func (s *fakeServer) DiffFetches(
	_ context.Context, r *connect.Request[atlantv1.DiffFetchesRequest], stream *connect.ServerStream[atlantv1.DiffFetchesResponse],
) error {
	return s.diff(r.Msg, stream.Send)
}

func (s *fakeServer) Explain(_ context.Context, r *connect.Request[atlantv1.ExplainRequest]) (*connect.Response[atlantv1.ExplainResponse], error) {
	return respond(s.explain(r.Msg))
}

func (s *fakeServer) ListChanges(_ context.Context, r *connect.Request[atlantv1.ListChangesRequest]) (*connect.Response[atlantv1.ListChangesResponse], error) {
	return respond(s.listChanges(r.Msg))
}

func (s *fakeServer) Watch(_ context.Context, r *connect.Request[atlantv1.WatchRequest], stream *connect.ServerStream[atlantv1.WatchResponse]) error {
	return s.watchPrices(r.Msg, stream.Send)
}

func (s *fakeServer) GetStatus(context.Context, *connect.Request[atlantv1.GetStatusRequest]) (*connect.Response[atlantv1.GetStatusResponse], error) {
	return respond(s.status())
}

func (s *fakeServer) Rebuild(_ context.Context, r *connect.Request[atlantv1.RebuildRequest], stream *connect.ServerStream[atlantv1.RebuildResponse]) error {
	return s.rebuild(r.Msg, stream.Send)
}

func (s *fakeServer) Verify(_ context.Context, _ *connect.Request[atlantv1.VerifyRequest], stream *connect.ServerStream[atlantv1.VerifyResponse]) error {
	return s.verify(stream.Send)
}

func (s *fakeServer) Repair(_ context.Context, r *connect.Request[atlantv1.RepairRequest]) (*connect.Response[atlantv1.RepairResponse], error) {
	return respond(s.repair(r.Msg.GetProductId()))
}

func respond[T any](m *T, err error) (*connect.Response[T], error) {
	return connect.NewResponse(m), err
}

// start serves the fake until the test ends and returns its address.
func (s *fakeServer) start(tb testing.TB) string {
	tb.Helper()
	mux := http.NewServeMux()
	mux.Handle(atlantv1connect.NewFetchServiceHandler(s))
	mux.Handle(atlantv1connect.NewProductServiceHandler(s))
	mux.Handle(atlantv1connect.NewProjectionServiceHandler(s))
	server := httptest.NewServer(mux)
	tb.Cleanup(server.Close)
	return server.URL
}

// startOld serves an Atlant that has no method of those that are asked for.
func startOld(tb testing.TB) string {
	tb.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	tb.Cleanup(server.Close)
	return server.URL
}

// result is what a command left behind.
type result struct {
	code        int
	out, errOut string
}

func atlant(tb testing.TB, args ...string) result {
	tb.Helper()
	return atlantIn(tb.Context(), args...)
}

func atlantIn(ctx context.Context, args ...string) result {
	return atlantReading(ctx, strings.NewReader(""), args...)
}

// atlantReading runs a command that reads standard input.
func atlantReading(ctx context.Context, in io.Reader, args ...string) result {
	var out, errOut bytes.Buffer
	code := run(ctx, args, in, &out, &errOut)
	return result{code, out.String(), errOut.String()}
}

// run runs a command against the fake.
func (s *fakeServer) run(tb testing.TB, args ...string) result {
	tb.Helper()
	return atlant(tb, append([]string{"--addr", s.start(tb)}, args...)...)
}

// expect fails the test unless the command ended with the code and its outputs are these.
func (r result) expect(tb testing.TB, code int, out, errOut string) {
	tb.Helper()
	if r.code != code || r.out != out || r.errOut != errOut {
		tb.Errorf("got exit code %d, stdout:\n%s\nstderr:\n%s\nwant %d, stdout:\n%s\nstderr:\n%s",
			r.code, r.out, r.errOut, code, out, errOut)
	}
}

// at returns a time of a day that all tests share.
func at(clock string) *timestamppb.Timestamp {
	t, err := time.Parse(time.DateTime, "2026-01-31 "+clock)
	if err != nil {
		panic(err)
	}
	return timestamppb.New(t)
}

func eur(micros int64) *atlantv1.Price {
	return &atlantv1.Price{AmountMicros: micros, CurrencyCode: "EUR"}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"list", "--help"}} {
		r := atlant(t, args...)
		if r.code != exitOK || !strings.Contains(r.out, "Usage: atlant") || r.errOut != "" {
			t.Errorf("%q: got %+v", args, r)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args string
		want string
	}{
		{"lst", "atlant: unexpected argument lst, did you mean \"list\"?\n  see `atlant --help`\n"},
		{"list --limt 3", "atlant: unknown flag --limt, did you mean \"--limit\"?\n  see `atlant list --help`\n"},
		{"fetch", "atlant: expected \"<list>\"\n  see `atlant fetch --help`\n"},
		{"list --min-price 1,50", "atlant: --min-price: " + errNotAnAmount.Error() + "\n  see `atlant list --help`\n"},
		{"list --changed-since soon", "atlant: --changed-since: " + errNotAMoment.Error() + "\n  see `atlant list --help`\n"},
		{"status --addr ftp://x", "atlant: --addr is not a URL that Atlant could answer at: \"ftp://x\"\n  it looks like http://127.0.0.1:8080\n"},
	} {
		atlant(t, strings.Fields(c.args)...).expect(t, exitUsage, "", c.want)
	}
}

func TestAddrFromEnvironment(t *testing.T) {
	s := &fakeServer{status: func() (*atlantv1.GetStatusResponse, error) { return &atlantv1.GetStatusResponse{Version: "v1"}, nil }}
	t.Setenv("ATLANT_ADDR", strings.TrimPrefix(s.start(t), "http://")) // the scheme may be left out
	atlant(t, "status").expect(t, exitOK, "0 products, lag 0, parked 0; generation 0; version v1\n", "")
}
