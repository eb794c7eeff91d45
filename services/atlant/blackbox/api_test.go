package blackbox_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
	"github.com/atlant-log/atlant/proto/gen/atlant/v1/atlantv1connect"
)

// Short names for what every test looks at.
const (
	completed = atlantv1.FetchState_FETCH_STATE_COMPLETED
	failed    = atlantv1.FetchState_FETCH_STATE_FAILED
	cancelled = atlantv1.FetchState_FETCH_STATE_CANCELLED
	queued    = atlantv1.FetchState_FETCH_STATE_QUEUED
	running   = atlantv1.FetchState_FETCH_STATE_RUNNING

	notModified = atlantv1.FetchState_FETCH_STATE_NOT_MODIFIED
)

// api holds clients of all services of one Atlant.
type api struct {
	fetches    atlantv1connect.FetchServiceClient
	sources    atlantv1connect.SourceServiceClient
	products   atlantv1connect.ProductServiceClient
	alerts     atlantv1connect.AlertServiceClient
	projection atlantv1connect.ProjectionServiceClient
}

func newAPI(tb testing.TB, url string, options ...connect.ClientOption) api {
	tb.Helper()
	return newAPIOver(newHTTPClient(tb, false), url, options...)
}

func newAPIOver(client *http.Client, url string, options ...connect.ClientOption) api {
	return api{
		fetches:    atlantv1connect.NewFetchServiceClient(client, url, options...),
		sources:    atlantv1connect.NewSourceServiceClient(client, url, options...),
		products:   atlantv1connect.NewProductServiceClient(client, url, options...),
		alerts:     atlantv1connect.NewAlertServiceClient(client, url, options...),
		projection: atlantv1connect.NewProjectionServiceClient(client, url, options...),
	}
}

// newHTTPClient returns a client of its own connections, on request of HTTP/2 without TLS only.
func newHTTPClient(tb testing.TB, http2 bool) *http.Client {
	tb.Helper()
	transport := &http.Transport{Protocols: &http.Protocols{}, MaxIdleConnsPerHost: 16}
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetUnencryptedHTTP2(http2)
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// within returns a context for one call.
func within(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// method is a unary method of a client.
type method[Q, R any] func(context.Context, *connect.Request[Q]) (*connect.Response[R], error)

// call returns the answer; anything else ends the test.
func call[Q, R any](tb testing.TB, do method[Q, R], request *Q) *R {
	tb.Helper()
	response, err := do(within(tb), connect.NewRequest(request))
	if err != nil {
		tb.Fatalf("%T: %v", request, err)
	}
	return response.Msg
}

// refuse demands an error of a code, whose message names what is at fault.
func refuse[Q, R any](tb testing.TB, do method[Q, R], request *Q, code connect.Code, names string) {
	tb.Helper()
	response, err := do(within(tb), connect.NewRequest(request))
	if err == nil {
		tb.Errorf("%T was answered: %v", request, response.Msg)
		return
	}
	var refusal *connect.Error
	if !errors.As(err, &refusal) || refusal.Code() != code || !strings.Contains(refusal.Message(), names) {
		tb.Errorf("got %v, want %v that names %q", err, code, names)
	}
}

// ask asks for a fetch and returns it as it is then.
func (a api) ask(tb testing.TB, request *atlantv1.FetchRequest) *atlantv1.Fetch {
	tb.Helper()
	return call(tb, a.fetches.Fetch, request).GetFetch()
}

// await watches a fetch until it has ended.
func (a api) await(tb testing.TB, id string) *atlantv1.Fetch {
	tb.Helper()
	stream, err := a.fetches.WatchFetch(within(tb), connect.NewRequest(&atlantv1.WatchFetchRequest{Id: id}))
	if err != nil {
		tb.Fatalf("watch fetch: %v", err)
	}
	defer func() { _ = stream.Close() }() // it has said what there is to know
	var last *atlantv1.Fetch
	for stream.Receive() {
		last = stream.Msg().GetFetch()
	}
	if err := stream.Err(); err != nil || !ended(last.GetState()) {
		tb.Fatalf("the watch of %s ended with %v at %v", id, err, last)
	}
	return last
}

// awaitRunning polls until a fetcher has taken a fetch.
func (a api) awaitRunning(tb testing.TB, id string) {
	tb.Helper()
	eventuallyf(tb, func() bool {
		return call(tb, a.fetches.GetFetch, &atlantv1.GetFetchRequest{Id: id}).GetFetch().GetState() == running
	}, "no fetcher takes fetch %s", id)
}

func ended(state atlantv1.FetchState) bool {
	return state != queued && state != running && state != atlantv1.FetchState_FETCH_STATE_UNSPECIFIED
}

// get fetches a list, sees it completed and its prices in the views.
func (a api) get(tb testing.TB, request *atlantv1.FetchRequest) *atlantv1.Fetch {
	tb.Helper()
	fetch := a.await(tb, a.ask(tb, request).GetId())
	if fetch.GetState() != completed {
		tb.Fatalf("fetch of %s: %v", request.GetUrl(), fetch)
	}
	call(tb, a.products.List, &atlantv1.ListRequest{PageSize: 1, Position: fetch.GetPosition()})
	return fetch
}

// counts are the figures of a receipt.
type counts struct{ Read, Accepted, Rejected, Duplicates, Published int64 }

func countsOf(f *atlantv1.Fetch) counts {
	return counts{f.GetRowsRead(), f.GetAccepted(), f.GetRejected(), f.GetDuplicates(), f.GetPublished()}
}

func (c counts) expect(tb testing.TB, f *atlantv1.Fetch) {
	tb.Helper()
	if got := countsOf(f); got != c {
		tb.Errorf("got %+v, want %+v: %v", got, c, f)
	}
}

// total returns how many products a source has.
func (a api) total(tb testing.TB, source string) int64 {
	tb.Helper()
	return call(tb, a.products.List, &atlantv1.ListRequest{Source: source, PageSize: 1, Total: true}).GetTotalSize()
}

// prices returns the sequence of the last message in the price log.
func (a api) prices(tb testing.TB) (last uint64, late int64) {
	tb.Helper()
	for _, p := range call(tb, a.projection.GetStatus, &atlantv1.GetStatusRequest{}).GetProjections() {
		if strings.HasPrefix(p.GetStream(), "PRICES") {
			last += p.GetLastSequence()
			late += p.GetLate()
		}
	}
	return last, late
}
