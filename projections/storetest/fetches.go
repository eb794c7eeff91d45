package storetest

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/protobuf/testing/protocmp"

	"github.com/atlant-log/atlant/events"
	"github.com/atlant-log/atlant/projections"
	atlantv1 "github.com/atlant-log/atlant/proto/gen/atlant/v1"
)

// fetchView returns a fetch that has something in every field.
func fetchView(n int, source string, requestedAt events.Micros, sequence uint64) projections.FetchView {
	return projections.FetchView{Sequence: sequence, Rejects: 7, Fetch: &atlantv1.Fetch{
		Id: fetchID(n).String(), Url: "https://example.com/ä?b=c", Source: source,
		State: atlantv1.FetchState_FETCH_STATE_RUNNING, RequestedAt: requestedAt.Timestamp(), ObservedAt: events.Micros(-1).Timestamp(),
		StartedAt: (requestedAt + 1).Timestamp(), EndedAt: (requestedAt + 2).Timestamp(), Bytes: 1 << 40, RowsRead: 10,
		Accepted: 5, Rejected: 3, Duplicates: 2, Published: 4, Error: "näh", Position: "AAA",
		Dialect: &atlantv1.Dialect{Delimiter: ";", NameColumns: []int32{1, 2}, PriceColumn: 3, Evidence: []string{"x", "y"}},
	}}
}

func mustApplyFetches(t *testing.T, store projections.Views, sequence uint64, views ...projections.FetchView) {
	t.Helper()
	checkpoint := projections.Checkpoint{Stream: events.FetchStream, Sequence: sequence}
	wantNoError(t, "apply", store.ApplyFetches(t.Context(), projections.FetchDelta{Fetches: views}, checkpoint))
}

func wantFetch(t *testing.T, store projections.Views, n int, want projections.FetchView) {
	t.Helper()
	id := fetchID(n)
	known, err := store.Fetches(t.Context(), []events.FetchID{id, fetchID(9999), id})
	wantNoError(t, "fetches", err)
	wantEqual(t, "fetches", known, map[events.FetchID]projections.FetchView{id: want}, protocmp.Transform())
	got, err := store.GetFetch(t.Context(), id)
	wantNoError(t, "get fetch", err)
	wantEqual(t, "fetch", got, want.Fetch, protocmp.Transform())
}

func testFetchRoundTrip(t *testing.T, store projections.Views) {
	full := fetchView(1, "source", day, 1<<62)
	bare := projections.FetchView{Fetch: &atlantv1.Fetch{Id: fetchID(2).String()}}
	mustApplyFetches(t, store, 5, full, bare)
	wantFetch(t, store, 1, full)
	wantFetch(t, store, 2, bare)
	wantCheckpoint(t, store, projections.Checkpoint{Stream: events.FetchStream, Sequence: 5})
}

func testFetchSequence(t *testing.T, store projections.Views) {
	first, second := fetchView(1, "source", day, 10), fetchView(1, "source", day, 11)
	second.Fetch.State, second.Rejects = atlantv1.FetchState_FETCH_STATE_COMPLETED, 9
	second.Fetch.Error, second.Fetch.Dialect = "", nil
	mustApplyFetches(t, store, 10, first)
	mustApplyFetches(t, store, 11, second)
	wantFetch(t, store, 1, second)
	other := fetchView(2, "source", day, 3)
	mustApplyFetches(t, store, 10, first, other) // a projector that is behind
	wantFetch(t, store, 1, second)
	wantFetch(t, store, 2, other)
	mustApplyFetches(t, store, 11, second) // and one that went back
	wantFetch(t, store, 1, second)
	wantCheckpoint(t, store, projections.Checkpoint{Stream: events.FetchStream, Sequence: 11})
}

func testRejects(t *testing.T, store projections.Views) {
	const n = 700
	want := make([]*atlantv1.Reject, n)
	indexed := make([]projections.IndexedReject, n)
	for i := range want {
		want[i] = &atlantv1.Reject{
			Line: int64(i) + 2, ByteOffset: int64(i) * 30, Column: 2, Raw: "a;1,2,3\uFFFD",
			Reason: atlantv1.RejectReason_REJECT_REASON_PRICE_NOT_A_NUMBER, Message: fmt.Sprintf("row %d", i),
		}
		indexed[i] = projections.IndexedReject{Index: int64(i), Reject: want[i]}
	}
	want[3] = &atlantv1.Reject{} // nothing says that a reject must say something
	indexed[3].Reject = want[3]
	apply := func(fetch int, rejects ...projections.IndexedReject) {
		t.Helper()
		delta := projections.FetchDelta{
			Fetches: []projections.FetchView{fetchView(fetch, "source", day, 1)},
			Rejects: map[events.FetchID][]projections.IndexedReject{fetchID(fetch): rejects, fetchID(99): nil},
		}
		wantNoError(t, "apply", store.ApplyFetches(t.Context(), delta, projections.Checkpoint{Stream: events.FetchStream}))
	}
	apply(1, indexed[:500]...)
	apply(2, indexed[0])
	// Those that are there stay as they are.
	apply(1, append([]projections.IndexedReject{{Index: 0, Reject: &atlantv1.Reject{Message: "other"}}}, indexed[400:]...)...)

	for _, from := range []int{0, 1, 650, n - 1, n, n + 5} {
		for _, limit := range []int{1, 100, n + 1} {
			got, err := store.ListRejects(t.Context(), fetchID(1), int64(from), limit)
			wantNoError(t, "list rejects", err)
			from := min(from, n)
			wantEqual(t, "rejects", got, want[from:min(from+limit, n)], protocmp.Transform())
		}
	}
	got, err := store.ListRejects(t.Context(), fetchID(2), 0, 10)
	wantNoError(t, "list rejects", err)
	wantEqual(t, "rejects of the other", got, want[:1], protocmp.Transform())
}

func testListFetches(t *testing.T, store projections.Views) {
	var views []projections.FetchView
	for i := range 60 {
		views = append(views, fetchView(i*37%60, fmt.Sprintf("source-%d", i%2), day+events.Micros(i/4), 1))
	}
	mustApplyFetches(t, store, 1, views...)
	for _, source := range []string{"", "source-0", "source-1", "none"} {
		var want []string
		for _, view := range slices.SortedFunc(slices.Values(views), laterFetch) {
			if source == "" || view.Fetch.GetSource() == source {
				want = append(want, view.Fetch.GetId())
			}
		}
		for _, limit := range []int{1, 7, 100} {
			wantEqual(t, "fetches of "+source, walkFetches(t, store, source, limit), want)
		}
	}
}

func laterFetch(a, b projections.FetchView) int {
	p := events.MicrosOf(a.Fetch.GetRequestedAt())
	q := events.MicrosOf(b.Fetch.GetRequestedAt())
	if p != q {
		return int(q - p)
	}
	if a.Fetch.GetId() < b.Fetch.GetId() {
		return 1
	}
	return -1
}

func walkFetches(t *testing.T, store projections.Views, source string, limit int) (ids []string) {
	t.Helper()
	var after *projections.FetchCursor
	for {
		page, err := store.ListFetches(t.Context(), source, after, limit)
		wantNoError(t, "list fetches", err)
		for _, fetch := range page {
			ids = append(ids, fetch.GetId())
		}
		if len(page) < limit {
			return ids
		}
		last := page[len(page)-1]
		after = &projections.FetchCursor{RequestedAt: events.MicrosOf(last.GetRequestedAt()), ID: mustParse(t, last.GetId())}
	}
}
